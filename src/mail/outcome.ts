/**
 * What became of one recipient: the result of one attempt (`Outcome`) and the recipient's own state between attempts.
 * The words are those of RFC 3464 (action: delivered, delayed, failed).
 */
import type { EnhancedStatus } from './reply.ts'

/** The far side of an attempt, as events and the timeline show it. */
export interface RemoteMta {
  readonly name: string
  readonly ip?: string
  /** `TLSv1.3`; absent when the session was in the clear. */
  readonly tlsVersion?: string
}

export interface Outcome {
  readonly action: 'delivered' | 'delayed' | 'failed'
  /** Always there: taken from the reply, or made from what happened (4.4.1 no answer, 5.4.4 no route …). */
  readonly status: EnhancedStatus
  /** The peer's reply on one line, or our own words for what happened, always in the form `code text`. */
  readonly reply: string
  readonly remote?: RemoteMta
}

export const RECIPIENT_STATES = ['queued', 'active', 'deferred', 'held', 'delivered', 'bounced', 'suppressed', 'rejected'] as const
export type RecipientState = (typeof RECIPIENT_STATES)[number]

/**
 * The only moves there are. `suppressed` is born final; `rejected` is what the account's owner removed from the queue, or never let in. A
 * lapsed lease puts `active` back where it was.
 */
export const MOVES: Readonly<Record<RecipientState, readonly RecipientState[]>> = {
  queued: ['active', 'held', 'rejected'],
  active: ['delivered', 'bounced', 'deferred', 'queued', 'held'],
  deferred: ['active', 'held', 'rejected'],
  held: ['queued', 'deferred', 'rejected'],
  delivered: [],
  bounced: [],
  suppressed: [],
  rejected: [],
}

export const isFinal = (state: RecipientState): boolean => MOVES[state].length === 0

/** What a person may do to a recipient in the queue, and in which states. One that is being tried is left to who tries it. */
export const CHANGEABLE = {
  retry: ['queued', 'deferred'],
  hold: ['queued', 'deferred'],
  release: ['held'],
  delete: ['queued', 'deferred', 'held'],
} as const satisfies Record<string, readonly RecipientState[]>
/** retry: due now. hold: waits for a person. release: held no longer, due now. delete: ended as rejected, without event or report. */
export type QueueChange = keyof typeof CHANGEABLE

/** What a recipient ends with whom a person deleted from the queue. */
export const REMOVED_BY_HAND: Outcome = { action: 'failed', status: '5.7.0', reply: '554 5.7.0 Removed from the queue by hand' }
