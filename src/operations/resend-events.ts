/** Events are told again to destinations that want them: what was told before is told once more, as a receiver has to expect anyway. */
import { EVENT_TYPES } from '../account/event-destination.ts'
import { MailctlError } from '../base/errors.ts'
import type { StoredDestination } from '../ports/event-destinations.ts'
import type { EventFilter, LoggedEvent } from '../ports/store.ts'
import type { App } from './app.ts'
import { listEvents } from './list-events.ts'

export interface ResendAsk {
  readonly filter: EventFilter
  /** Only this destination; absent: every one that would be told of the event if it happened now. */
  readonly destination?: string
  readonly dryRun: boolean
}

export interface ResentEvent {
  readonly event: LoggedEvent
  /** Names of the destinations it goes to. */
  readonly destinations: readonly string[]
}

/**
 * @returns the events that a destination wants, in order; they are queued, and told by whoever publishes next
 * @throws MailctlError not-found: no such destination; store-unavailable
 */
export async function resendEvents({ store, clock }: Pick<App, 'store' | 'clock'>, ask: ResendAsk): Promise<ResentEvent[]> {
  const all = (await store.eventDestinations()).filter(({ enabled }) => enabled)
  const chosen = ask.destination === undefined ? all : all.filter(({ name }) => name === ask.destination)
  if (ask.destination !== undefined && chosen.length === 0)
    throw new MailctlError('not-found', `No EventDestination found for ${ask.destination}`, {
      hint: 'mailctl destination list shows those that are enabled.',
    })
  const resent: ResentEvent[] = []
  for (const event of await listEvents({ store }, ask.filter)) {
    const wanted = await wantedBy({ store }, event, chosen)
    if (wanted.length === 0) continue
    const ids = wanted.map(({ id }) => id)
    if (!ask.dryRun) await store.republish(event.id, ids, clock.now())
    resent.push({ event, destinations: wanted.map(({ name }) => name) })
  }
  return resent
}

async function wantedBy(
  { store }: Pick<App, 'store'>,
  { type, messageId }: LoggedEvent,
  destinations: readonly StoredDestination[],
): Promise<StoredDestination[]> {
  const message = await store.message(messageId)
  if (!message) return []
  const { configurationSet, identity } = message.facts
  return destinations.filter(
    ({ owner, eventTypes }) =>
      (owner.kind === 'set' ? owner.name === configurationSet : owner.name === identity) &&
      eventTypes.some(name => EVENT_TYPES[name] === type),
  )
}
