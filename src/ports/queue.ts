/** The part of the store that shows the queue and changes it by hand. None of its calls takes longer because more waits. */
import type { QueueChange, RecipientState } from '../mail/outcome.ts'

export interface QueueEntry {
  readonly messageId: string
  readonly address: string
  readonly state: RecipientState
  readonly attempts: number
  readonly acceptedAt: number
  readonly nextAttemptAt: number | null
  readonly lastReply: string | null
}

/** States in which a recipient is in the queue. */
export type QueueState = Extract<RecipientState, 'queued' | 'active' | 'deferred' | 'held'>

/** Recipients in the queue that meet every condition given. */
export interface QueueFilter {
  readonly messageId?: string
  /** As stored: lower case, A-labels. */
  readonly domain?: string
  readonly states?: readonly QueueState[]
  /** Epoch milliseconds, both included. */
  readonly acceptedFrom?: number
  readonly acceptedUntil?: number
  /** Enhanced status of the last attempt, or how it begins: `4`, `4.4`, `4.4.1`. */
  readonly error?: string
  readonly configurationSet?: string
}

export interface QueuePage {
  /** By acceptance, the oldest first. */
  readonly entries: readonly QueueEntry[]
  /** How many more there are; that many at least, where `moreIsExact` is false. */
  readonly more: number
  readonly moreIsExact: boolean
  /** Gives the next page as `after`; null when this was the last. */
  readonly next: string | null
}

export interface QueueStats {
  readonly queued: number
  readonly active: number
  readonly deferred: number
  readonly held: number
}

/** A recipient domain and what is in the queue for it; active recipients are not counted. */
export interface QueueDestination {
  readonly domain: string
  readonly queued: number
  readonly deferred: number
  readonly held: number
  /** When the oldest was accepted. */
  readonly oldestAt: number | null
}

/** Why recipients are deferred. */
export interface QueueDeferral {
  /** The enhanced status of their last attempt. */
  readonly status: string
  readonly recipients: number
  /** false: there are more. */
  readonly isExact: boolean
  /** What the one that waits longest was told. */
  readonly lastReply: string | null
}

export interface QueueChanged {
  readonly changed: number
  /** Goes on as `after`; null when all that match were looked at. */
  readonly next: string | null
}

export interface QueueTools {
  /** @throws MailctlError usage, when `after` is no place in the queue */
  queue(ask: QueueFilter & { readonly limit: number; readonly after?: string }): Promise<QueuePage>
  /** How many match. */
  queueCount(filter: QueueFilter): Promise<number>
  /** Changes a batch of at most `limit` that match; what a process holds is left alone. Calls follow each other by `after`. */
  changeQueue(ask: {
    readonly change: QueueChange
    readonly filter: QueueFilter
    readonly now: number
    readonly limit: number
    readonly after?: string
  }): Promise<QueueChanged>
  queueStats(): Promise<QueueStats>
  /** The status that most deferred recipients have, counted to 10,000 of each; null when none is deferred. */
  topDeferral(): Promise<QueueDeferral | null>
  /** The domains that most is queued for, first. */
  queueDestinations(limit: number): Promise<readonly QueueDestination[]>
}
