/**
 * HTML of a stranger made ready to be shown in a frame without script and without network. The frame's policy is what holds it; taken out
 * here is what a policy does not cover: hints to connect or to ask the DNS (`link`), redirections (`meta`), and frames, to whose hosts Chromium
 * connects before it asks the policy. Pictures that came with the message are put in. RFC 2392 (cid), HTML Living Standard §4.6.8 (preconnect, dns-prefetch).
 */

export interface ShownHtmlParts {
  /** Pictures of the message, by Content-ID without angle brackets, as `data:` URLs. */
  readonly pictures: ReadonlyMap<string, string>
}

/** Longer HTML is cut. Characters. */
export const LONGEST_SHOWN = 5 * 1024 * 1024
/** What pictures may add, however often one is named. Characters. */
const MOST_PICTURES = 32 * 1024 * 1024

/** `<` of such a tag. */
const INTO_THE_NET = /<(?=(?:link|meta|base|iframe|frame|frameset|fencedframe|portal|object|embed)[\s/>])/gi

export function shownHtml(html: string, { pictures }: ShownHtmlParts): string {
  let room = MOST_PICTURES
  const still = html
    .slice(0, LONGEST_SHOWN)
    // Textual, so that no other reading of what a tag is finds one that stayed: `<` and these letters begin one, whatever stands around them.
    .replace(INTO_THE_NET, '<x-')
    .replace(/\bcid:([^\s"'<>()]{1,998})/gi, (whole, id: string) => {
      const picture = pictures.get(contentIdOf(id))
      if (picture === undefined || picture.length > room) return whole
      room -= picture.length
      return picture
    })
  // After the document type: before it, browsers would fall back to the ways of 1998. A link has nowhere to open.
  const [doctype = ''] = /^\s*<!doctype[^>]*>/i.exec(still) ?? []
  return `${doctype}<base target="_blank">${still.slice(doctype.length)}`
}

function contentIdOf(url: string): string {
  const written = url.replaceAll('&amp;', '&')
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}
