/**
 * The queue changed by hand, a batch at a time: inside the caller's transaction, and never a recipient that a process holds. What a filter
 * means is read again with each batch, so a recipient that moved in the meantime is left alone.
 */
import type { Database } from '../../base/database.ts'
import { CHANGEABLE, type QueueChange, REMOVED_BY_HAND } from '../../mail/outcome.ts'
import type { QueueChanged, QueueFilter } from '../../ports/queue.ts'
import { type Key, keysOf, placeAt, streamsOf, tokenOf } from './queue-filter.ts'

export interface ChangeAsk {
  readonly change: QueueChange
  readonly filter: QueueFilter
  /** The account's time. */
  readonly now: number
  /** Recipients looked at. */
  readonly limit: number
  readonly after?: string
}

/** @returns what was done, and the messages that have one recipient less to deliver */
export function changeBatch(database: Database, ask: ChangeAsk): QueueChanged & { readonly ended: readonly number[] } {
  const { change, filter, now, limit, after } = ask
  const states = CHANGEABLE[change].filter(state => filter.states === undefined || filter.states.includes(state))
  const keys = keysOf(database, streamsOf(database, filter, states), { after: placeAt(after), limit })
  let changed = 0
  for (const key of keys) changed += changeOne(database, key, { change, now })
  const last = keys.at(-1)
  return {
    changed,
    next: last === undefined || keys.length < limit ? null : tokenOf(last),
    ended: change === 'delete' ? [...new Set(keys.map(({ seq }) => seq))] : [],
  }
}

function changeOne(database: Database, { seq, position }: Key, { change, now }: Pick<ChangeAsk, 'change' | 'now'>): number {
  const set = (sql: string, ...values: (string | number)[]): number =>
    database.prepare(`UPDATE recipient SET ${sql} WHERE message = ? AND position = ?`).run(...values, seq, position).changes
  if (change === 'retry') return set('next_attempt_at = MIN(next_attempt_at, ?)', now)
  if (change === 'hold') return set(`state = 'held', next_attempt_at = NULL`)
  if (change === 'release') return set(`state = CASE attempts WHEN 0 THEN 'queued' ELSE 'deferred' END, next_attempt_at = ?`, now)
  return set(
    `state = 'rejected', next_attempt_at = NULL, outcome = ?, last_status = ?, settled_at = ?`,
    JSON.stringify(REMOVED_BY_HAND),
    REMOVED_BY_HAND.status,
    now,
  )
}
