/** The queue as its tools show it: pages, counts, destinations. Only counting by a filter takes longer because more waits. */
import type { Database } from '../../base/database.ts'
import type { QueueDeferral, QueueDestination, QueueEntry, QueueFilter, QueuePage, QueueState, QueueStats } from '../../ports/queue.ts'
import { number, optional, text } from './columns.ts'
import { stateOf } from './message-rows.ts'
import { countKeys, type Key, keysOf, OPEN_STATES, placeAt, statusesOf, streamsOf, tokenOf } from './queue-filter.ts'

/** Beyond it a page says "more than". */
const MOST_COUNTED = 10_000
const ALL_STATES = [...OPEN_STATES, 'active'] as const

export function queuePage(
  database: Database,
  { limit, after, ...filter }: QueueFilter & { readonly limit: number; readonly after?: string },
): QueuePage {
  const streams = streamsOf(database, filter, filter.states ?? ALL_STATES)
  const keys = keysOf(database, streams, { after: placeAt(after), limit })
  const last = keys.at(-1)
  const more = last === undefined || keys.length < limit ? 0 : countKeys(database, streams, { after: last, most: MOST_COUNTED + 1 })
  return {
    entries: keys.map(key => entryAt(database, key)),
    more: Math.min(more, MOST_COUNTED),
    moreIsExact: more <= MOST_COUNTED,
    next: last === undefined || more === 0 ? null : tokenOf(last),
  }
}

function entryAt(database: Database, { seq, position }: Key): QueueEntry {
  const row = database
    .prepare(
      `SELECT id, recipient.accepted_at, address, state, attempts, next_attempt_at, outcome
       FROM recipient JOIN message ON seq = message WHERE message = ? AND position = ?`,
    )
    .get(seq, position)
  if (!row) throw new TypeError(`an index names recipient ${position} of message ${seq}, which is not there`)
  const outcome = optional(row, 'outcome', text)
  return {
    messageId: text(row, 'id'),
    address: text(row, 'address'),
    state: stateOf(text(row, 'state')),
    attempts: number(row, 'attempts'),
    acceptedAt: number(row, 'accepted_at'),
    nextAttemptAt: optional(row, 'next_attempt_at', number),
    lastReply: outcome === null ? null : JSON.parse(outcome).reply,
  }
}

/** How many recipients a filter means. Exact: without filter or by domain at once, else by counting along an index. */
export function countMatching(database: Database, filter: QueueFilter): number {
  const states = filter.states ?? ALL_STATES
  const { states: _, domain, ...others } = filter
  const alongIndex = (of: readonly QueueState[]): number =>
    countKeys(database, streamsOf(database, filter, of), { after: null, most: Number.MAX_SAFE_INTEGER })
  if (Object.values(others).some(value => value !== undefined)) return alongIndex(states)
  const counted = countOf(database, domain)
  return states.reduce((sum, state) => sum + (state === 'active' ? alongIndex(['active']) : counted[state]), 0)
}

function countOf(database: Database, domain?: string): Record<(typeof OPEN_STATES)[number], number> {
  const sums = 'SELECT SUM(queued) AS queued, SUM(deferred) AS deferred, SUM(held) AS held FROM queue_count'
  const row = domain === undefined ? database.prepare(sums).get() : database.prepare(`${sums} WHERE domain = ?`).get(domain)
  const [queued = 0, deferred = 0, held = 0] = OPEN_STATES.map(state => (row && optional(row, state, number)) ?? 0)
  return { queued, deferred, held }
}

export function queueStats(database: Database): QueueStats {
  const active = database.prepare(`SELECT COUNT(*) AS active FROM recipient WHERE state = 'active'`).get()
  return { ...countOf(database), active: active ? number(active, 'active') : 0 }
}

/** Statuses that are counted; a queue seldom waits for more than a few. */
const MOST_STATUSES = 20

export function topDeferral(database: Database): QueueDeferral | null {
  const statuses = ['4', '5'].flatMap(group => statusesOf(database, group, MOST_STATUSES))
  const counted = statuses.map(status => {
    const streams = streamsOf(database, { error: status }, ['deferred'])
    return { status, streams, recipients: countKeys(database, streams, { after: null, most: MOST_COUNTED + 1 }) }
  })
  const [top] = counted.sort((a, b) => b.recipients - a.recipients)
  if (top === undefined || top.recipients === 0) return null
  const [oldest] = keysOf(database, top.streams, { after: null, limit: 1 })
  return {
    status: top.status,
    recipients: Math.min(top.recipients, MOST_COUNTED),
    isExact: top.recipients <= MOST_COUNTED,
    lastReply: oldest ? entryAt(database, oldest).lastReply : null,
  }
}

/** Those that most waits for, first. */
export function destinations(database: Database, limit: number): QueueDestination[] {
  return database
    .prepare(`SELECT domain, queued, deferred, held FROM queue_count ORDER BY total DESC LIMIT ?`)
    .all(limit)
    .map(row => {
      const domain = text(row, 'domain')
      const [oldest] = keysOf(database, streamsOf(database, { domain }, OPEN_STATES), { after: null, limit: 1 })
      return {
        domain,
        queued: number(row, 'queued'),
        deferred: number(row, 'deferred'),
        held: number(row, 'held'),
        oldestAt: oldest?.acceptedAt ?? null,
      }
    })
}
