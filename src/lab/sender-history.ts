/**
 * What look-alikes remember of those who send to them, in `lab.db`: how much in each day of the account's clock and what came of it, since
 * when a domain counts as a bulk sender, and how much of an hour's allowance is left. Senders are IP addresses and domains in From.
 */
import type { Memory } from './policy.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Rates are of so many days, today's among them. */
const WEEK = 7
/** Days kept. */
const KEPT = 31

export type SenderKind = 'ip' | 'domain'

export interface SenderRecord {
  /** Recipients of taken mail within a week. */
  readonly taken: number
  /** Recipients refused within a week because there is no such user. */
  readonly unknown: number
  readonly complaints: number
  readonly isBulk: boolean
  /** Messages that may come at once. */
  readonly allowance: number
}

export class SenderHistory {
  readonly #memory: Memory
  readonly #provider: string
  readonly #bulk: number
  readonly #perHour: number

  /** @param limits `bulk` recipients in a day; `perHour` messages, of which an hour's may come at once */
  constructor(memory: Memory, provider: string, { bulk, perHour }: { readonly bulk: number; readonly perHour: number }) {
    this.#memory = memory
    this.#provider = provider
    this.#bulk = bulk
    this.#perHour = perHour
  }

  of(kind: SenderKind, sender: string): SenderRecord {
    const { database, now } = this.#memory
    const at = now()
    const week = database
      .prepare(
        `SELECT COALESCE(SUM(taken), 0) AS taken, COALESCE(SUM(unknown), 0) AS unknown, COALESCE(SUM(complaints), 0) AS complaints
         FROM sender_day WHERE provider = ? AND kind = ? AND sender = ? AND day > ?`,
      )
      .get(this.#provider, kind, sender, Math.floor(at / DAY) - WEEK)
    const standing = database
      .prepare('SELECT bulk_since, allowance, at FROM sender WHERE provider = ? AND kind = ? AND sender = ?')
      .get(this.#provider, kind, sender)
    return {
      taken: Number(week?.taken ?? 0),
      unknown: Number(week?.unknown ?? 0),
      complaints: Number(week?.complaints ?? 0),
      isBulk: standing !== undefined && standing.bulk_since !== null,
      allowance: standing === undefined ? this.#perHour : this.#refilled(Number(standing.allowance), Number(standing.at), at),
    }
  }

  /** One message to so many recipients was taken, so many of whom complain. Inside the transaction that takes it. */
  took(kind: SenderKind, sender: string, recipients: number, complaints = 0): void {
    const at = this.#memory.now()
    const { database } = this.#memory
    const { allowance } = this.of(kind, sender)
    const today = this.#add(kind, sender, 'taken', recipients)
    if (complaints > 0) this.#add(kind, sender, 'complaints', complaints)
    database
      .prepare(
        `INSERT INTO sender (provider, kind, sender, allowance, at, bulk_since) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET allowance = excluded.allowance, at = excluded.at, bulk_since = COALESCE(bulk_since, excluded.bulk_since)`,
      )
      .run(this.#provider, kind, sender, Math.max(0, allowance - 1), at, today >= this.#bulk ? at : null)
  }

  /** A recipient was refused because there is no such user. */
  refusedUnknown(kind: SenderKind, sender: string): void {
    this.#memory.database.transaction(() => this.#add(kind, sender, 'unknown', 1))
  }

  /** @returns today's number */
  #add(kind: SenderKind, sender: string, column: 'taken' | 'unknown' | 'complaints', count: number): number {
    const { database, now } = this.#memory
    const day = Math.floor(now() / DAY)
    const row = database
      .prepare(
        `INSERT INTO sender_day (provider, kind, sender, day, ${column}) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET ${column} = ${column} + excluded.${column} RETURNING ${column} AS number`,
      )
      .get(this.#provider, kind, sender, day, count)
    if (Number(row?.number) === count)
      database
        .prepare('DELETE FROM sender_day WHERE provider = ? AND kind = ? AND sender = ? AND day <= ?')
        .run(this.#provider, kind, sender, day - KEPT)
    return Number(row?.number)
  }

  #refilled(allowance: number, from: number, to: number): number {
    return Math.min(this.#perHour, allowance + (Math.max(0, to - from) / HOUR) * this.#perHour)
  }
}

/** Nobody was ever seen, by any receiver. */
export function forgetSenders({ database }: Memory): void {
  database.transaction(() => {
    for (const table of ['sender_day', 'sender', 'deferral']) database.prepare(`DELETE FROM ${table}`).run()
  })
}
