/** The keyboard: one key for each thing, never while somebody types, never with a modifier. */

const GO = { a: '#/', m: '#/messages', i: '#/inbox', e: '#/events' }

/** @param page gives what is shown now; its `keys` come first */
export function listen(page) {
  const help = document.getElementById('shortcuts')
  let goes = false
  document.getElementById('help').addEventListener('click', () => help.showModal())
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return
    const isTyping = event.target instanceof Element && event.target.matches('input, select, textarea')
    if (isTyping && event.key !== 'Escape') return
    if (goes && GO[event.key] && document.querySelector(`nav a[href="${GO[event.key]}"]:not([hidden])`)) location.hash = GO[event.key]
    else if (event.key === '?') help.showModal()
    else if (event.key === '/') search()
    else if (!page()?.keys?.[event.key]?.(event)) {
      goes = event.key === 'g'
      return
    }
    goes = false
    event.preventDefault()
  })
}

function search() {
  const field = document.querySelector('input[type=search]')
  if (field) field.focus()
  else location.hash = '#/messages?focus'
}

/** Moves the focus among the rows of a list. @returns whether there are any */
export function moveAmong(rows, by) {
  if (rows.length === 0) return false
  const at = rows.indexOf(document.activeElement)
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))
  rows[next].focus()
  rows[next].scrollIntoView({ block: 'nearest' })
  return true
}
