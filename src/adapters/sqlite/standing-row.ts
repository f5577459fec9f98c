/** The standing of the account: its status is in the account's row, why it is so in a row beside it. */
import type { Standing } from '../../account/reputation.ts'
import type { Database } from '../../base/database.ts'
import { readAccount } from './account-rows.ts'
import { text } from './columns.ts'

/** A status that was not decided here has no reason. */
export function readStanding(database: Database): Standing {
  const { enforcementStatus: status, createdAt } = readAccount(database)
  const row = database.prepare('SELECT record FROM standing').get()
  const stored: Standing | undefined = row && JSON.parse(text(row, 'record'))
  return stored?.status === status ? stored : { status, since: createdAt, freshStartAt: stored?.freshStartAt ?? null, cause: null }
}

export function writeStanding(database: Database, standing: Standing): void {
  database.prepare('UPDATE account SET enforcement_status = ?').run(standing.status)
  database.prepare('INSERT OR REPLACE INTO standing (one, record) VALUES (1, ?)').run(JSON.stringify(standing))
}
