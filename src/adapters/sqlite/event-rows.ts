/** The event log and the attempts of a message. */
import { type EventMail, sesEvent } from '../../account/ses-event.ts'
import type { Database, SqlRow, SqlValue } from '../../base/database.ts'
import type { AttemptRecord, EventFilter, LoggedEvent, MessageFacts, NewEvent } from '../../ports/store.ts'
import type { ActivityLedger } from './activity-ledger.ts'
import { number, optional, text } from './columns.ts'

/** The tables that events are written to. */
export interface EventLog {
  readonly database: Database
  readonly activity: ActivityLedger
}

/** @param message the number of the message that they are about */
export function insertEvents({ database, activity }: EventLog, message: number, events: readonly NewEvent[]): void {
  const insert = database.prepare('INSERT INTO event (type, at, message, recipients, detail, outgoing_ip) VALUES (?, ?, ?, ?, ?, ?)')
  for (const { type, at, recipients, detail, outgoingIp } of events) {
    insert.run(type, at, message, JSON.stringify(recipients), JSON.stringify(detail), outgoingIp ?? null)
    // A message counts as sent with its octets, by whoever accepts it.
    if (type !== 'Send') activity.count(type, at, { recipients: recipients.length })
  }
}

export function findEvents(database: Database, filter: EventFilter): LoggedEvent[] {
  const conditions: [sql: string, value: SqlValue | undefined][] = [
    ['event.message = (SELECT seq FROM message WHERE id = ?)', filter.messageId],
    ['type = ?', filter.type],
    ['EXISTS (SELECT 1 FROM json_each(event.recipients) WHERE value = ? COLLATE NOCASE)', filter.to],
    [`(SELECT json_extract(facts, '$.fromAddress') FROM message WHERE seq = event.message) = ? COLLATE NOCASE`, filter.from],
    ['(SELECT configuration_set FROM message WHERE seq = event.message) = ?', filter.configurationSet],
    ['at >= ?', filter.since],
    ['event.id > ?', filter.after],
  ]
  const asked = conditions.filter((one): one is [string, SqlValue] => one[1] !== undefined)
  const where = asked.length > 0 ? `WHERE ${asked.map(([sql]) => sql).join(' AND ')}` : ''
  // The plus keeps SQLite from walking the log from its first row when only the latest part of it is asked for.
  const order = filter.since !== undefined && filter.after === undefined && !filter.last ? '+event.id' : 'event.id'
  const mails = new Map<number, EventMail>()
  const rows = database
    .prepare(`SELECT event.* FROM event ${where} ORDER BY ${order} ${filter.last ? 'DESC' : 'ASC'} LIMIT ?`)
    .all(...asked.map(([, value]) => value), filter.limit ?? -1)
  if (filter.last) rows.reverse()
  return rows.map(row => toEvent(row, mailOf(database, number(row, 'message'), mails)))
}

/** Of the last event that there ever was; 0: none yet. */
export function lastEventId(database: Database): number {
  const row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get()
  return row ? number(row, 'seq') : 0
}

/** Those that there are, by id. */
export function eventsById(database: Database, ids: readonly number[]): Map<number, LoggedEvent> {
  const find = database.prepare('SELECT * FROM event WHERE id = ?')
  const mails = new Map<number, EventMail>()
  const found = new Map<number, LoggedEvent>()
  for (const id of ids) {
    const row = find.get(id)
    if (row) found.set(id, toEvent(row, mailOf(database, number(row, 'message'), mails)))
  }
  return found
}

function toEvent(row: SqlRow, mail: EventMail): LoggedEvent {
  const type = text(row, 'type')
  const outgoingIp = optional(row, 'outgoing_ip', text)
  return {
    id: number(row, 'id'),
    type,
    at: number(row, 'at'),
    messageId: mail.messageId,
    recipients: JSON.parse(text(row, 'recipients')),
    event: sesEvent(mail, { type, detail: JSON.parse(text(row, 'detail')), ...(outgoingIp !== null && { outgoingIp }) }),
  }
}

/** What every event of a message has in common. @param known those read before; a message has few events, and they lie together */
function mailOf(database: Database, seq: number, known: Map<number, EventMail>): EventMail {
  const found = known.get(seq)
  if (found) return found
  const row = database.prepare('SELECT id, accepted_at, account_id, region, facts FROM message WHERE seq = ?').get(seq)
  if (!row) throw new TypeError(`an event refers to message ${seq}, which is not there`)
  const recipients = database.prepare('SELECT address FROM recipient WHERE message = ? ORDER BY position').all(seq)
  const facts: MessageFacts = JSON.parse(text(row, 'facts'))
  const mail: EventMail = {
    ...facts,
    messageId: text(row, 'id'),
    acceptedAt: number(row, 'accepted_at'),
    accountId: text(row, 'account_id'),
    region: text(row, 'region'),
    destination: recipients.map(recipient => text(recipient, 'address')),
  }
  known.set(seq, mail)
  return mail
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
