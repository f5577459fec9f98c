/**
 * What may be leased next, as groups of one message and one domain. Nobody's turn depends on how much waits for others: domains take turns,
 * and within one the oldest due comes first.
 */
import type { Database } from '../../base/database.ts'
import { number, text } from './columns.ts'
import { sequenceOf } from './message-rows.ts'

/** As the index `recipient_due` has it, word for word: SQLite uses a partial index only then. */
export const WAITING = `(state = 'queued' OR state = 'deferred')`

/** Recipients of one message with one domain; `dueBy`: of them, those whose next attempt is not later. */
export interface Group {
  readonly seq: number
  readonly domain: string
  readonly dueBy: number
}

/** So much is looked at directly before each domain is asked by itself. */
const FEW = 1_000

/**
 * Domains with something due, in order of name, greater than `after`. When little is due it says whose it is; else each domain in the queue
 * is asked for its earliest, by one seek, until there are enough.
 */
export function dueDomains(
  database: Database,
  { now, after, limit }: { readonly now: number; readonly after: string; readonly limit: number },
): string[] {
  const due = database
    .prepare(`SELECT domain FROM recipient INDEXED BY recipient_due WHERE ${WAITING} AND next_attempt_at <= ? LIMIT ?`)
    .all(now, FEW + 1)
  if (due.length <= FEW) {
    const domains = [...new Set(due.map(row => text(row, 'domain')))].filter(domain => domain > after)
    return domains.sort().slice(0, limit)
  }
  return database
    .prepare(
      `SELECT domain FROM queue_count WHERE domain > ? AND EXISTS
         (SELECT 1 FROM recipient INDEXED BY recipient_domain WHERE ${WAITING} AND domain = queue_count.domain AND next_attempt_at <= ?)
       ORDER BY domain LIMIT ?`,
    )
    .all(after, now, limit)
    .map(row => text(row, 'domain'))
}

/** The same, those up to `after` last: whose turn it was comes again when all others had theirs. */
export function domainsInTurn(
  database: Database,
  { now, after, limit }: { readonly now: number; readonly after: string; readonly limit: number },
): string[] {
  const first = dueDomains(database, { now, after, limit })
  if (first.length === limit || after === '') return first
  const others = dueDomains(database, { now, after: '', limit: limit - first.length })
  return [...first, ...others.filter(domain => domain <= after)]
}

interface DueAsk {
  readonly now: number
  readonly limit: number
}

export function dueOfMessage(
  database: Database,
  { now, messageId, domain, limit }: DueAsk & { readonly messageId: string; readonly domain: string | undefined },
): Group[] {
  const rows = database
    .prepare(`SELECT message, domain FROM recipient WHERE message = ? AND ${WAITING} AND +next_attempt_at <= ? ORDER BY position`)
    .all(sequenceOf(database, messageId) ?? -1, now)
    .filter(row => domain === undefined || row['domain'] === domain)
  return groupsOf(rows, { limit, dueBy: now })
}

export function dueOfDomain(database: Database, { now, domain, limit }: DueAsk & { readonly domain: string }): Group[] {
  const rows = database
    .prepare(
      `SELECT message, domain FROM recipient INDEXED BY recipient_domain WHERE domain = ? AND ${WAITING} AND next_attempt_at <= ? ORDER BY next_attempt_at, message`,
    )
    .iterate(domain, now)
  return groupsOf(rows, { limit, dueBy: now })
}

/** Waiting recipients of messages whose time is over, whenever their next attempt would be. */
export function expired(database: Database, { now, limit }: { readonly now: number; readonly limit: number }): Group[] {
  const rows = database
    .prepare(
      `SELECT message, domain FROM recipient INDEXED BY recipient_expiry WHERE ${WAITING} AND expires_at <= ? ORDER BY expires_at, message`,
    )
    .iterate(now)
  return groupsOf(rows, { limit, dueBy: Number.MAX_SAFE_INTEGER })
}

/** The first groups of the rows; no row is read beyond the last of them. */
function groupsOf(
  rows: Iterable<Parameters<typeof number>[0]>,
  { limit, dueBy }: { readonly limit: number; readonly dueBy: number },
): Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const group = { seq: number(row, 'message'), domain: text(row, 'domain'), dueBy }
    const key = `${group.seq} ${group.domain}`
    if (groups.has(key)) continue
    if (groups.size >= limit) break
    groups.set(key, group)
  }
  return [...groups.values()]
}
