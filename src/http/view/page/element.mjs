/** Elements without markup: whatever a stranger wrote is text here, and nothing of it is ever parsed. */

const SVG = 'http://www.w3.org/2000/svg'

/**
 * @param name `a.row.open`
 * @param attributes `on` holds listeners; false, null and undefined are left out, true is an empty value
 */
export const element = (name, attributes = {}, ...children) => filled(create(name), attributes, children)

export const drawing = (name, attributes = {}, ...children) => filled(create(name, SVG), attributes, children)

function create(name, space) {
  const [tag, ...classes] = name.split('.')
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag)
  made.classList.add(...classes)
  return made
}

function filled(made, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? '' : value)
  }
  for (const [type, listener] of Object.entries(on)) made.addEventListener(type, listener)
  made.append(...children.flat(2).filter(child => child !== null && child !== undefined && child !== false))
  return made
}
