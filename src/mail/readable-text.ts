/** What a reader finds in a message: the text of its HTML part, and its links. Pure; the time is in proportion to the text. */
import { decodeReferences, htmlTags } from './html-tags.ts'
import { withoutEnd } from './white-space.ts'

/** Between their insides and what follows there is a line end. */
const BLOCKS = /^\/?(?:p|div|br|tr|li|ul|ol|table|h[1-6]|hr|section|article|header|footer|blockquote|pre|title|head|body)$/
const UNSEEN = new Set(['script', 'style'])
const SENTENCE_ENDS = new Set([...`.,;:!?'")]}`].map(character => character.charCodeAt(0)))

/** HTML as plain text: no tags, white space as browsers collapse it, a line for each block. */
export function textOfHtml(html: string): string {
  let text = ''
  let from = 0
  let hidden = false
  const take = (to: number): void => {
    if (!hidden) text += decodeReferences(html.slice(from, to).replace(/<!--.*?(?:-->|$)/gs, '')).replace(/\s+/g, ' ')
  }
  for (const { name, start, end } of htmlTags(html)) {
    take(start)
    if (BLOCKS.test(name)) text += '\n'
    hidden = UNSEEN.has(name)
    from = end
  }
  take(html.length)
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join('\n')
}

/** Every address that a link leads to, in order, each once: `href` of the HTML part, then what looks like one in the text part. */
export function linksIn({ html, text }: { readonly html: string | null; readonly text: string | null }): string[] {
  const links = new Set<string>()
  for (const { name, attributes } of htmlTags(html ?? '')) {
    const href =
      name === 'a' || name === 'area'
        ? attributes
            .get('href')
            ?.value.replace(/[\t\r\n]/g, '')
            .trim()
        : undefined
    if (href) links.add(href)
  }
  // What commonly ends the sentence is not the end of the link.
  for (const [found] of (text ?? '').matchAll(/https?:\/\/[^\s<>"]+/g)) links.add(withoutEnd(found, code => SENTENCE_ENDS.has(code)))
  return [...links]
}
