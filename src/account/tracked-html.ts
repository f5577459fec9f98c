/**
 * HTML whose links lead by us and which has a picture that tells when it is shown. SES facts: concepts, "Tracking": at most 250 links, the
 * picture at the end of the body or at the first `{{ses:openTracker}}`; `ses:no-track` spares a link, `ses:tags="k:v;k2:v2"` names it, and
 * neither attribute is sent.
 */
import { type HtmlTag, htmlTags } from '../mail/html-tags.ts'

export interface TrackedLink {
  /** As it was written, references replaced. */
  readonly link: string
  /** From 1, in the order of the message. */
  readonly number: number
  /** As the attribute has it; `''` without one. */
  readonly tags: string
}

export interface TrackingUrls {
  /** null: opens are not tracked. */
  readonly open: string | null
  /** null: clicks are not tracked. @returns undefined: this link stays */
  readonly click: ((link: TrackedLink) => string | undefined) | null
}

const MOST_LINKS = 250
const PLACE = '{{ses:openTracker}}'

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** @param html in latin1, one character an octet: what is put in is ASCII */
export function trackedHtml(html: string, { open, click }: TrackingUrls): string {
  const edits: Edit[] = []
  let number = 0
  let bodyEnd = -1
  for (const tag of htmlTags(html)) {
    if (tag.name === '/body') bodyEnd = tag.start
    if (tag.name !== 'a' && tag.name !== 'area') continue
    const own = ['ses:no-track', 'ses:tags'].flatMap(name => tag.attributes.get(name) ?? [])
    for (const { start, end } of own) edits.push({ start: before(html, start), end, text: '' })
    const tracked = click && number < MOST_LINKS ? linkEdit(tag, number + 1, click) : undefined
    if (tracked === undefined) continue
    number += 1
    edits.push(tracked)
  }
  if (open !== null) edits.push(openEdit(html, open, bodyEnd))
  return edited(html, edits)
}

/** The blank in front goes with the attribute. */
const before = (html: string, start: number): number => (/[ \t\r\n]/.test(html.charAt(start - 1)) ? start - 1 : start)

function linkEdit({ attributes }: HtmlTag, number: number, click: NonNullable<TrackingUrls['click']>): Edit | undefined {
  const href = attributes.get('href')
  if (href === undefined || attributes.has('ses:no-track') || !/^https?:\/\//i.test(href.value.trim())) return undefined
  const link = Buffer.from(href.value.trim(), 'latin1').toString('utf8')
  const url = click({ link, number, tags: attributes.get('ses:tags')?.value ?? '' })
  return url === undefined ? undefined : { start: href.start, end: href.end, text: `href="${escaped(url)}"` }
}

function openEdit(html: string, url: string, bodyEnd: number): Edit {
  const image = `<img alt="" src="${escaped(url)}" width="1" height="1" style="display:none">`
  const place = html.indexOf(PLACE)
  if (place >= 0) return { start: place, end: place + PLACE.length, text: image }
  const at = bodyEnd >= 0 ? bodyEnd : html.length
  return { start: at, end: at, text: image }
}

function edited(html: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const { start, end, text } of edits.toSorted((one, other) => one.start - other.start)) {
    if (start < at) continue
    result += html.slice(at, start) + text
    at = end
  }
  return result + html.slice(at)
}

const escaped = (url: string): string => url.replace(/&/g, '&amp;').replace(/"/g, '&quot;')

/** `k:v;k2:v2;` as events have it; null: there are none. */
export function linkTagsOf(tags: string): Readonly<Record<string, readonly string[]>> | null {
  const found = new Map<string, string[]>()
  for (const pair of tags.split(';')) {
    const colon = pair.indexOf(':')
    const name = pair.slice(0, Math.max(0, colon)).trim()
    if (name === '') continue
    found.set(name, [...(found.get(name) ?? []), pair.slice(colon + 1).trim()])
  }
  return found.size === 0 ? null : Object.fromEntries(found)
}
