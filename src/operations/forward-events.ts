/**
 * Events to one URL as they come, in the form of a destination but without one: nothing is stored, and what is not taken is said and not told
 * again. A fault makes them come as SNS at its worst may bring them, to try out a receiver.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkUrl, type EventDestination, type Service } from '../account/event-destination.ts'
import type { Receipt } from '../ports/event-publisher.ts'
import type { LoggedEvent } from '../ports/store.ts'
import type { App } from './app.ts'
import { type ParcelApp, parcelOf } from './event-parcel.ts'

export const FAULTS = ['duplicate', 'reorder', 'late', '5xx'] as const
/**
 * `duplicate`: each comes twice. `reorder`: in pairs, the later one first. `late`: three seconds after they happened.
 * `5xx`: as if the first answer had been 503, so each comes again a second later.
 */
export type Fault = (typeof FAULTS)[number]

export interface ForwardAsk {
  readonly events: AsyncIterable<LoggedEvent>
  readonly url: string
  readonly form: Service['kind']
  readonly signatureVersion: 1 | 2
  readonly fault?: Fault
  readonly signal: AbortSignal
}

export interface Forwarded {
  readonly event: LoggedEvent
  /** 2: it was sent before. */
  readonly attempt: number
  readonly receipt: Receipt
}

const LATE_MS = 3_000
const AGAIN_MS = 1_000
/** How long the first of a pair waits for the second. */
const PAIR_MS = 1_000
/** Events that are late at one time. */
const MOST_LATE = 1_000

/** What was sent, as it was answered. @throws MailctlError bad-data (URL), and what `events` throws */
export async function* forwardEvents(app: ParcelApp & Pick<App, 'clock'>, ask: ForwardAsk): AsyncGenerator<Forwarded> {
  const { events, url, fault, signal } = ask
  checkUrl(url)
  const destination = await forwardingTo(app, ask)
  const send = async (event: LoggedEvent, attempt = 1): Promise<Forwarded> => {
    const parcel = await parcelOf(app, destination, event)
    return { event, attempt, receipt: await app.eventPublisher.send(destination.place, [parcel], signal) }
  }
  const source = fault === 'reorder' ? inPairs(events) : fault === 'late' ? allLate(events, signal) : events
  for await (const event of source) {
    yield await send(event)
    if (fault === '5xx') await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
    if (fault === 'duplicate' || fault === '5xx') yield await send(event, 2)
  }
}

async function forwardingTo(
  { store, clock }: Pick<App, 'store' | 'clock'>,
  { url, form, signatureVersion }: ForwardAsk,
): Promise<EventDestination> {
  const { accountId, region } = await store.account()
  const arn = (service: string, resource: string): string => `arn:aws:${service}:${region}:${accountId}:${resource}`
  const services: Readonly<Record<Service['kind'], Service>> = {
    sns: { kind: 'sns', topicArn: arn('sns', 'listen'), signatureVersion, rawDelivery: false },
    eventbridge: { kind: 'eventbridge', busArn: arn('events', 'event-bus/default') },
    firehose: { kind: 'firehose', streamArn: arn('firehose', 'deliverystream/listen'), roleArn: '' },
    plain: { kind: 'plain' },
  }
  return {
    owner: { kind: 'set', name: 'listen' },
    name: 'listen',
    enabled: true,
    eventTypes: [],
    service: services[form],
    place: { kind: 'url', url },
    includeHeaders: false,
    confirmed: true,
    token: 'listen',
    createdAt: clock.now(),
  }
}

/** The second before the first; one that is alone comes after a while. */
async function* inPairs(events: AsyncIterable<LoggedEvent>): AsyncGenerator<LoggedEvent> {
  const source = events[Symbol.asyncIterator]()
  let first: LoggedEvent | undefined
  let next = source.next()
  for (;;) {
    const given = first === undefined ? await next : await within(next, PAIR_MS)
    if (given === undefined) {
      if (first) yield first
      first = undefined
      continue
    }
    if (given.done) {
      if (first) yield first
      return
    }
    next = source.next()
    if (first === undefined) first = given.value
    else {
      yield given.value
      yield first
      first = undefined
    }
  }
}

/** @returns undefined when it takes longer */
async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController()
  try {
    return await Promise.race([work, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)])
  } finally {
    over.abort()
  }
}

/** In order, each a while after it came. */
async function* allLate(events: AsyncIterable<LoggedEvent>, signal: AbortSignal): AsyncGenerator<LoggedEvent> {
  const waiting: { readonly event: LoggedEvent; readonly dueAt: number }[] = []
  let isOver = false
  let wake = (): void => {}
  const pulling = (async () => {
    for await (const event of events) {
      waiting.push({ event, dueAt: performance.now() + LATE_MS })
      wake()
      while (waiting.length >= MOST_LATE) await sleep(LATE_MS / 100)
    }
  })().finally(() => {
    isOver = true
    wake()
  })
  // Its failure is thrown at the end, after what came before it.
  pulling.catch(() => {})
  while (!isOver || waiting.length > 0) {
    const next = waiting.shift()
    if (next) {
      await sleep(Math.max(0, next.dueAt - performance.now()), undefined, { signal }).catch(() => {})
      yield next.event
    } else
      await new Promise<void>(resolve => {
        wake = resolve
      })
  }
  await pulling
}
