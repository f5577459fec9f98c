/**
 * Pictures that HTML names by a path beside it: which there are, and the HTML with `cid:` references in their place. Finds `src` of `img`
 * tags only, does not parse HTML beyond tags, comments and quotes, and opens nothing: the caller decides what a path means.
 */

const SRC = /(\ssrc\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/i

/** Paths as the HTML writes them, decoded, each once, in order. URLs, `cid:` and `data:` are no paths. */
export function localImages(html: string): string[] {
  const found = new Set<string>()
  replaceSources(html, path => {
    found.add(path)
    return undefined
  })
  return [...found]
}

/** The HTML with each path of `contentIds` replaced by its `cid:` URL. */
export function embedImages(html: string, contentIds: ReadonlyMap<string, string>): string {
  return replaceSources(html, path => contentIds.get(path))
}

/** One pass: a comment, quote or tag that is never closed ends it, so the time stays in proportion to the text. */
function replaceSources(html: string, contentIdOf: (path: string) => string | undefined): string {
  let out = ''
  let copied = 0
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4)
      if (end < 0) break
      at = end + 3
    } else if (/^<img[\s/>]/i.test(html.slice(at, at + 5))) {
      const end = tagEnd(html, at)
      if (end < 0) break
      out += html.slice(copied, at) + replaceSource(html.slice(at, end), contentIdOf)
      copied = end
      at = end
    } else {
      at += 1
    }
  }
  return out + html.slice(copied)
}

/** Past the `>` that is not in quotes. */
function tagEnd(html: string, start: number): number {
  let quote = ''
  for (let at = start; at < html.length; at += 1) {
    const next = html.charAt(at)
    if (quote !== '') {
      if (next === quote) quote = ''
    } else if (next === '"' || next === "'") quote = next
    else if (next === '>') return at + 1
  }
  return -1
}

function replaceSource(tag: string, contentIdOf: (path: string) => string | undefined): string {
  return tag.replace(SRC, (whole, before: string, quoted: string) => {
    const path = pathOf(quoted.replace(/^["']|["']$/g, ''))
    const contentId = path === undefined ? undefined : contentIdOf(path)
    return contentId === undefined ? whole : `${before}"cid:${contentId}"`
  })
}

function pathOf(source: string): string | undefined {
  const url = source
    .trim()
    .replace(/&quot;/gi, '"')
    .replace(/&#(?:39|x27);/gi, "'")
    .replace(/&amp;/gi, '&')
  if (url === '' || url.startsWith('//') || url.startsWith('#') || /^[a-z][a-z0-9+.-]+:/i.test(url)) return undefined
  try {
    return decodeURIComponent(url.replace(/[?#].*$/, ''))
  } catch {
    return url
  }
}
