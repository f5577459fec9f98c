/**
 * What is to be told to a destination: the log beyond its cursor, and before that the events that it did not take. Event ids are given
 * under BEGIN IMMEDIATE, so they are in the order of commits, whichever process writes: nothing appears behind a cursor.
 */
import { EVENT_TYPES } from '../../account/event-destination.ts'
import type { Database } from '../../base/database.ts'
import type { BatchItem, DeadLetter, PublishSettlement, PublishTry, StoredDestination } from '../../ports/event-destinations.ts'
import { number, optional, text } from './columns.ts'
import { eventsById, lastEventId } from './event-rows.ts'

/** Rows of the log looked at in one go: those of other owners are passed over. Whose identity it was stands inside the message's facts. */
const SCAN = { set: 5_000, identity: 500 } as const
/** With so many events waiting, the log is not read on. */
const MOST_WAITING = 1_000
/** Tries that are kept, of all destinations. */
const MOST_TRIES = 100_000
/** Beyond every moment. */
const NEVER = Number.MAX_SAFE_INTEGER

export interface Due {
  readonly items: readonly BatchItem[]
  readonly cursor: number
}

export interface DueAsk {
  readonly now: number
  readonly limit: number
  readonly all: boolean
}

/** First what waits and is due, message by message; then the log. At most `limit` events, and what is in line behind them. */
export function dueFor(database: Database, destination: StoredDestination, { now, all, ...ask }: DueAsk): Due {
  const limit = destination.failures > 0 && !all ? 1 : ask.limit
  const waiting = waitingEvents(database, destination.id, { now: all ? NEVER : now, limit })
  const room = limit - waiting.length
  const { ids, cursor } =
    room > 0 && destination.waiting < MOST_WAITING ? nextInLog(database, destination, room) : { ids: [], cursor: destination.cursor }
  const inLine = new Set(
    database
      .prepare('SELECT DISTINCT message FROM publication WHERE destination = ?')
      .all(destination.id)
      .map(row => number(row, 'message')),
  )
  const taken = new Set(waiting.map(({ message }) => message))
  const events = eventsById(database, [...waiting.map(({ event }) => event), ...ids.map(({ event }) => event)])
  const items: BatchItem[] = []
  for (const { event: id, tries } of waiting) {
    const event = events.get(id)
    if (event) items.push({ event, tries, isBehind: false })
  }
  for (const { event: id, message } of ids) {
    const event = events.get(id)
    if (event) items.push({ event, tries: 0, isBehind: inLine.has(message) && !taken.has(message) })
  }
  return { items, cursor }
}

interface Waiting {
  readonly event: number
  readonly message: number
  readonly tries: number
}

/** Whole lines: a message's events stay together, as long as they fit. */
function waitingEvents(
  database: Database,
  destination: number,
  { now, limit }: { readonly now: number; readonly limit: number },
): Waiting[] {
  const messages = database
    .prepare('SELECT DISTINCT message FROM publication WHERE destination = ? AND next_try_at <= ? ORDER BY next_try_at, message LIMIT ?')
    .all(destination, now, limit)
  const found: Waiting[] = []
  for (const row of messages) {
    if (found.length >= limit) break
    const message = number(row, 'message')
    const line = database
      .prepare('SELECT event, tries FROM publication WHERE destination = ? AND message = ? ORDER BY event LIMIT ?')
      .all(destination, message, limit - found.length)
    for (const one of line) found.push({ event: number(one, 'event'), message, tries: number(one, 'tries') })
  }
  return found
}

function nextInLog(
  database: Database,
  { cursor, eventTypes, owner }: StoredDestination,
  limit: number,
): { readonly ids: readonly { readonly event: number; readonly message: number }[]; readonly cursor: number } {
  const last = Math.min(lastEventId(database), cursor + SCAN[owner.kind])
  if (last <= cursor) return { ids: [], cursor }
  const owned = owner.kind === 'set' ? 'message.configuration_set = ?' : "json_extract(message.facts, '$.identity') = ?"
  const rows = database
    .prepare(
      `SELECT event.id, event.message FROM event JOIN message ON seq = event.message
       WHERE event.id > ? AND event.id <= ? AND ${owned} AND type IN (${eventTypes.map(() => '?').join(', ')}) ORDER BY event.id LIMIT ?`,
    )
    .all(cursor, last, owner.name, ...eventTypes.map(name => EVENT_TYPES[name]), limit)
  const ids = rows.map(row => ({ event: number(row, 'id'), message: number(row, 'message') }))
  return { ids, cursor: ids.length === limit ? (ids.at(-1)?.event ?? last) : last }
}

export function settle(database: Database, { destination, settled, tries, ...state }: PublishSettlement): void {
  const seqs = new Map<string, number>()
  const seqOf = (id: string): number => {
    const known = seqs.get(id)
    if (known !== undefined) return known
    const row = database.prepare('SELECT seq FROM message WHERE id = ?').get(id)
    const seq = row ? number(row, 'seq') : 0
    seqs.set(id, seq)
    return seq
  }
  const remove = database.prepare('DELETE FROM publication WHERE destination = ? AND message = ? AND event = ?')
  const moveLine = database.prepare('UPDATE publication SET next_try_at = ? WHERE destination = ? AND message = ?')
  const standBehind = database.prepare(
    `INSERT INTO publication (destination, message, event, tries, next_try_at) VALUES (?, ?, ?, 0,
       COALESCE((SELECT MIN(next_try_at) FROM publication WHERE destination = ? AND message = ?), ?)) ON CONFLICT DO NOTHING`,
  )
  for (const one of settled) {
    const message = seqOf(one.messageId)
    if (one.as === 'behind') {
      standBehind.run(destination, message, one.eventId, destination, message, one.nextTryAt)
      continue
    }
    if (one.as === 'waits') {
      database
        .prepare(
          `INSERT INTO publication (destination, message, event, tries, next_try_at, error) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET tries = excluded.tries, error = COALESCE(excluded.error, error)`,
        )
        .run(destination, message, one.eventId, one.tries, one.nextTryAt, one.error)
      moveLine.run(one.nextTryAt, destination, message)
      continue
    }
    remove.run(destination, message, one.eventId)
    // Those behind it are the next.
    moveLine.run(one.nextTryAt, destination, message)
    if (one.as === 'dead')
      database
        .prepare('INSERT OR REPLACE INTO dead_letter (destination, event, message, tries, error) VALUES (?, ?, ?, ?, ?)')
        .run(destination, one.eventId, message, one.tries, one.error ?? '')
  }
  database
    .prepare('UPDATE event_destination SET cursor = MAX(cursor, ?), failures = ?, rests_until = ? WHERE id = ?')
    .run(state.cursor, state.failures, state.restsUntil, destination)
  insertTries(database, tries, seqOf)
}

function insertTries(database: Database, tries: readonly PublishTry[], seqOf: (id: string) => number): void {
  let last = 0
  for (const { eventId, messageId, at, ...record } of tries)
    last = database
      .prepare('INSERT INTO publish_try (message, event, at, record) VALUES (?, ?, ?, ?)')
      .run(seqOf(messageId), eventId, at, JSON.stringify(record)).lastInsertRowid
  if (last > MOST_TRIES) database.prepare('DELETE FROM publish_try WHERE id <= ?').run(last - MOST_TRIES)
}

export function findTries(database: Database, messageId: string): PublishTry[] {
  return database
    .prepare('SELECT event, at, record FROM publish_try WHERE message = (SELECT seq FROM message WHERE id = ?) ORDER BY id')
    .all(messageId)
    .map(row => ({ messageId, eventId: number(row, 'event'), at: number(row, 'at'), ...JSON.parse(text(row, 'record')) }))
}

export function findDeadLetters(database: Database, destination: number, limit: number): DeadLetter[] {
  const rows = database
    .prepare('SELECT event, tries, error FROM dead_letter WHERE destination = ? ORDER BY event LIMIT ?')
    .all(destination, limit)
  const events = eventsById(
    database,
    rows.map(row => number(row, 'event')),
  )
  return rows.flatMap(row => {
    const event = events.get(number(row, 'event'))
    return event ? [{ event, tries: number(row, 'tries'), error: text(row, 'error') }] : []
  })
}

export function redrive(database: Database, destination: number, now: number): number {
  database
    .prepare(
      `INSERT OR REPLACE INTO publication (destination, message, event, tries, next_try_at, error)
       SELECT destination, message, event, 0, ?, error FROM dead_letter WHERE destination = ?`,
    )
    .run(now, destination)
  const { changes } = database.prepare('DELETE FROM dead_letter WHERE destination = ?').run(destination)
  database
    .prepare(
      `UPDATE publication SET next_try_at = ? WHERE destination = ?
         AND message IN (SELECT message FROM publication WHERE destination = ? AND next_try_at = ?)`,
    )
    .run(now, destination, destination, now)
  wake(database, destination)
  return changes
}

export function putAgain(database: Database, event: number, destination: number, now: number): void {
  database
    .prepare(
      `INSERT INTO publication (destination, message, event, tries, next_try_at) SELECT ?, message, id, 0, ? FROM event WHERE id = ?
       ON CONFLICT DO NOTHING`,
    )
    .run(destination, now, event)
  wake(database, destination)
}

const wake = (database: Database, destination: number): unknown =>
  database.prepare('UPDATE event_destination SET failures = 0, rests_until = NULL WHERE id = ?').run(destination)

/** Enabled, not resting, with something due, or a subscription that waits to be confirmed. Who holds them is not looked at. */
export function dueDestinations(database: Database, now: number): number[] {
  return database
    .prepare(
      `SELECT id FROM event_destination WHERE enabled = 1 AND COALESCE(rests_until, 0) <= ? AND (pending = 1 OR cursor < ?
         OR EXISTS (SELECT 1 FROM publication WHERE destination = event_destination.id AND next_try_at <= ?)) ORDER BY id`,
    )
    .all(now, lastEventId(database), now)
    .map(row => number(row, 'id'))
}

/** The first moment at which something that waits may be tried. */
export function earliestPublication(database: Database, now: number): number | undefined {
  const row = database
    .prepare(
      `SELECT MIN(MAX(COALESCE(rests_until, 0), MIN(
         CASE WHEN cursor < ? AND (SELECT COUNT(*) FROM publication WHERE destination = event_destination.id) < ${MOST_WAITING} THEN ? ELSE ${NEVER} END,
         COALESCE((SELECT MIN(next_try_at) FROM publication WHERE destination = event_destination.id), ${NEVER})))) AS at
       FROM event_destination WHERE enabled = 1 AND pending = 0`,
    )
    .get(lastEventId(database), now)
  const at = row ? optional(row, 'at', number) : null
  return at === null || at >= NEVER ? undefined : at
}
