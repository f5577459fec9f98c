/**
 * What the receivers took, in `lab.db`. A message counts from the commit that marks it taken, never before; a large one is written in
 * pieces while it streams in, so that it is never in memory as a whole, and pieces of a message that was not finished are removed.
 */
import { Readable } from 'node:stream'
import type { Database, SqlRow } from '../base/database.ts'
import { MailctlError } from '../base/errors.ts'
import { parseMailbox } from '../mail/address.ts'
import { decodeText } from '../mail/encoded-word.ts'
import { findField, findFields, type Header, parseHeader } from '../mail/header.ts'
import type { Verdicts } from './verdicts.ts'

const CHUNK_BYTES = 256 * 1024
/** Real milliseconds: an arrival this old has lost its receiver. */
const ABANDONED_AFTER = 3_600_000

export interface InboxMessage {
  /** A small number. */
  readonly id: string
  readonly envelopeFrom: string
  readonly envelopeTo: readonly string[]
  readonly subject: string
  readonly from: string
  /** Without angle brackets; `''` when there is none. */
  readonly headerMessageId: string
  readonly receivedAt: number
  readonly receiver: string
  readonly sizeBytes: number
  readonly authentication: Verdicts
  readonly folder: 'inbox' | 'spam'
  /** Rules of a look-alike that put it there: `gmail: one-click-unsubscribe`. */
  readonly rules: readonly string[]
}

export interface InboxFilter {
  /** An envelope recipient, whole, in any case. */
  readonly to?: string
  /** The envelope sender or the address in From, whole, in any case. */
  readonly from?: string
  readonly subject?: (subject: string) => boolean
  /** The `Message-ID` field, without angle brackets. */
  readonly headerMessageId?: string
  /** Epoch milliseconds of the account's clock, inclusive. */
  readonly since?: number
  /** Only messages that came before the one of this id. */
  readonly before?: string
  readonly limit?: number
}

/** What is known of a message when its last octet is in. */
export interface Arrived {
  readonly envelopeFrom: string
  readonly envelopeTo: readonly string[]
  readonly receiver: string
  readonly tls: string
  readonly receivedAt: number
  readonly authentication: Verdicts
  readonly folder: 'inbox' | 'spam'
  readonly rules: readonly string[]
  /** The receiver's own fields, made when the id is known. */
  readonly trace: (id: string) => Buffer
  /** Runs in the transaction that takes it. */
  readonly took?: () => void
}

export class Inbox {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Newest first. */
  list({ to, from, subject, headerMessageId, since, before, limit }: InboxFilter): InboxMessage[] {
    const conditions = ['taken = 1']
    const values: (string | number)[] = []
    if (since !== undefined) {
      conditions.push('received_at >= ?')
      values.push(since)
    }
    if (to !== undefined) {
      conditions.push('id IN (SELECT message FROM inbox_recipient WHERE address = ?)')
      values.push(to)
    }
    if (from !== undefined) {
      conditions.push('(envelope_from = ? COLLATE NOCASE OR from_address = ? COLLATE NOCASE)')
      values.push(from, from)
    }
    if (headerMessageId !== undefined) {
      conditions.push('header_message_id = ?')
      values.push(headerMessageId)
    }
    if (before !== undefined) {
      conditions.push('id < ?')
      values.push(Number(before))
    }
    const found: InboxMessage[] = []
    const rows = this.#database.prepare(`SELECT * FROM inbox_message WHERE ${conditions.join(' AND ')} ORDER BY id DESC`).iterate(...values)
    for (const row of rows) {
      if (found.length >= (limit ?? Number.POSITIVE_INFINITY)) break
      if (subject?.(String(row.subject)) === false) continue
      found.push(this.#messageOf(row))
    }
    return found
  }

  get(id: string): InboxMessage | undefined {
    const row = this.#rowOf(id)
    return row && this.#messageOf(row)
  }

  /** @throws MailctlError not-found */
  open(id: string): Readable {
    const row = this.#rowOf(id)
    if (row === undefined) {
      throw new MailctlError('not-found', `There is no message ${id} in the inbox`, { hint: 'See `mailctl inbox list`.' })
    }
    return Readable.from(this.#octets(Number(row.id), row.trace), { objectMode: false })
  }

  /** @returns how many were removed */
  clear(): number {
    return this.#database.prepare('DELETE FROM inbox_message WHERE taken = 1').run().changes
  }

  /** A place for one message; call `take` or `discard` in the end. */
  receive(): Arriving {
    this.#database.prepare('DELETE FROM inbox_message WHERE taken = 0 AND started_at < ?').run(Date.now() - ABANDONED_AFTER)
    return new Arriving(this.#database)
  }

  #rowOf(id: string): SqlRow | undefined {
    if (!/^[1-9]\d{0,14}$/.test(id)) return undefined
    return this.#database.prepare('SELECT * FROM inbox_message WHERE id = ? AND taken = 1').get(Number(id))
  }

  #messageOf(row: SqlRow): InboxMessage {
    const recipients = this.#database.prepare('SELECT address FROM inbox_recipient WHERE message = ? ORDER BY position').all(Number(row.id))
    return {
      id: String(row.id),
      envelopeFrom: String(row.envelope_from),
      envelopeTo: recipients.map(({ address }) => String(address)),
      subject: String(row.subject),
      from: String(row.from_text),
      headerMessageId: String(row.header_message_id),
      receivedAt: Number(row.received_at),
      receiver: String(row.receiver),
      sizeBytes: Number(row.size_bytes),
      authentication: JSON.parse(String(row.authentication)),
      folder: row.folder === 'spam' ? 'spam' : 'inbox',
      rules: JSON.parse(String(row.rules)),
    }
  }

  *#octets(id: number, trace: unknown): Generator<Buffer> {
    if (trace instanceof Uint8Array) yield Buffer.from(trace.buffer, trace.byteOffset, trace.length)
    const next = this.#database.prepare('SELECT octets FROM inbox_chunk WHERE message = ? AND position = ?')
    for (let position = 0; ; position += 1) {
      const octets = next.get(id, position)?.octets
      if (!(octets instanceof Uint8Array)) return
      yield Buffer.from(octets.buffer, octets.byteOffset, octets.length)
    }
  }
}

/** One message on its way into the inbox. */
export class Arriving {
  readonly #database: Database
  /** Octets not written yet: parts of a small message, or the block being filled of a large one. */
  #parts: Buffer[] = []
  #held = 0
  #block: Buffer | undefined
  #id: number | undefined
  #chunks = 0
  #size = 0
  #start: Buffer = Buffer.alloc(0)

  constructor(database: Database) {
    this.#database = database
  }

  write(chunk: Buffer): void {
    this.#size += chunk.length
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + CHUNK_BYTES - this.#held)
      if (this.#block === undefined) this.#parts.push(part)
      else part.copy(this.#block, this.#held)
      this.#held += part.length
      from += part.length
      if (this.#held === CHUNK_BYTES) this.#spill()
    }
  }

  /** The header as far as it is one; a header that cannot be read is empty. */
  header(): Header {
    const start = this.#id === undefined ? Buffer.concat(this.#parts) : this.#start
    const end = start.indexOf('\r\n\r\n')
    try {
      return parseHeader(end === -1 ? start : start.subarray(0, end + 2))
    } catch {
      return []
    }
  }

  /** The commit that makes it count. @returns its id */
  take(arrived: Arrived): string {
    const { envelopeFrom, envelopeTo, receiver, tls, receivedAt, authentication, folder, rules, trace, took } = arrived
    const header = this.header()
    const field = (name: string): string => findField(header, name)?.value ?? ''
    const from = decodeText(field('From'))
    return this.#database.transaction(() => {
      const id = this.#begin()
      this.#flush(id)
      const top = trace(String(id))
      this.#database
        .prepare(
          `UPDATE inbox_message SET taken = 1, received_at = ?, envelope_from = ?, receiver = ?, tls = ?, subject = ?, from_text = ?,
           from_address = ?, header_message_id = ?, size_bytes = ?, trace = ?, authentication = ?, folder = ?, rules = ? WHERE id = ?`,
        )
        .run(
          receivedAt,
          envelopeFrom,
          receiver,
          tls,
          decodeText(field('Subject')),
          from,
          addressIn(field('From')),
          field('Message-ID').replace(/^<|>$/g, ''),
          this.#size + top.length,
          top,
          JSON.stringify(authentication),
          folder,
          JSON.stringify(rules),
          id,
        )
      const insert = this.#database.prepare('INSERT INTO inbox_recipient (message, position, address) VALUES (?, ?, ?)')
      for (const [position, address] of envelopeTo.entries()) insert.run(id, position, address)
      took?.()
      return String(id)
    })
  }

  discard(): void {
    this.#parts = []
    if (this.#id !== undefined) this.#database.prepare('DELETE FROM inbox_message WHERE id = ? AND taken = 0').run(this.#id)
  }

  #begin(): number {
    if (this.#id !== undefined) return this.#id
    const row = this.#database.prepare('INSERT INTO inbox_message (taken, started_at) VALUES (0, ?) RETURNING id').get(Date.now())
    return Number(row?.id)
  }

  /** Writes what is held, as a transaction of its own; it need not be on the disk before the commit that counts, which syncs all of the log. */
  #spill(): void {
    this.#database.exec('PRAGMA synchronous = NORMAL')
    try {
      this.#database.transaction(() => {
        this.#id = this.#begin()
        this.#flush(this.#id)
      })
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL')
    }
    // One block serves all further chunks, so that a large message makes no garbage of its size.
    this.#block ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
  }

  #flush(id: number): void {
    if (this.#held === 0) return
    const octets = this.#block?.subarray(0, this.#held) ?? Buffer.concat(this.#parts)
    if (this.#chunks === 0) this.#start = octets
    this.#database.prepare('INSERT INTO inbox_chunk (message, position, octets) VALUES (?, ?, ?)').run(id, this.#chunks, octets)
    this.#chunks += 1
    this.#held = 0
    this.#parts = []
  }
}

/** The address of a From field with one mailbox; `''` when it cannot be read. */
function addressIn(value: string): string {
  try {
    return parseMailbox(value).address
  } catch {
    return ''
  }
}

/** How many hosts a message has passed. RFC 5321 §6.3 */
export const hopCount = (header: Header): number => findFields(header, 'Received').length
