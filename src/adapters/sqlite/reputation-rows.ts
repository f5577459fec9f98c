/**
 * Counting the event log, day by day. The cursor moves in the transaction that adds what it passed over, so each event counts once, whoever
 * counts; event ids grow in the order of commits, so none slips behind it. A step is bounded and reads the log by its key.
 */
import { isVerified, type ProofScope } from '../../account/admit.ts'
import { coveringNames } from '../../account/identity.ts'
import { dayOf, WINDOW_DAYS } from '../../account/reputation.ts'
import { COUNTED_TYPES, type CountedEvent, countsOf, proofOf } from '../../account/reputation-counts.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import type { Proofs, ReputationKind } from '../../ports/reputation.ts'
import { number, optional, text } from './columns.ts'
import { findConfigurationSet } from './configuration-set-rows.ts'
import type { KnownAccount } from './known-account.ts'
import { addCounts, type Tally } from './reputation-day-rows.ts'
import { readStanding } from './standing-row.ts'

export interface CountingPlace {
  readonly known: KnownAccount
  readonly network: ProofScope
}

/** How many events are not counted yet, about: ids may have gaps. */
export function uncounted(database: Database): number {
  const row = database.prepare('SELECT COALESCE((SELECT MAX(id) FROM event), 0) - event AS behind FROM reputation_cursor').get()
  return row ? number(row, 'behind') : 0
}

/** Inside a transaction. @returns whether there are more */
export function countNext(database: Database, { known, network }: CountingPlace, { limit, now }: { limit: number; now: number }): boolean {
  const cursor = cursorOf(database)
  const newest = cursor + uncounted(database)
  const until = Math.min(newest, cursor + limit)
  const tallies = new Map<string, Tally>()
  const isOwn = ownDomains({ known, network }, now)
  const startOf = freshStarts(database)
  const oldest = dayOf(now) - WINDOW_DAYS
  for (const row of counted(database, cursor, until)) {
    const event = toEvent(row)
    const at = number(row, 'at')
    prove(database, event, at)
    if (dayOf(at) <= oldest) continue
    const counts = countsOf(event, isOwn)
    if (counts.sent === 0 && counts.bounced === 0 && counts.complained === 0) continue
    for (const { kind, name } of scopesOf(row)) {
      const start = startOf(kind, name)
      if (start === undefined || at < start) continue
      add(tallies, { kind, name, day: dayOf(at), counts })
    }
  }
  for (const tally of tallies.values()) addCounts(database, tally)
  database.prepare('UPDATE reputation_cursor SET event = ?').run(until)
  database.prepare('DELETE FROM reputation_day WHERE day <= ?').run(oldest)
  return until < newest
}

function cursorOf(database: Database): number {
  const row = database.prepare('SELECT event FROM reputation_cursor').get()
  return row ? number(row, 'event') : 0
}

const counted = (database: Database, after: number, until: number): SqlRow[] =>
  database
    .prepare(
      `SELECT event.type, event.at, event.recipients, event.detail, message.configuration_set, json_extract(message.facts, '$.identity') AS identity
       FROM event JOIN message ON message.seq = event.message
       WHERE event.id > ? AND event.id <= ? AND event.type IN (${COUNTED_TYPES.map(type => `'${type}'`).join(', ')}) ORDER BY event.id`,
    )
    .all(after, until)

const toEvent = (row: SqlRow): CountedEvent => ({
  type: text(row, 'type'),
  recipients: JSON.parse(text(row, 'recipients')),
  detail: JSON.parse(text(row, 'detail')),
})

function scopesOf(row: SqlRow): { readonly kind: ReputationKind; readonly name: string }[] {
  const set = optional(row, 'configuration_set', text)
  return [
    { kind: 'account', name: '' },
    { kind: 'identity', name: text(row, 'identity') },
    ...(set === null ? [] : [{ kind: 'set', name: set } as const]),
  ]
}

/** Whether a domain, or one above it, is the account's own. Each is looked up once. */
function ownDomains({ known, network }: CountingPlace, now: number): (domain: string) => boolean {
  const answers = new Map<string, boolean>()
  return domain => {
    const answer = answers.get(domain)
    if (answer !== undefined) return answer
    const names = coveringNames(`@${domain}`).filter(name => !name.includes('@'))
    const isOwn = known.identities(names).some(identity => isVerified(identity, network, now))
    answers.set(domain, isOwn)
    return isOwn
  }
}

/** From when on a scope is counted; undefined: not at all. Each is read once. */
function freshStarts(database: Database): (kind: ReputationKind, name: string) => number | undefined {
  const account = readStanding(database).freshStartAt ?? 0
  const sets = new Map<string, number | undefined>()
  return (kind, name) => {
    if (kind !== 'set') return kind === 'account' ? account : 0
    if (!sets.has(name)) {
      const set = findConfigurationSet(database, name)
      sets.set(name, set?.reputation.metricsEnabled ? (set.reputation.lastFreshStartAt ?? 0) : undefined)
    }
    return sets.get(name)
  }
}

function prove(database: Database, event: CountedEvent, at: number): void {
  const proved = proofOf(event)
  if (proved === 'bounce') database.prepare('UPDATE reputation_cursor SET bounce_proved_at = COALESCE(bounce_proved_at, ?)').run(at)
  if (proved === 'complaint')
    database.prepare('UPDATE reputation_cursor SET complaint_proved_at = COALESCE(complaint_proved_at, ?)').run(at)
}

function add(tallies: Map<string, Tally>, { kind, name, day, counts }: Tally): void {
  const key = `${kind} ${day} ${name}`
  const before = tallies.get(key)?.counts ?? { sent: 0, bounced: 0, reportable: 0, complained: 0 }
  tallies.set(key, {
    kind,
    name,
    day,
    counts: {
      sent: before.sent + counts.sent,
      bounced: before.bounced + counts.bounced,
      reportable: before.reportable + counts.reportable,
      complained: before.complained + counts.complained,
    },
  })
}

export function readProofs(database: Database): Proofs {
  const row = database.prepare('SELECT bounce_proved_at, complaint_proved_at FROM reputation_cursor').get() ?? {}
  return { bounceProvedAt: optional(row, 'bounce_proved_at', number), complaintProvedAt: optional(row, 'complaint_proved_at', number) }
}
