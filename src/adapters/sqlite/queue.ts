/**
 * The queue: leasing due recipients, settling what became of them, and looking at what waits. Functions that write run inside the caller's
 * transaction. Every query goes by a partial index over the recipients that are not final, so old mail costs nothing.
 */
import type { Database } from '../../base/database.ts'
import { isFinal, MOVES, type RecipientState } from '../../mail/outcome.ts'
import type { Leased, NewEvent, QueueEntry, Settlement, StoredMessage } from '../../ports/store.ts'
import { number, optional, text } from './columns.ts'
import { domainsInTurn, dueOfDomain, dueOfMessage, type Group, WAITING } from './due.ts'
import { insertAttempts, insertEvents } from './event-rows.ts'
import type { InHand } from './in-hand.ts'
import { type AccountName, insertMessage, messageBySeq, sequenceOf, stateOf } from './message-rows.ts'

/** As the index `recipient_open` has it. */
const OPEN = `state IN ('queued', 'deferred', 'held')`

export interface LeaseTerms {
  readonly owner: number
  /** The account's time: what is due. */
  readonly now: number
}

export interface LeaseAsk {
  /** Groups. */
  readonly limit: number
  readonly messageId?: string
  readonly domain?: string
}

/** @param turn the domain served last; domains after it come first, and it is moved on */
export function leaseDue(
  database: Database,
  { limit, messageId, domain }: LeaseAsk,
  { terms, turn }: { readonly terms: LeaseTerms; readonly turn: { domain: string } },
): Leased[] {
  const { now } = terms
  if (messageId !== undefined) return leaseGroups(database, dueOfMessage(database, { now, messageId, limit, domain }), terms)
  if (domain !== undefined) return leaseGroups(database, dueOfDomain(database, { now, domain, limit }), terms)
  return leaseInTurn(database, limit, { terms, turn })
}

/** Each domain gets an equal share; what one does not need goes to the others. */
function leaseInTurn(
  database: Database,
  limit: number,
  { terms, turn }: { readonly terms: LeaseTerms; readonly turn: { domain: string } },
): Leased[] {
  const { now } = terms
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
    `UPDATE recipient SET was = state, state = 'active', owner = ?
     WHERE message = ? AND domain = ? AND next_attempt_at <= ? AND ${WAITING} RETURNING position`,
  )
  const taken = groups.map(({ seq, domain, dueBy }) => ({ seq, domain, rows: take.all(owner, seq, domain, dueBy) }))
  return taken.map(({ seq, domain, rows }) => {
    const message = messages.get(seq) ?? messageBySeq(database, seq)
    messages.set(seq, message)
    const positions = new Set(rows.map(row => number(row, 'position')))
    return { message, domain, recipients: message.recipients.filter(({ index }) => positions.has(index)) }
  })
}

/** Who settles: only recipients that `owner` holds change, and what is queued as a report names the account so. */
export interface Settler {
  readonly owner: number
  readonly account: () => AccountName
  readonly inHand: InHand
}

export interface Settled {
  /** The message's number. */
  readonly seq: number
  /** Whether no recipient of the message is open any more; undefined when that was not seen on the way. */
  readonly isOver: boolean | undefined
}

/**
 * Recipients that the owner no longer holds are left out, with their events, and the rest is written.
 * @returns undefined when nothing of it was held
 */
export function settleHeld(database: Database, settlement: Settlement, { owner, account, inHand }: Settler): Settled | undefined {
  const { messageId, recipients, settledAt, events } = settlement
  const seq = inHand.sequenceOf(messageId) ?? sequenceOf(database, messageId)
  if (seq === undefined) return undefined
  // An attempt is a fact, whoever holds the recipients now: the timeline shows the second delivery that a lapsed lease can cost.
  insertAttempts(database, seq, settlement.attempts)
  const moved = recipients.filter(recipient => moveRecipient(database, { seq, owner, settledAt }, recipient))
  if (moved.length === 0) return undefined
  insertEvents(database, seq, moved.length === recipients.length ? events : eventsOf(database, seq, events, moved))
  for (const report of settlement.reports) insertMessage(database, report, account(), null)
  return {
    seq,
    isOver: inHand.settled(
      messageId,
      moved.length,
      moved.every(({ state }) => isFinal(state)),
    ),
  }
}

/** The events that concern at least one of the recipients. */
function eventsOf(database: Database, seq: number, events: readonly NewEvent[], moved: Settlement['recipients']): NewEvent[] {
  const rows = database.prepare('SELECT position, address FROM recipient WHERE message = ?').all(seq)
  const indexes = new Set(moved.map(({ index }) => index))
  const addresses = new Set(rows.filter(row => indexes.has(number(row, 'position'))).map(row => text(row, 'address')))
  return events.filter(({ recipients }) => recipients.length === 0 || recipients.some(address => addresses.has(address)))
}

interface Move {
  readonly seq: number
  readonly owner: number
  readonly settledAt: number
}

/** @returns whether the owner still held it */
function moveRecipient(database: Database, { seq, owner, settledAt }: Move, to: Settlement['recipients'][number]): boolean {
  const { index, state, outcome } = to
  if (!MOVES.active.includes(state)) throw new TypeError(`a recipient cannot go from active to ${state}`)
  const waits = !isFinal(state) && state !== 'held'
  if (waits && to.nextAttemptAt === null) throw new TypeError(`a ${state} recipient needs the time of its next attempt`)
  const { changes } = database
    .prepare(
      `UPDATE recipient SET state = ?, attempts = attempts + ?, next_attempt_at = ?, last_status = ?, outcome = ?, settled_at = ?,
         was = NULL, owner = NULL WHERE message = ? AND position = ? AND state = 'active' AND owner = ?`,
    )
    .run(
      state,
      wasTried(state) ? 1 : 0,
      waits ? to.nextAttemptAt : null,
      outcome.status,
      JSON.stringify(outcome),
      isFinal(state) ? settledAt : null,
      seq,
      index,
      owner,
    )
  return changes > 0
}

/** Going back to `queued` or to `held` is putting it down again untried. */
const wasTried = (state: RecipientState): boolean => state !== 'queued' && state !== 'held'

export function earliestDue(database: Database, messageId?: string): number | undefined {
  const row =
    messageId === undefined
      ? database.prepare(`SELECT next_attempt_at AS at FROM recipient WHERE ${WAITING} ORDER BY next_attempt_at LIMIT 1`).get()
      : database
          .prepare(`SELECT MIN(next_attempt_at) AS at FROM recipient WHERE message = ? AND ${WAITING}`)
          .get(sequenceOf(database, messageId) ?? -1)
  return (row && optional(row, 'at', number)) ?? undefined
}

export function makeAllDue(database: Database, now: number, messageId?: string): number {
  const sql = `UPDATE recipient SET next_attempt_at = ? WHERE ${WAITING} AND next_attempt_at > ?`
  if (messageId === undefined) return database.prepare(sql).run(now, now).changes
  return database.prepare(`${sql} AND message = ?`).run(now, now, sequenceOf(database, messageId) ?? -1).changes
}

/** Everything that is not final, oldest message first. */
export function listQueue(database: Database, limit: number): QueueEntry[] {
  return database
    .prepare(
      `SELECT message.id, message.accepted_at, address, state, attempts, next_attempt_at, outcome
       FROM (SELECT * FROM (SELECT message AS seq, position, address, state, attempts, next_attempt_at, outcome FROM recipient
                            WHERE ${OPEN} ORDER BY message, position LIMIT ?)
             UNION ALL
             SELECT message AS seq, position, address, state, attempts, next_attempt_at, outcome FROM recipient WHERE state = 'active')
       JOIN message USING (seq) ORDER BY seq, position LIMIT ?`,
    )
    .all(limit, limit)
    .map(row => {
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
    })
}

export function countQueue(database: Database): { queued: number; active: number; deferred: number; held: number } {
  const counts = { queued: 0, active: 0, deferred: 0, held: 0 }
  const sql = `SELECT state, COUNT(*) AS count FROM recipient WHERE ${OPEN} GROUP BY state
               UNION ALL SELECT 'active', COUNT(*) FROM recipient WHERE state = 'active'`
  for (const row of database.prepare(sql).all()) {
    const state = text(row, 'state')
    if (state in counts) counts[state as keyof typeof counts] = number(row, 'count')
  }
  return counts
}
