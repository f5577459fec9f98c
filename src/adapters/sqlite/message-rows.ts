/** Messages and their recipients as rows: storing one, reading it back, and letting its content go when nothing needs it any more. */
import type { Database, SqlRow } from '../../base/database.ts'
import { RECIPIENT_STATES, type RecipientState } from '../../mail/outcome.ts'
import type { NewMessage, StoredBody, StoredMessage, StoredRecipient } from '../../ports/store.ts'
import { blob, number, optional, text } from './columns.ts'

/** Every recipient waits and is due at once. The segment of its body must have a row. */
export function insertMessage(database: Database, message: NewMessage): void {
  const { body } = message
  const inline = body.kind === 'inline' ? body : null
  const segment = body.kind === 'segment' ? body : null
  const bodyLength = inline?.bytes.length ?? segment?.length ?? 0
  const inserted = database
    .prepare(
      `INSERT INTO message (id, kind, accepted_at, expires_at, envelope_from, return_path, facts, idempotency_key, size_bytes, head,
         inline, segment, body_offset, body_length, body_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
    )
    .all(
      message.id,
      message.kind,
      message.acceptedAt,
      message.expiresAt,
      message.envelopeFrom,
      message.returnPath,
      JSON.stringify(message.facts),
      message.idempotencyKey ?? null,
      message.head.length + bodyLength,
      message.head,
      inline?.bytes ?? null,
      segment?.segment ?? null,
      segment?.offset ?? null,
      segment?.length ?? null,
      segment?.sha256 ?? null,
    )[0]
  if (!inserted) throw new TypeError('an insert returned no row')
  const insert = database.prepare(
    `INSERT INTO recipient (message, position, address, domain, state, next_attempt_at) VALUES (?, ?, ?, ?, 'queued', ?)`,
  )
  message.recipients.forEach((address, index) => {
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
    insert.run(number(inserted, 'seq'), index, address, domain, message.acceptedAt)
  })
}

const MESSAGE = 'SELECT seq, id, kind, accepted_at, expires_at, envelope_from, return_path, facts, idempotency_key, size_bytes FROM message'

export function findMessage(database: Database, id: string): StoredMessage | undefined {
  const row = database.prepare(`${MESSAGE} WHERE id = ?`).get(id)
  return row && toMessage(database, row)
}

export function messageBySeq(database: Database, seq: number): StoredMessage {
  const row = database.prepare(`${MESSAGE} WHERE seq = ?`).get(seq)
  if (!row) throw new TypeError(`a recipient refers to message ${seq}, which is not there`)
  return toMessage(database, row)
}

export function newestMessages(database: Database, limit: number): StoredMessage[] {
  const rows = database.prepare(`${MESSAGE} ORDER BY seq DESC LIMIT ?`).all(limit)
  return rows.map(row => toMessage(database, row))
}

/** @returns undefined when there is no such message */
export function sequenceOf(database: Database, id: string): number | undefined {
  const row = database.prepare('SELECT seq FROM message WHERE id = ?').get(id)
  return row && number(row, 'seq')
}

export function idOfKey(database: Database, idempotencyKey: string): string | undefined {
  const row = database.prepare('SELECT id FROM message WHERE idempotency_key = ?').get(idempotencyKey)
  return row && text(row, 'id')
}

function toMessage(database: Database, row: SqlRow): StoredMessage {
  const key = optional(row, 'idempotency_key', text)
  return {
    id: text(row, 'id'),
    kind: kindOf(text(row, 'kind')),
    acceptedAt: number(row, 'accepted_at'),
    expiresAt: number(row, 'expires_at'),
    envelopeFrom: text(row, 'envelope_from'),
    returnPath: text(row, 'return_path'),
    facts: JSON.parse(text(row, 'facts')),
    sizeBytes: number(row, 'size_bytes'),
    recipients: database.prepare('SELECT * FROM recipient WHERE message = ? ORDER BY position').all(number(row, 'seq')).map(toRecipient),
    ...(key === null ? {} : { idempotencyKey: key }),
  }
}

function kindOf(value: string): NewMessage['kind'] {
  if (value === 'mail' || value === 'report' || value === 'notice') return value
  throw new TypeError(`'${value}' is no kind of message`)
}

function toRecipient(row: SqlRow): StoredRecipient {
  const outcome = optional(row, 'outcome', text)
  return {
    index: number(row, 'position'),
    address: text(row, 'address'),
    domain: text(row, 'domain'),
    state: stateOf(text(row, 'state')),
    attempts: number(row, 'attempts'),
    nextAttemptAt: optional(row, 'next_attempt_at', number),
    outcome: outcome === null ? null : JSON.parse(outcome),
    settledAt: optional(row, 'settled_at', number),
  }
}

export function stateOf(value: string): RecipientState {
  const state = RECIPIENT_STATES.find(known => known === value)
  if (state === undefined) throw new TypeError(`'${value}' is no state of a recipient`)
  return state
}

/** @returns undefined when the message is unknown or its content is gone */
export function readContent(database: Database, id: string): { readonly head: Buffer; readonly body: StoredBody } | undefined {
  const row = database
    .prepare('SELECT head, inline, segment, body_offset, body_length, body_sha256 FROM message WHERE id = ? AND head IS NOT NULL')
    .get(id)
  if (!row) return undefined
  const segment = optional(row, 'segment', text)
  const body: StoredBody =
    segment === null
      ? { kind: 'inline', bytes: optional(row, 'inline', blob) ?? Buffer.alloc(0) } // an empty BLOB may come back as null
      : {
          kind: 'segment',
          segment,
          offset: number(row, 'body_offset'),
          length: number(row, 'body_length'),
          sha256: blob(row, 'body_sha256'),
        }
  return { head: blob(row, 'head'), body }
}

/** Lets go of head and body once every recipient is final. @returns the segment that lost a reference */
export function dropContentWhenFinal(database: Database, seq: number): string | undefined {
  const waiting = database
    .prepare(`SELECT 1 FROM recipient WHERE message = ? AND state IN ('queued', 'active', 'deferred', 'held') LIMIT 1`)
    .get(seq)
  if (waiting) return undefined
  const row = database.prepare('SELECT segment FROM message WHERE seq = ?').get(seq)
  database
    .prepare(
      `UPDATE message SET head = NULL, inline = NULL, segment = NULL, body_offset = NULL, body_length = NULL, body_sha256 = NULL
       WHERE seq = ?`,
    )
    .run(seq)
  return (row && optional(row, 'segment', text)) ?? undefined
}
