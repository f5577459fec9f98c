/**
 * Opens and clicks: a message whose configuration set has an event destination that wants to hear of them gets links and a picture that lead by us.
 * A link carries all that is needed, and a keyed MAC over it: it leads only where a message of this account did. SES facts: concepts "Tracking",
 * events "Open / Click".
 */
import { isAscii } from 'node:buffer'
import { Readable } from 'node:stream'
import { clickEvent, openEvent } from '../account/engagement-event.ts'
import { linkTagsOf, type TrackedLink, trackedHtml } from '../account/tracked-html.ts'
import { serializeHeader } from '../mail/header.ts'
import { changeHtmlParts } from '../mail/html-parts.ts'
import type { App } from './app.ts'
import type { Examined } from './examine-submission.ts'
import type { Content } from './submit-message.ts'

type TrackingApp = Pick<App, 'store' | 'clock' | 'ids' | 'settings'>

/** What is larger is sent as it is: it would have to be in memory. */
const LARGEST_BYTES = 4 * 1024 * 1024
const LONGEST_LINK = 4_000
/** SES fact: so long after the message. */
const COLLECTED_MS = 60 * 86_400_000
const USER_AGENT_CHARS = 512

export interface Tracking {
  readonly opens: boolean
  readonly clicks: boolean
  /** Begins the URL of the picture, and of a link of this scheme. */
  readonly openBase: string
  readonly clickBase: (scheme: string) => string
}

/** @returns undefined: nobody wants to hear of opens or clicks */
export async function trackingOf(
  { store, settings }: Pick<App, 'store' | 'settings'>,
  { configurationSet: name, trackingOptions: options }: Pick<Examined, 'configurationSet' | 'trackingOptions'>,
): Promise<Tracking | undefined> {
  if (name === null) return undefined
  const wanted = (await store.eventDestinations({ kind: 'set', name })).filter(({ enabled }) => enabled)
  const opens = wanted.some(({ eventTypes }) => eventTypes.includes('OPEN'))
  const clicks = wanted.some(({ eventTypes }) => eventTypes.includes('CLICK'))
  if (!opens && !clicks) return undefined
  if (options === undefined) return { opens, clicks, openBase: settings.publicUrl, clickBase: () => settings.publicUrl }
  const { customRedirectDomain: domain, httpsPolicy } = options
  return {
    opens,
    clicks,
    openBase: `${httpsPolicy === 'OPTIONAL' ? 'http' : 'https'}://${domain}`,
    clickBase: scheme => `${httpsPolicy === 'REQUIRE' ? 'https' : scheme}://${domain}`,
  }
}

export const trackedKinds = ({ opens, clicks }: Tracking): ('opens' | 'clicks')[] => [
  ...(opens ? (['opens'] as const) : []),
  ...(clicks ? (['clicks'] as const) : []),
]

export interface TrackedContent {
  readonly content: Content
  readonly warning?: string
}

/** @throws what the body's stream does */
export async function trackedContent(
  { ids }: Pick<App, 'ids'>,
  content: Content,
  tracking: Tracking,
  messageId: string,
): Promise<TrackedContent> {
  const { body, rest } = await collected(content.body)
  if (rest !== undefined)
    return {
      content: { ...content, body: rest },
      warning: 'opens and clicks are not tracked: the message is larger than 4 MB',
    }
  const open = tracking.opens ? `${tracking.openBase}/I0/${messageId}/${ids.macOf(openText(messageId))}` : null
  const click = tracking.clicks ? (link: TrackedLink) => clickUrl({ ids }, tracking, messageId, link) : null
  const changed = changeHtmlParts({ header: content.header, body }, html => trackedHtml(html, { open, click }))
  if (changed.body === body) return { content: { ...content, body } }
  const eightBit = !isAscii(changed.body) || !isAscii(serializeHeader(changed.header))
  const octets = serializeHeader(changed.header).length + changed.body.length
  return { content: { ...content, ...changed, tally: { octets, eightBit } } }
}

/** @returns the whole body; `rest`: all of it as a stream, because it is too large */
async function collected(body: Content['body']): Promise<{ readonly body: Buffer; readonly rest?: Readable }> {
  if (Buffer.isBuffer(body)) return { body }
  const chunks: Buffer[] = []
  let size = 0
  const stream = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  for (;;) {
    const { value, done } = await stream.next()
    if (done) return { body: Buffer.concat(chunks) }
    chunks.push(value)
    size += value.length
    if (size > LARGEST_BYTES) return { body: Buffer.alloc(0), rest: Readable.from(onwards(chunks, stream), { objectMode: false }) }
  }
}

async function* onwards(chunks: readonly Buffer[], stream: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks
  for (let next = await stream.next(); !next.done; next = await stream.next()) yield next.value
}

/** As JSON, so that what stands in one part is never read as the beginning of the next. */
const openText = (messageId: string): string => JSON.stringify(['open', messageId])
const clickText = (messageId: string, { link, number, tags }: TrackedLink): string =>
  JSON.stringify(['click', messageId, number, tags, link])

function clickUrl({ ids }: Pick<App, 'ids'>, { clickBase }: Tracking, messageId: string, tracked: TrackedLink): string | undefined {
  const { link, number, tags } = tracked
  if (link.length + tags.length > LONGEST_LINK) return undefined
  const mac = ids.macOf(clickText(messageId, tracked))
  const scheme = /^https:/i.test(link) ? 'https' : 'http'
  const query = tags === '' ? '' : `?tags=${encodeURIComponent(tags)}`
  return `${clickBase(scheme)}/L0/${encodeURIComponent(link)}/${number}/${messageId}/${mac}${query}`
}

export interface Visit {
  readonly messageId: string
  /** As the URL has it. */
  readonly mac: string
  /** An IP literal. */
  readonly ipAddress: string
  readonly userAgent: string
}

/** @returns whether the picture is one of ours */
export async function recordOpen(app: TrackingApp, { messageId, mac, ...visit }: Visit): Promise<boolean> {
  if (!app.ids.isMacOf(openText(messageId), mac)) return false
  await record(app, messageId, visit, facts => openEvent(facts))
  return true
}

/** @returns where the link leads; undefined: it is none of ours */
export async function recordClick(
  app: TrackingApp,
  { messageId, mac, ...visit }: Visit,
  tracked: TrackedLink,
): Promise<string | undefined> {
  if (!app.ids.isMacOf(clickText(messageId, tracked), mac)) return undefined
  const { link, tags } = tracked
  await record(app, messageId, visit, facts => clickEvent({ ...facts, link, linkTags: linkTagsOf(tags) }))
  return link
}

async function record(
  { store, clock }: TrackingApp,
  messageId: string,
  { ipAddress, userAgent }: Pick<Visit, 'ipAddress' | 'userAgent'>,
  eventOf: (facts: Parameters<typeof openEvent>[0]) => ReturnType<typeof openEvent>,
): Promise<void> {
  const message = await store.message(messageId)
  const at = clock.now()
  if (message === undefined || at - message.acceptedAt > COLLECTED_MS) return
  const event = eventOf({ at, ipAddress, userAgent: userAgent.slice(0, USER_AGENT_CHARS) })
  await store.addEvents(messageId, [{ ...event, at, messageId, recipients: message.recipients.map(({ address }) => address) }])
}
