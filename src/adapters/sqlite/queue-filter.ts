/**
 * Which recipients a filter of the queue's tools means, always in one order: by acceptance, then by place in the envelope. A filter becomes
 * streams, each read off one index in that order, so that a page costs as much as it is long. Only two filters together may cost more: one
 * of them chooses the index, the other is checked on it.
 */
import type { Database, SqlValue } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import type { QueueFilter, QueueState } from '../../ports/queue.ts'
import { number, text } from './columns.ts'
import { sequenceOf } from './message-rows.ts'

/** As the indexes `recipient_open…` have it, word for word: SQLite uses a partial index only then. */
const OPEN = `(state = 'queued' OR state = 'deferred' OR state = 'held')`
export const OPEN_STATES = ['queued', 'deferred', 'held'] as const

/** A recipient's place in the order. */
export interface Key {
  readonly acceptedAt: number
  readonly seq: number
  readonly position: number
}

/** Recipients in order; `where` and `values` complete a statement on `from`. */
export interface Stream {
  readonly from: string
  readonly where: string
  readonly values: readonly SqlValue[]
}

type Condition = readonly [sql: string, ...values: SqlValue[]]

/** More different errors than this are no prefix that leads anywhere: then every waiting recipient is looked at. */
const MAX_STATUSES = 100

export function streamsOf(database: Database, filter: QueueFilter, states: readonly QueueState[]): Stream[] {
  const rest = conditions(filter)
  if (filter.messageId !== undefined) {
    const seq = sequenceOf(database, filter.messageId) ?? -1
    return states.map(state => stream('recipient', [['message = ?', seq], ['state = ?', state], ...Object.values(rest).flat()]))
  }
  const { index, leads } = leadOf(database, filter)
  const { [index]: _, ...others } = rest
  const open = OPEN_STATES.filter(state => states.includes(state)).flatMap(state =>
    leads.map(lead => stream(`recipient INDEXED BY ${index}`, [...lead, ['state = ?', state], ...Object.values(others).flat()], OPEN)),
  )
  if (!states.includes('active')) return open
  return [...open, stream('recipient INDEXED BY recipient_active', [[`state = 'active'`], ...Object.values(rest).flat()])]
}

/** Each filter under the index that answers it. */
function conditions({ domain, error, configurationSet, acceptedFrom, acceptedUntil }: QueueFilter): Record<string, Condition[]> {
  return {
    recipient_open_domain: domain === undefined ? [] : [['domain = ?', domain]],
    recipient_open_status: error === undefined ? [] : [['last_status >= ? AND last_status < ?', ...statusRange(error)]],
    recipient_open_set: configurationSet === undefined ? [] : [['configuration_set = ?', configurationSet]],
    age: [
      ...(acceptedFrom === undefined ? [] : [['accepted_at >= ?', acceptedFrom] as const]),
      ...(acceptedUntil === undefined ? [] : [['accepted_at <= ?', acceptedUntil] as const]),
    ],
  }
}

/** `4.4` is itself and all that begins with `4.4.`: the slash follows the dot. */
const statusRange = (error: string): [string, string] => [error, `${error}/`]

/** The index to read and what is equal on its first column, once for each stream. */
function leadOf(database: Database, { domain, error, configurationSet }: QueueFilter): { index: string; leads: Condition[][] } {
  if (domain !== undefined) return { index: 'recipient_open_domain', leads: [[['domain = ?', domain]]] }
  const statuses = error === undefined ? [] : statusesOf(database, error)
  if (error !== undefined && statuses.length <= MAX_STATUSES)
    return { index: 'recipient_open_status', leads: statuses.map(status => [['last_status = ?', status]]) }
  if (configurationSet !== undefined) return { index: 'recipient_open_set', leads: [[['configuration_set = ?', configurationSet]]] }
  return { index: 'recipient_open', leads: [[]] }
}

/** The different errors that a prefix covers, by one seek each. */
export function statusesOf(database: Database, error: string, most = MAX_STATUSES): string[] {
  const [from, until] = statusRange(error)
  const found: string[] = []
  const next = database.prepare(
    `SELECT last_status FROM recipient INDEXED BY recipient_open_status
     WHERE ${OPEN} AND last_status IS NOT NULL AND last_status > ? AND last_status < ? ORDER BY last_status LIMIT 1`,
  )
  const exact = database
    .prepare(`SELECT last_status FROM recipient INDEXED BY recipient_open_status WHERE ${OPEN} AND last_status = ? LIMIT 1`)
    .get(from)
  if (exact) found.push(from)
  for (let row = next.get(from, until); row && found.length <= most; row = next.get(found.at(-1) ?? from, until))
    found.push(text(row, 'last_status'))
  return found
}

function stream(from: string, all: readonly Condition[], predicate?: string): Stream {
  return {
    from,
    where: [...(predicate === undefined ? [] : [predicate]), ...all.map(([sql]) => sql)].join(' AND '),
    values: all.flatMap(([, ...values]) => values),
  }
}

/** The next recipients after a place, at most `limit`. */
export function keysOf(database: Database, streams: readonly Stream[], { after, limit }: { after: Key | null; limit: number }): Key[] {
  const keys = streams.flatMap(({ from, where, values }) =>
    database
      .prepare(
        `SELECT accepted_at, message, position FROM ${from} WHERE ${where} AND (accepted_at, message, position) > (?, ?, ?)
         ORDER BY accepted_at, message, position LIMIT ?`,
      )
      .all(...values, ...placeOf(after), limit)
      .map(row => ({ acceptedAt: number(row, 'accepted_at'), seq: number(row, 'message'), position: number(row, 'position') })),
  )
  if (streams.length === 1) return keys
  return keys.sort((a, b) => a.acceptedAt - b.acceptedAt || a.seq - b.seq || a.position - b.position).slice(0, limit)
}

/** How many there are after a place, counted to `most`. */
export function countKeys(database: Database, streams: readonly Stream[], { after, most }: { after: Key | null; most: number }): number {
  let count = 0
  for (const { from, where, values } of streams) {
    const row = database
      .prepare(
        `SELECT COUNT(*) AS count FROM (SELECT 1 FROM ${from} WHERE ${where} AND (accepted_at, message, position) > (?, ?, ?) LIMIT ?)`,
      )
      .get(...values, ...placeOf(after), most - count)
    count += row ? number(row, 'count') : 0
    if (count >= most) break
  }
  return count
}

const placeOf = (key: Key | null): [number, number, number] => (key ? [key.acceptedAt, key.seq, key.position] : [-1, -1, -1])

/** A place as text that travels: opaque to everyone else. */
export const tokenOf = ({ acceptedAt, seq, position }: Key): string => [acceptedAt, seq, position].map(part => part.toString(36)).join('-')

/** @throws MailctlError usage */
export function placeAt(token: string | undefined): Key | null {
  if (token === undefined) return null
  const [acceptedAt = -1, seq = -1, position = -1] = /^[0-9a-z]{1,10}(-[0-9a-z]{1,10}){2}$/.test(token)
    ? token.split('-').map(part => Number.parseInt(part, 36))
    : []
  if (![acceptedAt, seq, position].every(part => Number.isSafeInteger(part) && part >= 0))
    throw new MailctlError('usage', `'${token}' is no place in the queue`, { hint: 'Give the NextToken of the page before.' })
  return { acceptedAt, seq, position }
}
