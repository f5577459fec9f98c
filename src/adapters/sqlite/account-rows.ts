/** The account's settings and its sending counters as rows. Every function runs inside the caller's transaction or alone. */
import type { Account, SendingUsage } from '../../account/account.ts'
import type { Database } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import { number, text } from './columns.ts'

const DAY_MS = 86_400_000

/** @throws MailctlError config when no account was made in this file */
export function readAccount(database: Database): Account {
  const row = database.prepare('SELECT * FROM account').get()
  if (!row) throw new MailctlError('config', 'there is no account in this home', { hint: 'Run mailctl init.' })
  return {
    accountId: text(row, 'account_id'),
    region: text(row, 'region'),
    createdAt: number(row, 'created_at'),
    productionAccess: row.production_access === 1,
    max24HourSend: number(row, 'max_24_hour_send'),
    maxSendRate: number(row, 'max_send_rate'),
    sendingEnabled: row.sending_enabled === 1,
    enforcementStatus: enforcementStatus(text(row, 'enforcement_status')),
  }
}

function enforcementStatus(value: string): Account['enforcementStatus'] {
  if (value === 'HEALTHY' || value === 'PROBATION' || value === 'SHUTDOWN') return value
  throw new TypeError(`'${value}' is no enforcement status`)
}

export function writeAccount(database: Database, account: Account): void {
  database
    .prepare(
      `INSERT OR REPLACE INTO account (one, account_id, region, created_at, production_access, max_24_hour_send, max_send_rate,
         sending_enabled, enforcement_status) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      account.accountId,
      account.region,
      account.createdAt,
      account.productionAccess ? 1 : 0,
      account.max24HourSend,
      account.maxSendRate,
      account.sendingEnabled ? 1 : 0,
      account.enforcementStatus,
    )
}

/** The counters at this moment, without writing. */
export function readUsage(database: Database, now: number): SendingUsage {
  const aged = database
    .prepare('SELECT COALESCE(SUM(recipients), 0) AS aged FROM sent_second WHERE second <= ? AND last_at <= ?')
    .get(...agedBefore(now))
  return usageLess(database, aged ? number(aged, 'aged') : 0)
}

/** As `readUsage`, and forgets what has left the window: each second's row is removed once, so the work per message stays constant. */
export function takeUsage(database: Database, now: number): SendingUsage {
  const aged = database.prepare('DELETE FROM sent_second WHERE second <= ? AND last_at <= ? RETURNING recipients').all(...agedBefore(now))
  return usageLess(
    database,
    aged.reduce((sum, row) => sum + number(row, 'recipients'), 0),
  )
}

/** A second leaves the window with the last message that was accepted in it. */
const agedBefore = (now: number): [second: number, lastAt: number] => [Math.floor((now - DAY_MS) / 1_000), now - DAY_MS]

function usageLess(database: Database, aged: number): SendingUsage {
  const row = database.prepare('SELECT sent, tokens, tokens_at FROM usage').get()
  if (!row) throw new TypeError('the account has no usage row')
  return { sentLast24Hours: number(row, 'sent') - aged, tokens: number(row, 'tokens'), tokensAt: number(row, 'tokens_at') }
}

/** Writes the usage that `admit` gave. @param counted recipients of this message that the quota counts */
export function writeUsage(database: Database, usage: SendingUsage, counted: number): void {
  database.prepare('UPDATE usage SET sent = ?, tokens = ?, tokens_at = ?').run(usage.sentLast24Hours, usage.tokens, usage.tokensAt)
  if (counted === 0) return
  database
    .prepare(
      `INSERT INTO sent_second (second, last_at, recipients) VALUES (?, ?, ?)
       ON CONFLICT (second) DO UPDATE SET recipients = recipients + excluded.recipients, last_at = MAX(last_at, excluded.last_at)`,
    )
    .run(Math.floor(usage.tokensAt / 1_000), usage.tokensAt, counted)
}
