/** What became of recipients, by where they are or by what was sent to them: one walk through messages and recipients. */
import type { Database } from '../../base/database.ts'
import type { BreakdownKey, BreakdownRow, Breakdowns } from '../../ports/breakdown.ts'
import { number, text } from './columns.ts'

const NAME: Readonly<Record<BreakdownKey, string>> = {
  domain: 'recipient.domain',
  'configuration-set': "COALESCE(message.configuration_set, '')",
}

/** RFC 5965 §7.3: a report that something was no spam is no complaint. */
const COMPLAINED = `
  SELECT DISTINCT event.message, recipient.position
  FROM event, json_each(event.recipients) JOIN recipient ON recipient.message = event.message AND recipient.address = value COLLATE NOCASE
  WHERE event.type = 'Complaint' AND event.at >= ? AND json_extract(detail, '$.complaint.complaintFeedbackType') IS NOT 'not-spam'`

export function readBreakdown(database: Database, { by, since, limit }: Parameters<Breakdowns['breakdown']>[0]): BreakdownRow[] {
  return database
    .prepare(
      `WITH complained AS MATERIALIZED (${COMPLAINED})
       SELECT ${NAME[by]} AS name, COUNT(*) AS recipients, SUM(state = 'delivered') AS delivered, SUM(state = 'bounced') AS bounced,
         SUM(state IN ('suppressed', 'rejected')) AS stopped, SUM(complained.position IS NOT NULL) AS complained
       FROM message JOIN recipient ON recipient.message = seq
         LEFT JOIN complained ON complained.message = seq AND complained.position = recipient.position
       WHERE kind = 'mail' AND message.accepted_at >= ? GROUP BY 1 ORDER BY recipients DESC, name LIMIT ?`,
    )
    .all(since, since, limit)
    .map(row => {
      const [recipients, delivered, bounced] = [number(row, 'recipients'), number(row, 'delivered'), number(row, 'bounced')]
      const stopped = number(row, 'stopped')
      const waiting = recipients - delivered - bounced - stopped
      return { name: text(row, 'name'), recipients, delivered, bounced, waiting, stopped, complained: number(row, 'complained') }
    })
}
