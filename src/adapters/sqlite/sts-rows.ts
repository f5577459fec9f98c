/** MTA-STS policies as rows, so that they hold across restarts: until they expire nobody can take them back by cutting a lookup. RFC 8461 §10.2 */
import type { Database } from '../../base/database.ts'
import type { StsPolicy } from '../../mail/mta-sts.ts'
import { number, text } from './columns.ts'

export interface KeptPolicy {
  readonly id: string
  readonly policy: StsPolicy
  /** Epoch milliseconds of the machine. */
  readonly fetchedAt: number
  readonly expiresAt: number
}

interface StsRows {
  /** @returns undefined when there is none that is still good */
  find(domain: string, now: number): KeptPolicy | undefined
  /** Replaces the domain's, and forgets whose time is over. */
  keep(domain: string, kept: KeptPolicy): void
}

export const stsRows = (database: Database): StsRows => ({
  find(domain, now) {
    const row = database.prepare('SELECT * FROM sts_policy WHERE domain = ? AND expires_at > ?').get(domain, now)
    if (row === undefined) return undefined
    return {
      id: text(row, 'id'),
      policy: JSON.parse(text(row, 'policy')),
      fetchedAt: number(row, 'fetched_at'),
      expiresAt: number(row, 'expires_at'),
    }
  },
  keep(domain, { id, policy, fetchedAt, expiresAt }) {
    database.transaction(() => {
      database.prepare('DELETE FROM sts_policy WHERE expires_at <= ?').run(fetchedAt)
      database
        .prepare('INSERT OR REPLACE INTO sts_policy (domain, id, policy, fetched_at, expires_at) VALUES (?, ?, ?, ?, ?)')
        .run(domain, id, JSON.stringify(policy), fetchedAt, expiresAt)
    })
  },
})
