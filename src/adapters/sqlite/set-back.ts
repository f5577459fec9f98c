/**
 * A clock that was set back leaves times in the queue that no retry would have given. What was never tried is due at once, whatever its
 * time: it is looked through once, in order of acceptance, when the clock is seen to have gone back, and when a process begins. Whatever
 * else is due later than the longest wait stands at the far end of the index of due times, where one seek finds it.
 */
import type { Database } from '../../base/database.ts'
import type { Store } from '../../ports/store.ts'
import { number } from './columns.ts'
import { WAITING } from './due.ts'
import type { Commit } from './group-commit.ts'
import type { Key } from './queue-filter.ts'

interface Row extends Key {
  readonly dueAt: number
}

export function setBack(database: Database, commit: Commit): Pick<Store, 'bringForward'> {
  let lastNow = Number.POSITIVE_INFINITY
  /** How far what was never tried has been looked through; null: to its end. */
  let place: Key | null = null

  /** Never tried and accepted later than the place, whenever due: what is due already is passed over, but each only once. */
  const untriedAfter = ({ acceptedAt, seq, position }: Key, limit: number): Row[] =>
    database
      .prepare(
        `SELECT accepted_at, message, position, next_attempt_at FROM recipient INDEXED BY recipient_open
         WHERE state = 'queued' AND (accepted_at, message, position) > (?, ?, ?) ORDER BY accepted_at, message, position LIMIT ?`,
      )
      .all(acceptedAt, seq, position, limit)
      .map(row => ({
        acceptedAt: number(row, 'accepted_at'),
        seq: number(row, 'message'),
        position: number(row, 'position'),
        dueAt: number(row, 'next_attempt_at'),
      }))

  const dueAfter = (latest: number, limit: number): Pick<Row, 'seq' | 'position'>[] =>
    database
      .prepare(
        `SELECT message, position FROM recipient INDEXED BY recipient_due
         WHERE ${WAITING} AND next_attempt_at > ? ORDER BY next_attempt_at DESC LIMIT ?`,
      )
      .all(latest, limit)
      .map(row => ({ seq: number(row, 'message'), position: number(row, 'position') }))

  return {
    async bringForward({ now, latest, limit }) {
      if (now < lastNow) place = { acceptedAt: now, seq: Number.MAX_SAFE_INTEGER, position: 0 }
      lastNow = now
      // Read before anything is written: on nearly every call there is nothing to do.
      const untried = place === null ? [] : untriedAfter(place, limit)
      const late = [...untried.filter(({ dueAt }) => dueAt > now), ...dueAfter(latest, limit)]
      if (late.length > 0) {
        await commit(() => {
          const bring = database.prepare(
            `UPDATE recipient SET next_attempt_at = MIN(next_attempt_at, ?) WHERE message = ? AND position = ? AND ${WAITING}`,
          )
          for (const { seq, position } of late) bring.run(now, seq, position)
        })
      }
      if (place !== null) place = untried.length < limit ? null : (untried.at(-1) ?? null)
      return late.length >= limit || place !== null
    },
  }
}
