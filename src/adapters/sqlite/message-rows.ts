/** Messages and their recipients as rows: storing one, reading it back, and letting its content go when nothing needs it any more. */
import type { Account } from '../../account/account.ts'
import type { Suppressed } from '../../account/suppression.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { type Outcome, RECIPIENT_STATES, type RecipientState } from '../../mail/outcome.ts'
import type { NewMessage, StoredBody, StoredMessage, StoredRecipient } from '../../ports/store.ts'
import { blob, number, optional, text } from './columns.ts'

/** What a message's row says of the account: events name it as it was then. */
export type AccountName = Pick<Account, 'accountId' | 'region'>

/** Who is to do with a new message's recipients: an owner that holds them from the first moment, nobody for those that are final already. */
export interface Beginning {
  /** null: they wait and are due at once. */
  readonly owner: number | null
  readonly suppressed: readonly Suppressed[]
}

/** The segment of its body must have a row. @returns the message's number */
export function insertMessage(
  database: Database,
  message: NewMessage,
  { accountId, region }: AccountName,
  { owner, suppressed }: Beginning,
): number {
  const { body, head, recipients, acceptedAt, facts } = message
  const bodyLength = body.kind === 'inline' ? body.bytes.length : body.length
  const { lastInsertRowid: seq } = database
    .prepare(
      `INSERT INTO message (id, kind, accepted_at, expires_at, envelope_from, return_path, configuration_set, idempotency_key, size_bytes,
         account_id, region, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      message.id,
      message.kind,
      acceptedAt,
      message.expiresAt,
      message.envelopeFrom,
      message.returnPath,
      facts.configurationSet,
      message.idempotencyKey ?? null,
      head.length + bodyLength,
      accountId,
      region,
      JSON.stringify(facts),
    )
  insertContent(database, seq, head, body)
  const insert = database.prepare(
    `INSERT INTO recipient (message, position, address, domain, state, next_attempt_at, was, owner, accepted_at, expires_at, configuration_set)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const [state, was] = owner === null ? (['queued', null] as const) : (['active', 'queued'] as const)
  for (let index = 0; index < recipients.length; index += 1) {
    const address = recipients[index] ?? ''
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
    const final = suppressed.length === 0 ? undefined : suppressed.find(one => one.index === index)
    if (message.rejected) insertFinal(database, message, { seq, index, address, domain, state: 'rejected', outcome: message.rejected })
    else if (final) insertFinal(database, message, { ...final, seq, domain, state: 'suppressed' })
    else insert.run(seq, index, address, domain, state, acceptedAt, was, owner, acceptedAt, message.expiresAt, facts.configurationSet)
  }
  return seq
}

interface BornFinal {
  readonly seq: number
  readonly index: number
  readonly address: string
  readonly domain: string
  readonly state: 'suppressed' | 'rejected'
  readonly outcome: Outcome
}

function insertFinal(
  database: Database,
  { acceptedAt, expiresAt, facts }: NewMessage,
  { seq, index, address, outcome, domain, state }: BornFinal,
): void {
  database
    .prepare(
      `INSERT INTO recipient (message, position, address, domain, state, last_status, outcome, settled_at, accepted_at, expires_at, configuration_set)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      seq,
      index,
      address,
      domain,
      state,
      outcome.status,
      JSON.stringify(outcome),
      acceptedAt,
      acceptedAt,
      expiresAt,
      facts.configurationSet,
    )
}

function insertContent(database: Database, seq: number, head: Buffer, body: StoredBody): void {
  if (body.kind === 'inline') {
    database.prepare('INSERT INTO content (message, head, inline) VALUES (?, ?, ?)').run(seq, head, body.bytes)
    return
  }
  database
    .prepare('INSERT INTO content (message, head, segment, body_offset, body_length, body_check) VALUES (?, ?, ?, ?, ?, ?)')
    .run(seq, head, body.segment, body.offset, body.length, body.check)
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

export function newestMessages(database: Database, limit: number, before?: string): StoredMessage[] {
  const rows =
    before === undefined
      ? database.prepare(`${MESSAGE} ORDER BY seq DESC LIMIT ?`).all(limit)
      : database.prepare(`${MESSAGE} WHERE seq < (SELECT seq FROM message WHERE id = ?) ORDER BY seq DESC LIMIT ?`).all(before, limit)
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
  const row = database.prepare('SELECT content.* FROM content JOIN message ON seq = message WHERE id = ?').get(id)
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
          check: blob(row, 'body_check'),
        }
  return { head: blob(row, 'head'), body }
}

/** Lets go of head and body of a message whose recipients are all final. @returns the segment that lost a reference */
export function dropContent(database: Database, seq: number): string | undefined {
  const [row] = database.prepare('DELETE FROM content WHERE message = ? RETURNING segment').all(seq)
  return (row && optional(row, 'segment', text)) ?? undefined
}

/** Whether every recipient is final. */
export function isOver(database: Database, seq: number): boolean {
  const open = database
    .prepare(
      `SELECT 1 FROM recipient WHERE message = ? AND (state = 'queued' OR state = 'active' OR state = 'deferred' OR state = 'held') LIMIT 1`,
    )
    .get(seq)
  return open === undefined
}
