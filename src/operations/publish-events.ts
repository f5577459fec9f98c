/**
 * Tells events to their destinations. Each destination is worked on by itself, batch by batch: lines of one message's events go one after
 * the other, lines of different messages side by side. An event that is not taken waits with those behind it while others go on; one that
 * is never taken becomes a dead letter. What was told and is not settled when the process dies is told again: at least once.
 */
import type { EventDestination } from '../account/event-destination.ts'
import { destinationLabel } from '../account/event-destination.ts'
import { publishAgainAt, restsUntil } from '../account/publish-retry.ts'
import type { Batch, BatchItem, PublishTry, Settled, StoredDestination } from '../ports/event-destinations.ts'
import type { Receipt } from '../ports/event-publisher.ts'
import type { App } from './app.ts'
import { confirmationParcel, firehoseParcelOf, type ParcelApp, parcelOf } from './event-parcel.ts'

export type PublishApp = ParcelApp & Pick<App, 'clock'>

/** Events of one destination in memory. */
const BATCH = 50
/** Requests, or commands, under way for one destination. */
const SIDE_BY_SIDE = { url: 20, command: 4, file: 1 } as const
/** Destinations worked on at once when there is no worker. */
const DESTINATIONS_AT_ONCE = 20

export interface PublishAsk {
  readonly signal: AbortSignal
  /** Tries what waits though its time has not come. */
  readonly all?: boolean
}

export interface Published {
  readonly destination: StoredDestination
  readonly tried: number
  readonly taken: number
  /** Of those that were not taken, the last one's. */
  readonly error: string | null
  /** The log goes on beyond what was looked at, or lines may. */
  readonly mayHaveMore: boolean
}

/** @returns undefined when the destination is gone, rests, or is in other hands  @throws MailctlError store-unavailable */
export async function publishBatch(app: PublishApp, id: number, { signal, all = false }: PublishAsk): Promise<Published | undefined> {
  const { store, clock } = app
  const batch = await store.takePublications({ destination: id, now: clock.now(), limit: BATCH, all })
  if (batch === undefined) return undefined
  const { destination } = batch
  if (!destination.confirmed) return await askToConfirm(app, destination, signal)
  const told = await tell(app, batch, signal)
  const now = clock.now()
  const taken = told.settled.filter(({ as }) => as === 'taken').length
  const failures = failuresAfter(destination, {
    tried: told.tries.length,
    taken,
    messages: new Set(told.tries.map(one => one.messageId)).size,
  })
  await store.settlePublications({
    destination: id,
    cursor: batch.cursor,
    failures,
    restsUntil: failures === 0 ? null : failures === destination.failures ? destination.restsUntil : restsUntil(failures, now),
    settled: told.settled,
    tries: told.tries,
  })
  return {
    destination,
    tried: told.tries.length,
    taken,
    error: told.settled.findLast(({ error }) => error !== null)?.error ?? null,
    mayHaveMore: batch.items.length > 0 || batch.cursor > destination.cursor,
  }
}

/** One message that is not taken says little; that nothing of several was says that the destination is down. Then one event at a time asks. */
function failuresAfter({ failures }: StoredDestination, of: { tried: number; taken: number; messages: number }): number {
  if (of.taken > 0) return 0
  if (of.tried === 0) return failures
  return failures > 0 || of.messages > 1 ? failures + 1 : 0
}

interface Told {
  readonly settled: Settled[]
  readonly tries: PublishTry[]
}

async function tell(app: PublishApp, { destination, items }: Batch, signal: AbortSignal): Promise<Told> {
  const told: Told = { settled: [], tries: [] }
  const behind = items.filter(({ isBehind }) => isBehind)
  const open = items.filter(({ isBehind }) => !isBehind)
  if (isTogether(destination)) await tellTogether(app, destination, open, { signal, told })
  else
    await sideBySide([...linesOf(open)], SIDE_BY_SIDE[destination.place.kind], line => tellLine(app, destination, line, { signal, told }))
  for (const item of behind) told.settled.push(standsBehind(item, app.clock.now()))
  return told
}

/** What takes many events in one go. */
const isTogether = ({ place, service }: EventDestination): boolean =>
  place.kind === 'file' || (place.kind === 'url' && service.kind === 'firehose')

function linesOf(items: readonly BatchItem[]): Iterable<readonly BatchItem[]> {
  const lines = new Map<string, BatchItem[]>()
  for (const item of items) {
    const line = lines.get(item.event.messageId)
    if (line) line.push(item)
    else lines.set(item.event.messageId, [item])
  }
  return lines.values()
}

/** `work` on each, at most so many at once. */
async function sideBySide<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: Math.min(most, items.length) }, async () => {
      for (const item of left) await work(item)
    }),
  )
}

interface Telling {
  readonly signal: AbortSignal
  readonly told: Told
}

async function tellLine(
  app: PublishApp,
  destination: StoredDestination,
  line: readonly BatchItem[],
  { signal, told }: Telling,
): Promise<void> {
  let isStuck = false
  for (const item of line) {
    if (isStuck || signal.aborted) {
      told.settled.push(standsBehind(item, app.clock.now()))
      isStuck = true
      continue
    }
    const receipt = await app.eventPublisher.send(destination.place, [await parcelOf(app, destination, item.event)], signal)
    const interrupted = signal.aborted && !receipt.taken
    if (!interrupted) told.tries.push(tryOf(destination, item, receipt, app.clock.now()))
    const settled = interrupted ? standsBehind(item, app.clock.now()) : settledBy(item, receipt, app.clock.now())
    told.settled.push(settled)
    isStuck = settled.as === 'waits' || settled.as === 'behind'
  }
}

async function tellTogether(
  app: PublishApp,
  destination: StoredDestination,
  items: readonly BatchItem[],
  { signal, told }: Telling,
): Promise<void> {
  if (items.length === 0) return
  const { service, place } = destination
  const events = items.map(({ event }) => event)
  const parcels =
    service.kind === 'firehose' && place.kind === 'url'
      ? [await firehoseParcelOf(app, { ...destination, service }, events)]
      : await Promise.all(events.map(event => parcelOf(app, destination, event)))
  const receipt = await app.eventPublisher.send(place, parcels, signal)
  const now = app.clock.now()
  for (const item of items) {
    if (signal.aborted && !receipt.taken) told.settled.push(standsBehind(item, now))
    else {
      told.tries.push(tryOf(destination, item, receipt, now))
      told.settled.push(settledBy(item, receipt, now))
    }
  }
}

function settledBy({ event, tries }: BatchItem, { taken, summary }: Receipt, now: number): Settled {
  const about = { eventId: event.id, messageId: event.messageId, tries: tries + 1 }
  if (taken) return { ...about, as: 'taken', nextTryAt: now, error: null }
  const nextTryAt = publishAgainAt(tries + 1, now)
  return { ...about, as: nextTryAt === null ? 'dead' : 'waits', nextTryAt: nextTryAt ?? now, error: summary }
}

/** Not tried: it is told when it is its turn. */
const standsBehind = ({ event, tries }: BatchItem, now: number): Settled => ({
  eventId: event.id,
  messageId: event.messageId,
  as: 'behind',
  tries,
  nextTryAt: now,
  error: null,
})

const tryOf = (destination: StoredDestination, { event }: BatchItem, { taken, summary, ms }: Receipt, at: number): PublishTry => ({
  at,
  eventId: event.id,
  eventType: event.type,
  messageId: event.messageId,
  destination: destinationLabel(destination),
  summary,
  taken,
  ms,
})

/** An endpoint that did not confirm is asked again now and then; its events wait for it. */
async function askToConfirm(app: PublishApp, destination: StoredDestination, signal: AbortSignal): Promise<Published> {
  const receipt = await sendConfirmation(app, destination, signal)
  const failures = destination.failures + 1
  await app.store.settlePublications({
    destination: destination.id,
    cursor: destination.cursor,
    failures,
    restsUntil: restsUntil(failures, app.clock.now()),
    settled: [],
    tries: [],
  })
  const error = receipt.taken ? 'the subscription is not confirmed yet' : receipt.summary
  return { destination, tried: 0, taken: 0, error, mayHaveMore: false }
}

/** @throws TypeError for anything but an SNS destination */
export async function sendConfirmation(app: PublishApp, destination: EventDestination, signal: AbortSignal): Promise<Receipt> {
  const { service, place } = destination
  if (service.kind !== 'sns') throw new TypeError('only an SNS endpoint is asked to confirm')
  return await app.eventPublisher.send(place, [await confirmationParcel(app, { ...destination, service }, app.clock.now())], signal)
}

export interface PublishPass {
  readonly destination: StoredDestination
  readonly taken: number
  readonly error: string | null
}

/**
 * For whoever is no worker: every destination that has something due is told it, and what fails once is left. Costs one look into an index
 * when there is none.
 * @throws MailctlError store-unavailable
 */
export async function publishDue(app: PublishApp, ask: PublishAsk): Promise<PublishPass[]> {
  const { store, clock } = app
  const due = ask.all
    ? (await store.eventDestinations()).filter(({ enabled }) => enabled).map(({ id }) => id)
    : await store.destinationsToPublish(clock.now())
  const passes: PublishPass[] = []
  await sideBySide(due, DESTINATIONS_AT_ONCE, async id => {
    let taken = 0
    let last: Published | undefined
    do {
      last = await publishBatch(app, id, ask)
      taken += last?.taken ?? 0
      if (last && (!last.mayHaveMore || last.error !== null || ask.signal.aborted)) {
        passes.push({ destination: last.destination, taken, error: last.error })
        last = undefined
      }
    } while (last !== undefined)
    await store.releasePublications(id)
  })
  return passes
}
