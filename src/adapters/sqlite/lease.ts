/**
 * Giving out what may be tried: the recipients become `active` and this process's own. Inside the caller's transaction. Every query goes by a
 * partial index over what waits, and reads no more of it than it takes.
 */
import type { Database } from '../../base/database.ts'
import type { QueueFilter } from '../../ports/queue.ts'
import type { Leased, StoredMessage } from '../../ports/store.ts'
import { number, text } from './columns.ts'
import { domainsInTurn, dueOfDomain, dueOfMessage, type Group, WAITING } from './due.ts'
import { messageBySeq } from './message-rows.ts'
import { type Key, keysOf, placeAt, streamsOf, tokenOf } from './queue-filter.ts'

export interface LeaseTerms {
  /** Who holds what is given out. */
  readonly owner: number
}

export interface LeaseAsk {
  /** The account's time: what is due. */
  readonly now: number
  /** Groups. */
  readonly limit: number
  readonly messageId?: string
  readonly domain?: string
}

/** @param turn the domain served last; domains after it come first, and it is moved on */
export function leaseDue(
  database: Database,
  { now, limit, messageId, domain }: LeaseAsk,
  { terms, turn }: { readonly terms: LeaseTerms; readonly turn: { domain: string } },
): Leased[] {
  if (messageId !== undefined) return leaseGroups(database, dueOfMessage(database, { now, messageId, limit, domain }), terms)
  if (domain !== undefined) return leaseGroups(database, dueOfDomain(database, { now, domain, limit }), terms)
  return leaseInTurn(database, { now, limit }, { terms, turn })
}

/** Each domain gets an equal share; what one does not need goes to the others. */
function leaseInTurn(
  database: Database,
  { now, limit }: LeaseAsk,
  { terms, turn }: { readonly terms: LeaseTerms; readonly turn: { domain: string } },
): Leased[] {
  let open = domainsInTurn(database, { now, after: turn.domain, limit })
  turn.domain = open.at(-1) ?? turn.domain
  const leased: Leased[] = []
  while (open.length > 0 && leased.length < limit) {
    const share = Math.max(1, Math.floor((limit - leased.length) / open.length))
    const hungry: string[] = []
    for (const domain of open) {
      const room = Math.min(share, limit - leased.length)
      const taken = room > 0 ? leaseGroups(database, dueOfDomain(database, { now, domain, limit: room }), terms) : []
      leased.push(...taken)
      if (taken.length === room) hungry.push(domain)
    }
    open = hungry
  }
  return leased
}

/** Takes what the groups say, as far as it still waits. */
export function leaseGroups(database: Database, groups: readonly Group[], { owner }: LeaseTerms): Leased[] {
  const messages = new Map<number, StoredMessage>()
  const take = database.prepare(
    // By the message's own rows: without the plus SQLite would go through all that waits for the domain.
    `UPDATE recipient SET was = state, state = 'active', owner = ?
     WHERE message = ? AND +domain = ? AND +next_attempt_at <= ? AND ${WAITING} RETURNING position`,
  )
  const taken = groups.map(({ seq, domain, dueBy }) => ({ seq, domain, rows: take.all(owner, seq, domain, dueBy) }))
  return taken.map(({ seq, domain, rows }) => {
    const message = messages.get(seq) ?? messageBySeq(database, seq)
    messages.set(seq, message)
    const positions = new Set(rows.map(row => number(row, 'position')))
    return { message, domain, recipients: message.recipients.filter(({ index }) => positions.has(index)) }
  })
}

export interface MatchingAsk {
  readonly filter: QueueFilter
  /** Recipients, about. */
  readonly limit: number
  readonly after?: string
}

/** What a filter means, due or not, in order of acceptance. */
export function leaseMatching(
  database: Database,
  { filter, limit, after }: MatchingAsk,
  { owner }: LeaseTerms,
): { readonly leased: readonly Leased[]; readonly next: string | null } {
  const states = (['queued', 'deferred'] as const).filter(state => filter.states?.includes(state) ?? true)
  const keys = keysOf(database, streamsOf(database, filter, states), { after: placeAt(after), limit })
  const last = keys.at(-1)
  if (last === undefined) return { leased: [], next: null }
  // The rest of the last message too: a group is never tried in two halves, and the next call begins behind the whole message.
  const id = text(database.prepare('SELECT id FROM message WHERE seq = ?').get(last.seq) ?? {}, 'id')
  keys.push(...keysOf(database, streamsOf(database, { ...filter, messageId: id }, states), { after: last, limit: LAST_POSITION }))
  const take = database.prepare(`UPDATE recipient SET was = state, state = 'active', owner = ? WHERE message = ? AND position = ?`)
  for (const { seq, position } of keys) take.run(owner, seq, position)
  return { leased: groupsAt(database, keys), next: tokenOf({ ...last, position: LAST_POSITION }) }
}

/** No envelope has as many recipients. */
const LAST_POSITION = 1_000_000

function groupsAt(database: Database, keys: readonly Key[]): Leased[] {
  const positions = new Map<number, Set<number>>()
  for (const { seq, position } of keys) positions.set(seq, (positions.get(seq) ?? new Set()).add(position))
  return [...positions].flatMap(([seq, taken]) => {
    const message = messageBySeq(database, seq)
    const recipients = message.recipients.filter(({ index }) => taken.has(index))
    return [...new Set(recipients.map(({ domain }) => domain))].map(domain => ({
      message,
      domain,
      recipients: recipients.filter(one => one.domain === domain),
    }))
  })
}
