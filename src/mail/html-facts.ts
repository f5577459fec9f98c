/** What a filter sees in an HTML part without rendering it: its text, its pictures, its links. Linear in the length, whatever it holds. */

export interface Link {
  readonly href: string
  /** What stands between its tags, without tags. */
  readonly text: string
}

export interface HtmlFacts {
  /** White space collapsed. */
  readonly text: string
  readonly images: number
  readonly links: readonly Link[]
}

/** More is not read. */
const LONGEST = 2 * 1024 * 1024
const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9]{0,20})\b([^<>]*)>/g
const HREF = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i
/** Elements whose content is no text. */
const SILENT = new Set(['style', 'script', 'head', 'title'])

export function htmlFacts(html: string): HtmlFacts {
  const source = withoutComments(html.slice(0, LONGEST))
  const links: Link[] = []
  let images = 0
  let text = ''
  let open: { href: string; from: number } | undefined
  let silent: string | undefined
  let at = 0
  for (const { 0: tag, 1: slash, 2: name = '', 3: rest = '', index } of source.matchAll(TAG)) {
    if (silent === undefined) text += `${source.slice(at, index)}${INLINE.has(name.toLowerCase()) ? '' : ' '}`
    at = index + tag.length
    const element = name.toLowerCase()
    if (silent !== undefined) {
      if (slash === '/' && element === silent) silent = undefined
      continue
    }
    if (slash === '' && SILENT.has(element)) silent = element
    if (slash === '' && element === 'img') images += 1
    if (element !== 'a') continue
    if (open !== undefined) links.push({ href: open.href, text: collapsed(text.slice(open.from)) })
    const [, double, single, bare] = slash === '' ? (HREF.exec(rest) ?? []) : []
    const href = double ?? single ?? bare
    open = href === undefined ? undefined : { href: decoded(href.trim()), from: text.length }
  }
  if (silent === undefined) text += source.slice(at)
  return { text: collapsed(text), images, links }
}

const INLINE = new Set(['a', 'b', 'i', 'em', 'strong', 'span', 'u', 'font'])
const collapsed = (text: string): string => decoded(text).replace(/\s+/g, ' ').trim()
const decoded = (text: string): string =>
  text.replace(/&(nbsp|amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name as keyof typeof ENTITIES])
const ENTITIES = { nbsp: ' ', amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" } as const

function withoutComments(html: string): string {
  let kept = ''
  let at = 0
  for (;;) {
    const start = html.indexOf('<!--', at)
    const end = start < 0 ? -1 : html.indexOf('-->', start + 4)
    if (end < 0) return kept + html.slice(at)
    kept += html.slice(at, start)
    at = end + 3
  }
}
