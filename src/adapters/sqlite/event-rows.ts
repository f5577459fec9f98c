/** The event log and the attempts of a message. */
import type { Database, SqlRow, SqlValue } from '../../base/database.ts'
import type { AttemptRecord, EventFilter, LoggedEvent, NewEvent } from '../../ports/store.ts'
import { number, text } from './columns.ts'

export function insertEvents(database: Database, events: readonly NewEvent[]): void {
  const insert = database.prepare('INSERT INTO event (type, at, message_id, recipients, event) VALUES (?, ?, ?, ?, ?)')
  for (const { type, at, messageId, recipients, event } of events)
    insert.run(type, at, messageId, JSON.stringify(recipients), JSON.stringify(event))
}

export function findEvents(database: Database, filter: EventFilter): LoggedEvent[] {
  const conditions: [sql: string, value: SqlValue | undefined][] = [
    ['message_id = ?', filter.messageId],
    ['type = ?', filter.type],
    ['EXISTS (SELECT 1 FROM json_each(event.recipients) WHERE value = ?)', filter.to],
    ['at >= ?', filter.since],
    ['id > ?', filter.after],
  ]
  const asked = conditions.filter((one): one is [string, SqlValue] => one[1] !== undefined)
  const where = asked.length > 0 ? `WHERE ${asked.map(([sql]) => sql).join(' AND ')}` : ''
  // The plus keeps SQLite from walking the log from its first row when only the latest part of it is asked for.
  const order = filter.since !== undefined && filter.after === undefined ? '+id' : 'id'
  return database
    .prepare(`SELECT * FROM event ${where} ORDER BY ${order} LIMIT ?`)
    .all(...asked.map(([, value]) => value), filter.limit ?? -1)
    .map(toEvent)
}

function toEvent(row: SqlRow): LoggedEvent {
  return {
    id: number(row, 'id'),
    type: text(row, 'type'),
    at: number(row, 'at'),
    messageId: text(row, 'message_id'),
    recipients: JSON.parse(text(row, 'recipients')),
    event: JSON.parse(text(row, 'event')),
  }
}

export function countEvents(database: Database, since: number): Record<string, number> {
  const rows = database.prepare('SELECT type, COUNT(*) AS count FROM event WHERE at >= ? GROUP BY type ORDER BY type').all(since)
  return Object.fromEntries(rows.map(row => [text(row, 'type'), number(row, 'count')]))
}

export function insertAttempts(database: Database, message: number, attempts: readonly AttemptRecord[]): void {
  const insert = database.prepare('INSERT INTO attempt (message, started_at, record) VALUES (?, ?, ?)')
  for (const attempt of attempts) insert.run(message, attempt.startedAt, JSON.stringify(attempt))
}

export function findAttempts(database: Database, messageId: string): AttemptRecord[] {
  return database
    .prepare('SELECT record FROM attempt WHERE message = (SELECT seq FROM message WHERE id = ?) ORDER BY id')
    .all(messageId)
    .map(row => JSON.parse(text(row, 'record')))
}
