/**
 * Pictures that HTML names by a path beside it: which there are, and the HTML with `cid:` references in their place. Finds `src` of `img`
 * tags only, and opens nothing: the caller decides what a path means.
 */
import { htmlTags } from './html-tags.ts'

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

function replaceSources(html: string, contentIdOf: (path: string) => string | undefined): string {
  let out = ''
  let copied = 0
  for (const { name, attributes } of htmlTags(html)) {
    const source = name === 'img' ? attributes.get('src') : undefined
    const path = source && pathOf(source.value)
    const contentId = path === undefined ? undefined : contentIdOf(path)
    if (source === undefined || contentId === undefined) continue
    out += `${html.slice(copied, source.start)}src="cid:${contentId}"`
    copied = source.end
  }
  return out + html.slice(copied)
}

function pathOf(source: string): string | undefined {
  const url = source.trim()
  if (url === '' || url.startsWith('//') || url.startsWith('#') || /^[a-z][a-z0-9+.-]+:/i.test(url)) return undefined
  try {
    return decodeURIComponent(url.replace(/[?#].*$/, ''))
  } catch {
    return url
  }
}
