/** What was counted, a row for each day of the account, of an identity and of a configuration set. */
import type { Counts } from '../../account/reputation-counts.ts'
import type { Database } from '../../base/database.ts'
import type { NamedCounts, ReputationKind } from '../../ports/reputation.ts'
import { number, text } from './columns.ts'

export interface Tally {
  readonly kind: ReputationKind
  readonly name: string
  readonly day: number
  readonly counts: Counts
}

export function addCounts(database: Database, { kind, name, day, counts }: Tally): void {
  database
    .prepare(
      `INSERT INTO reputation_day (kind, name, day, sent, bounced, reportable, complained) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, name, day) DO UPDATE SET sent = sent + excluded.sent, bounced = bounced + excluded.bounced,
         reportable = reportable + excluded.reportable, complained = complained + excluded.complained`,
    )
    .run(kind, name, day, counts.sent, counts.bounced, counts.reportable, counts.complained)
}

/** What was counted of it is gone: it begins anew. */
export function forgetCounts(database: Database, kind: ReputationKind, name: string): void {
  database.prepare('DELETE FROM reputation_day WHERE kind = ? AND name = ?').run(kind, name)
}

export function readCounts(
  database: Database,
  { kind, since, limit }: { readonly kind: ReputationKind; readonly since: number; readonly limit: number },
): NamedCounts[] {
  const names = database
    .prepare('SELECT name FROM reputation_day WHERE kind = ? AND day >= ? GROUP BY name ORDER BY SUM(sent) DESC, name LIMIT ?')
    .all(kind, since, limit)
  const days = database.prepare('SELECT * FROM reputation_day WHERE kind = ? AND name = ? AND day >= ? ORDER BY day')
  return names.map(row => {
    const name = text(row, 'name')
    return {
      name,
      days: days.all(kind, name, since).map(day => ({
        day: number(day, 'day'),
        sent: number(day, 'sent'),
        bounced: number(day, 'bounced'),
        reportable: number(day, 'reportable'),
        complained: number(day, 'complained'),
      })),
    }
  })
}
