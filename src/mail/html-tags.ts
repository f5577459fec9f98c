/**
 * The tags of HTML text in order, as browsers find them: comments, quotes and the insides of `script`, `style` and the like hold none. Reads
 * tags and attributes only, builds no tree, and takes time in proportion to the text whatever is in it. HTML Living Standard §13.2.5.
 */

export interface HtmlAttribute {
  /** Lower case. */
  readonly name: string
  /** Character references replaced. */
  readonly value: string
  /** Offsets of the whole of it, `name="value"`. */
  readonly start: number
  readonly end: number
}

export interface HtmlTag {
  /** Lower case; `/body` for an end tag. */
  readonly name: string
  /** Of the first attribute of a name, as browsers have it. */
  readonly attributes: ReadonlyMap<string, HtmlAttribute>
  /** Offsets of `<` and of what follows `>`. */
  readonly start: number
  readonly end: number
}

/** Their insides are text, whatever stands there. */
const RAW = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'])

/** A comment or a tag that is never closed ends it. */
export function* htmlTags(html: string): Generator<HtmlTag> {
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4)
      if (end < 0) return
      at = end + 3
      continue
    }
    const tag = /[A-Za-z/]/.test(html.charAt(at + 1)) ? readTag(html, at) : null
    if (tag === undefined) return
    if (tag === null) {
      at += 1
      continue
    }
    yield tag
    at = tag.end
    if (!RAW.has(tag.name)) continue
    const close = new RegExp(`</${tag.name}(?=[\\s/>])`, 'gi')
    close.lastIndex = at
    const closed = close.exec(html)
    if (closed === null) return
    at = closed.index
  }
}

/** @returns null: no tag begins here; undefined: one does and is never closed */
function readTag(html: string, start: number): HtmlTag | null | undefined {
  const name = /\/?[A-Za-z][^\s/>]*/y
  name.lastIndex = start + 1
  const named = name.exec(html)?.[0]
  if (named === undefined) return null
  const attributes = new Map<string, HtmlAttribute>()
  let at = start + 1 + named.length
  for (;;) {
    at = past(html, at, /[\s/]*/y)
    if (at >= html.length) return undefined
    if (html[at] === '>') return { name: named.toLowerCase(), attributes, start, end: at + 1 }
    const attribute = readAttribute(html, at)
    if (attribute === undefined) return undefined
    if (!attributes.has(attribute.name)) attributes.set(attribute.name, attribute)
    at = attribute.end
  }
}

function readAttribute(html: string, start: number): HtmlAttribute | undefined {
  const nameEnd = past(html, start + 1, /[^\s/>=]*/y)
  const name = html.slice(start, nameEnd).toLowerCase()
  const equals = past(html, nameEnd, /\s*/y)
  if (html[equals] !== '=') return { name, value: '', start, end: nameEnd }
  const from = past(html, equals + 1, /\s*/y)
  const quote = html.charAt(from)
  if (quote === '"' || quote === "'") {
    const to = html.indexOf(quote, from + 1)
    return to < 0 ? undefined : { name, value: decodeReferences(html.slice(from + 1, to)), start, end: to + 1 }
  }
  const to = past(html, from, /[^\s>]*/y)
  return { name, value: decodeReferences(html.slice(from, to)), start, end: to }
}

/** @param run a sticky pattern that matches the empty text too */
function past(html: string, at: number, run: RegExp): number {
  run.lastIndex = at
  run.exec(html)
  return Math.max(at, run.lastIndex)
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** Character references by number, and the few by name that addresses of links and plain text are written with. */
export const decodeReferences = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g, (whole, decimal, hex, named) => {
    if (named !== undefined) return NAMED[named] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) ? String.fromCodePoint(point) : '\ufffd'
  })
