/**
 * The part of the store that keeps event destinations, how far each has come in the event log, and what it did not take. Every method is
 * one transaction; what it returned is durable.
 */
import type { DestinationOwner, EventDestination } from '../account/event-destination.ts'
import type { LoggedEvent } from './store.ts'

export interface StoredDestination extends EventDestination {
  readonly id: number
  /** Of the last event in the log that was looked at for it. */
  readonly cursor: number
  /** Batches of which nothing was taken, one after the other. */
  readonly failures: number
  /** Nothing is tried before; null: nothing to wait for. */
  readonly restsUntil: number | null
  /** Events that were not taken and will be told again, those behind them included. */
  readonly waiting: number
  readonly deadLetters: number
  /** Of the last try that failed; null: there is no event that was not taken. */
  readonly lastError: string | null
}

/** Events for one destination, held by this process until they are settled. */
export interface Batch {
  readonly destination: StoredDestination
  /** In order of id. */
  readonly items: readonly BatchItem[]
  /** Where the log will have been read to. */
  readonly cursor: number
}

export interface BatchItem {
  readonly event: LoggedEvent
  /** Made before. */
  readonly tries: number
  /** Behind an event of its message that is not due yet: it may only be put in line. */
  readonly isBehind: boolean
}

export interface PublishTry {
  readonly at: number
  readonly eventId: number
  readonly eventType: string
  readonly messageId: string
  /** `hooks of the configuration set receipts`; the destination may be gone. */
  readonly destination: string
  /** One line: what came of it. Remote text, not yet made printable. */
  readonly summary: string
  readonly taken: boolean
  readonly ms: number
}

/** What became of one event of a batch. */
export interface Settled {
  readonly eventId: number
  readonly messageId: string
  /** `waits`: it is told again at `nextTryAt`, and then those `behind` it; `dead`: never by itself. */
  readonly as: 'taken' | 'waits' | 'behind' | 'dead'
  readonly tries: number
  /** For those of its message that are in line. */
  readonly nextTryAt: number
  readonly error: string | null
}

export interface PublishSettlement {
  readonly destination: number
  readonly cursor: number
  readonly failures: number
  readonly restsUntil: number | null
  readonly settled: readonly Settled[]
  readonly tries: readonly PublishTry[]
}

export interface DeadLetter {
  readonly event: LoggedEvent
  readonly tries: number
  readonly error: string
}

export interface EventDestinations {
  /** Events after this moment are told to it. @throws MailctlError already-exists, limit-exceeded (10), not-found (set, identity) */
  addEventDestination(destination: EventDestination): Promise<void>
  /** In order of owner and name; of one owner when given. */
  eventDestinations(owner?: DestinationOwner): Promise<StoredDestination[]>
  /** Replaces the record. One that was not enabled begins with what happens from now on. @throws MailctlError not-found */
  saveEventDestination(destination: EventDestination): Promise<void>
  /** With what waits for it. @throws MailctlError not-found */
  deleteEventDestination(owner: DestinationOwner, name: string): Promise<void>

  /** Those that have something to be told now, or a subscription to be confirmed, and are not in other hands. */
  destinationsToPublish(now: number): Promise<number[]>
  /** When the first of them will; of what waits only. Undefined: nothing does. */
  nextPublishAt(now: number): Promise<number | undefined>
  /**
   * Events for one destination, and holds it for this process; of one that did not take anything lately a single event. The log is durable
   * as far as they reach.
   * @param ask.all what is not due yet too, and though the destination rests
   * @returns undefined when it is gone, disabled, rests, or is held by another process
   */
  takePublications(ask: {
    readonly destination: number
    readonly now: number
    readonly limit: number
    readonly all?: boolean
  }): Promise<Batch | undefined>
  /** Drops it when this process does not hold the destination any more. */
  settlePublications(settlement: PublishSettlement): Promise<void>
  /** Others may take it now. */
  releasePublications(destination: number): Promise<void>

  /** In order of id. */
  deadLetters(destination: number, limit: number): Promise<DeadLetter[]>
  /** They are told again, at once. @returns how many */
  redriveDeadLetters(destination: number, now: number): Promise<number>
  /** An event is told once more to destinations, whether they took it or not. */
  republish(eventId: number, destinations: readonly number[], now: number): Promise<void>
  /** Every try to tell of a message, in order; of the latest 100,000 of the account. */
  publishTries(messageId: string): Promise<PublishTry[]>
}
