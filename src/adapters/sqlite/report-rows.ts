/** Reports as rows, and what they do to the account: one transaction each. */
import type { ReportedMessage, ReportVerdict, Told } from '../../account/judge-report.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import type { KeptReport, ReceivedReport, Reports, Ruling } from '../../ports/reports.ts'
import type { MessageFacts, NewMessage } from '../../ports/store.ts'
import { blob, number, optional, text } from './columns.ts'
import { type EventLog, insertEvents } from './event-rows.ts'
import type { Commit } from './group-commit.ts'
import type { KnownAccount } from './known-account.ts'
import { sequenceOf, stateOf } from './message-rows.ts'
import type { SuppressionRows } from './suppression-rows.ts'

/** Reports that changed nothing: whoever may send some must not fill the disk. */
const KEPT_WITHOUT_EFFECT = 1_000
const KEPT_OCTETS = 64 * 1024

export interface ReportTables {
  readonly commit: Commit
  readonly activity: EventLog['activity']
  readonly lists: SuppressionRows
  readonly known: KnownAccount
  /** Queues a message of our own. */
  readonly insert: (message: NewMessage) => void
}

interface Found {
  readonly seq: number
  readonly facts: MessageFacts
  readonly about: ReportedMessage
}

export function reportRows(database: Database, { commit, activity, lists, known, insert }: ReportTables): Reports {
  function apply(received: ReceivedReport, { seq, facts }: Found, { judgement, passedOn }: Ruling): void {
    const { told, events, suppress } = judgement
    const { receivedAt: at, messageId } = received
    if (messageId === null) throw new TypeError('a report about a message has its id')
    const tell = database.prepare('INSERT INTO report_told (message, position, what) VALUES (?, ?, ?)')
    for (const { index, what } of told) tell.run(seq, index, what)
    insertEvents(
      { database, activity },
      seq,
      events.map(event => ({ ...event, at, messageId })),
    )
    const setReasons = facts.suppressedReasons
    lists.learn(
      suppress.map(({ address, reason, feedbackId }) => ({ address, reason, feedbackId, updatedAt: at, messageId, setReasons })),
      known.account(),
    )
    for (const message of passedOn) insert(message)
  }

  return {
    ingest: (received, rule) =>
      commit(() => {
        const found = received.messageId === null ? undefined : findReported(database, received.messageId)
        const ruling = rule(found?.about)
        if (ruling.judgement.verdict === 'EARLY') return ruling.judgement
        insertReport(database, received, { seq: found?.seq ?? null, ...ruling })
        if (found) apply(received, found, ruling)
        return ruling.judgement
      }),
    async reports({ messageId, limit }) {
      const rows =
        messageId === undefined
          ? database.prepare(`SELECT * FROM report WHERE verdict <> 'APPLIED' ORDER BY id DESC LIMIT ?`).all(limit)
          : database.prepare('SELECT * FROM report WHERE message = ? ORDER BY id LIMIT ?').all(sequenceOf(database, messageId) ?? -1, limit)
      return rows.map(toReport)
    },
    async reportOctets(id) {
      const row = database.prepare('SELECT octets FROM report WHERE id = ?').get(id)
      return row && (optional(row, 'octets', blob) ?? Buffer.alloc(0)) // an empty BLOB may come back as null
    },
  }
}

/** @returns undefined for a message that is not there, and for mail of our own, of which nobody is told anything */
function findReported(database: Database, id: string): Found | undefined {
  const row = database.prepare(`SELECT seq, accepted_at, expires_at, facts FROM message WHERE id = ? AND kind = 'mail'`).get(id)
  if (!row) return undefined
  const seq = number(row, 'seq')
  const facts: MessageFacts = JSON.parse(text(row, 'facts'))
  const told = database.prepare('SELECT position, what FROM report_told WHERE message = ?').all(seq)
  const toldOf = (index: number): ReadonlySet<Told> =>
    new Set(told.filter(one => number(one, 'position') === index).map(one => text(one, 'what') as Told))
  const recipients = database.prepare('SELECT position, address, state FROM recipient WHERE message = ? ORDER BY position').all(seq)
  return {
    seq,
    facts,
    about: {
      acceptedAt: number(row, 'accepted_at'),
      expiresAt: number(row, 'expires_at'),
      customLifetime: (facts.delivery?.maxDeliverySeconds ?? null) !== null,
      recipients: recipients.map(one => {
        const index = number(one, 'position')
        return { index, address: text(one, 'address'), state: stateOf(text(one, 'state')), told: toldOf(index) }
      }),
    },
  }
}

type Record = Omit<KeptReport, 'id' | 'receivedAt' | 'verdict'>

function insertReport(
  database: Database,
  { receivedAt, octets, ...received }: ReceivedReport,
  { seq, judgement: { verdict, recipients }, passedOn }: Ruling & { readonly seq: number | null },
): void {
  const record: Record = { ...received, recipients, passedOn: passedOn.map(({ id }) => id) }
  database
    .prepare('INSERT INTO report (message, received_at, verdict, record, octets) VALUES (?, ?, ?, ?, ?)')
    .run(seq, receivedAt, verdict, JSON.stringify(record), octets.subarray(0, KEPT_OCTETS))
  if (verdict === 'APPLIED') return
  database
    .prepare(
      `DELETE FROM report WHERE verdict <> 'APPLIED' AND id <=
         (SELECT id FROM report WHERE verdict <> 'APPLIED' ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    )
    .run(KEPT_WITHOUT_EFFECT)
}

function toReport(row: SqlRow): KeptReport {
  const record: Record = JSON.parse(text(row, 'record'))
  return { id: number(row, 'id'), receivedAt: number(row, 'received_at'), verdict: text(row, 'verdict') as ReportVerdict, ...record }
}
