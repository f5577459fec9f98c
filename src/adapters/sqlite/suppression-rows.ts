/**
 * The suppression lists as rows: whom they stop, whom bounces and complaints put on them, and the owner's own changes. An empty list, which
 * most accounts have, is remembered to be empty until somebody writes; otherwise a recipient costs one look into an index.
 */
import type { Account } from '../../account/account.ts'
import {
  effectiveReasons,
  GLOBAL_MEMORY_MS,
  type GloballySuppressed,
  globalPeriodMs,
  type SuppressedAddress,
  type SuppressionReason,
} from '../../account/suppression.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import type { NewlySuppressed } from '../../ports/store.ts'
import type { PageAsk, SuppressionFilter, SuppressionPage } from '../../ports/suppression.ts'
import { number, optional, text } from './columns.ts'
import { pageOf, placeOf } from './pages.ts'

export interface SuppressionRows {
  /** Known without a query for as long as nobody writes. */
  isEmpty(list: 'account' | 'global'): boolean
  reasonOf(key: string): SuppressionReason | undefined
  isOnGlobalList(key: string, now: number): boolean
  /** After a bounce or a complaint. Inside a transaction. */
  learn(found: readonly NewlySuppressed[], account: Pick<Account, 'suppressedReasons'>): void
  put(entries: readonly SuppressedAddress[]): void
  /** @returns how many were there */
  remove(addresses: readonly string[]): number
  removeFromGlobalList(address: string, now: number): boolean
  /** The rows may say something else than what is known here. */
  forget(): void
}

/** Old entries that one bounce clears away: more than it adds. */
const CLEARED_AT_ONCE = 4

export function openSuppressionRows(database: Database): SuppressionRows {
  /** Whether a list is empty. */
  const known: { account: boolean | undefined; global: boolean | undefined } = { account: undefined, global: undefined }
  function isEmpty(list: 'account' | 'global'): boolean {
    const table = list === 'account' ? 'suppressed' : 'globally_suppressed'
    known[list] ??= database.prepare(`SELECT 1 FROM ${table} WHERE address > '' LIMIT 1`).get() === undefined
    return known[list]
  }

  function put(entries: readonly SuppressedAddress[]): void {
    const insert = database.prepare(
      `INSERT INTO suppressed (address, reason, updated_at, message_id, feedback_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT (address)
       DO UPDATE SET reason = excluded.reason, updated_at = excluded.updated_at, message_id = excluded.message_id, feedback_id = excluded.feedback_id`,
    )
    for (const { address, reason, updatedAt, messageId, feedbackId } of entries)
      insert.run(address, reason, updatedAt, messageId, feedbackId)
    if (entries.length > 0) known.account = false
  }

  function putOnGlobalList(address: string, now: number): void {
    database
      .prepare(
        'DELETE FROM globally_suppressed WHERE address IN (SELECT address FROM globally_suppressed WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
      )
      .run(now - GLOBAL_MEMORY_MS, CLEARED_AT_ONCE)
    const before = findGlobally(database, address)
    const remembered = before !== undefined && before.expiresAt > now - GLOBAL_MEMORY_MS
    const bounces = remembered ? before.bounces + 1 : 1
    database
      .prepare('INSERT OR REPLACE INTO globally_suppressed (address, bounces, updated_at, expires_at) VALUES (?, ?, ?, ?)')
      .run(address, bounces, now, now + globalPeriodMs(bounces))
    known.global = false
  }

  return {
    isEmpty,
    reasonOf(key) {
      if (isEmpty('account')) return undefined
      const row = database.prepare('SELECT reason FROM suppressed WHERE address = ?').get(key)
      return row && reasonIn(row)
    },
    isOnGlobalList: (key, now) => !isEmpty('global') && (findGlobally(database, key)?.expiresAt ?? 0) > now,
    learn(found, { suppressedReasons }) {
      for (const { setReasons, ...entry } of found) {
        if (entry.reason === 'BOUNCE') putOnGlobalList(entry.address, entry.updatedAt)
        if (effectiveReasons({ account: suppressedReasons, set: setReasons }).includes(entry.reason)) put([entry])
      }
    },
    put,
    remove(addresses) {
      known.account = undefined
      const remove = database.prepare('DELETE FROM suppressed WHERE address = ?')
      return addresses.reduce((count, address) => count + remove.run(address).changes, 0)
    },
    removeFromGlobalList(address, now) {
      const counted = (findGlobally(database, address)?.expiresAt ?? 0) > now
      known.global = undefined
      database.prepare('DELETE FROM globally_suppressed WHERE address = ?').run(address)
      return counted
    },
    forget() {
      known.account = undefined
      known.global = undefined
    },
  }
}

export function findSuppressed(database: Database, address: string): SuppressedAddress | undefined {
  const row = database.prepare('SELECT * FROM suppressed WHERE address = ?').get(address)
  return row && toEntry(row)
}

export const suppressedFrom = (database: Database, after: string, limit: number): SuppressedAddress[] =>
  database.prepare('SELECT * FROM suppressed WHERE address > ? ORDER BY address LIMIT ?').all(after, limit).map(toEntry)

export function countSuppressed(database: Database): number {
  const row = database.prepare('SELECT COUNT(*) AS count FROM suppressed').get()
  return row ? number(row, 'count') : 0
}

/** Each reason has its own order in the index: a page is merged of one of each, so that none is read past. */
export function suppressedPage(
  database: Database,
  { reason, since, until, limit, after }: SuppressionFilter & PageAsk,
): SuppressionPage<SuppressedAddress> {
  const [at, address] = placeOf(after)
  const select = database.prepare(
    `SELECT * FROM suppressed WHERE reason = ? AND (updated_at, address) < (?, ?) AND updated_at >= ? AND updated_at < ?
     ORDER BY updated_at DESC, address DESC LIMIT ?`,
  )
  const reasons: readonly SuppressionReason[] = reason === undefined ? ['BOUNCE', 'COMPLAINT'] : [reason]
  const found = reasons.flatMap(one => select.all(one, at, address, since ?? 0, until ?? Number.MAX_SAFE_INTEGER, limit + 1)).map(toEntry)
  found.sort((a, b) => b.updatedAt - a.updatedAt || (a.address < b.address ? 1 : -1))
  return pageOf(found, limit, placeIn)
}

export function findGlobally(database: Database, address: string): GloballySuppressed | undefined {
  const row = database.prepare('SELECT * FROM globally_suppressed WHERE address = ?').get(address)
  return row && toGlobal(row)
}

export function globalPage(
  database: Database,
  { now, limit, after }: PageAsk & { readonly now: number },
): SuppressionPage<GloballySuppressed> {
  const rows = database
    .prepare(
      `SELECT * FROM globally_suppressed WHERE (updated_at, address) < (?, ?) AND expires_at > ? ORDER BY updated_at DESC, address DESC LIMIT ?`,
    )
    .all(...placeOf(after), now, limit + 1)
  return pageOf(rows.map(toGlobal), limit, placeIn)
}

const placeIn = ({ updatedAt, address }: { readonly updatedAt: number; readonly address: string }) => [updatedAt, address] as const

function reasonIn(row: SqlRow): SuppressionReason {
  const reason = text(row, 'reason')
  if (reason === 'BOUNCE' || reason === 'COMPLAINT') return reason
  throw new TypeError(`'${reason}' is no reason for suppression`)
}

const toEntry = (row: SqlRow): SuppressedAddress => ({
  address: text(row, 'address'),
  reason: reasonIn(row),
  updatedAt: number(row, 'updated_at'),
  messageId: optional(row, 'message_id', text),
  feedbackId: optional(row, 'feedback_id', text),
})

const toGlobal = (row: SqlRow): GloballySuppressed => ({
  address: text(row, 'address'),
  bounces: number(row, 'bounces'),
  updatedAt: number(row, 'updated_at'),
  expiresAt: number(row, 'expires_at'),
})
