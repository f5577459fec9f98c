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

/** The only moves there are. `suppressed` and `rejected` are born final; a lapsed lease puts `active` back where it was. */
export const MOVES: Readonly<Record<RecipientState, readonly RecipientState[]>> = {
  queued: ['active', 'held'],
  active: ['delivered', 'bounced', 'deferred', 'queued', 'held'],
  deferred: ['active', 'held'],
  held: ['queued', 'deferred'],
  delivered: [],
  bounced: [],
  suppressed: [],
  rejected: [],
}

export const isFinal = (state: RecipientState): boolean => MOVES[state].length === 0
