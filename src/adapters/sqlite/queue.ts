/**
 * What became of leased recipients, written down, and when the next is due. Functions that write run inside the caller's transaction. Every
 * query goes by a partial index over the recipients that are not final, so old mail costs nothing.
 */
import type { Database } from '../../base/database.ts'
import { isFinal, MOVES, type RecipientState } from '../../mail/outcome.ts'
import type { NewEvent, NewMessage, Settlement } from '../../ports/store.ts'
import { number, optional, text } from './columns.ts'
import { WAITING } from './due.ts'
import { type EventLog, insertAttempts, insertEvents } from './event-rows.ts'
import type { InHand } from './in-hand.ts'
import { sequenceOf } from './message-rows.ts'

/** Who settles: only recipients that `owner` holds change. */
export interface Settler {
  readonly owner: number
  readonly inHand: InHand
  readonly activity: EventLog['activity']
  /** Queues a message of our own. */
  readonly insert: (report: NewMessage) => void
}

export interface Settled {
  /** The message's number. */
  readonly seq: number
  /** Whether no recipient of the message is open any more; undefined when that was not seen on the way. */
  readonly isOver: boolean | undefined
  /** Those of the settlement that were held, and have changed. */
  readonly moved: Settlement['recipients']
}

/**
 * Recipients that the owner no longer holds are left out, with their events, and the rest is written.
 * @returns undefined when nothing of it was held
 */
export function settleHeld(database: Database, settlement: Settlement, { owner, inHand, activity, insert }: Settler): Settled | undefined {
  const { messageId, recipients, settledAt, events } = settlement
  const seq = inHand.sequenceOf(messageId) ?? sequenceOf(database, messageId)
  if (seq === undefined) return undefined
  // An attempt is a fact, whoever holds the recipients now: the timeline shows the second delivery that a lapsed lease can cost.
  insertAttempts(database, seq, settlement.attempts)
  const moved = recipients.filter(recipient =>
    moveRecipient(database, { seq, owner, settledAt, untried: settlement.untried === true }, recipient),
  )
  if (moved.length === 0) return undefined
  insertEvents({ database, activity }, seq, moved.length === recipients.length ? events : eventsOf(database, seq, events, moved))
  for (const report of settlement.reports) insert(report)
  return {
    seq,
    moved,
    isOver: inHand.settled(
      messageId,
      moved.length,
      moved.every(({ state }) => isFinal(state)),
    ),
  }
}

/** The events that concern at least one of the recipients. */
function eventsOf(database: Database, seq: number, events: readonly NewEvent[], moved: Settlement['recipients']): NewEvent[] {
  const rows = database.prepare('SELECT position, address FROM recipient WHERE message = ?').all(seq)
  const indexes = new Set(moved.map(({ index }) => index))
  const addresses = new Set(rows.filter(row => indexes.has(number(row, 'position'))).map(row => text(row, 'address')))
  return events.filter(({ recipients }) => recipients.length === 0 || recipients.some(address => addresses.has(address)))
}

interface Move {
  readonly seq: number
  readonly owner: number
  readonly settledAt: number
  readonly untried: boolean
}

/** @returns whether the owner still held it */
function moveRecipient(database: Database, { seq, owner, settledAt, untried }: Move, to: Settlement['recipients'][number]): boolean {
  const { index, state, outcome } = to
  if (!MOVES.active.includes(state)) throw new TypeError(`a recipient cannot go from active to ${state}`)
  const waits = !isFinal(state) && state !== 'held'
  if (waits && to.nextAttemptAt === null) throw new TypeError(`a ${state} recipient needs the time of its next attempt`)
  const { changes } = database
    .prepare(
      `UPDATE recipient SET state = ?, attempts = attempts + ?, next_attempt_at = ?, last_status = ?, outcome = ?, settled_at = ?,
         was = NULL, owner = NULL WHERE message = ? AND position = ? AND state = 'active' AND owner = ?`,
    )
    .run(
      state,
      !untried && wasTried(state) ? 1 : 0,
      waits ? to.nextAttemptAt : null,
      outcome.status,
      JSON.stringify(outcome),
      isFinal(state) ? settledAt : null,
      seq,
      index,
      owner,
    )
  return changes > 0
}

/** Going back to `queued` or to `held` is putting it down again untried. */
const wasTried = (state: RecipientState): boolean => state !== 'queued' && state !== 'held'

export function earliestDue(database: Database, messageId?: string): number | undefined {
  const row =
    messageId === undefined
      ? database
          .prepare(`SELECT next_attempt_at AS at FROM recipient INDEXED BY recipient_due WHERE ${WAITING} ORDER BY next_attempt_at LIMIT 1`)
          .get()
      : database
          .prepare(`SELECT MIN(+next_attempt_at) AS at FROM recipient WHERE message = ? AND ${WAITING}`)
          .get(sequenceOf(database, messageId) ?? -1)
  return (row && optional(row, 'at', number)) ?? undefined
}
