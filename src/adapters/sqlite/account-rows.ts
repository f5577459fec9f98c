/** The account's settings as a row. */
import type { Account } from '../../account/account.ts'
import { SUPPRESSION_REASONS } from '../../account/suppression.ts'
import type { Database } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import { number, text } from './columns.ts'

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
    suppressedReasons: suppressedReasons(text(row, 'suppressed_reasons')),
    autoWarmup: row.auto_warmup === 1,
    ...(row.vdm !== null && { vdm: JSON.parse(text(row, 'vdm')) }),
  }
}

function enforcementStatus(value: string): Account['enforcementStatus'] {
  if (value === 'HEALTHY' || value === 'PROBATION' || value === 'SHUTDOWN') return value
  throw new TypeError(`'${value}' is no enforcement status`)
}

const suppressedReasons = (value: string): Account['suppressedReasons'] => {
  const reasons = value.split(',')
  return SUPPRESSION_REASONS.filter(reason => reasons.includes(reason))
}

export function writeAccount(database: Database, account: Account): void {
  database
    .prepare(
      `INSERT OR REPLACE INTO account (one, account_id, region, created_at, production_access, max_24_hour_send, max_send_rate,
         sending_enabled, enforcement_status, suppressed_reasons, auto_warmup, vdm) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      account.suppressedReasons.join(','),
      account.autoWarmup === false ? 0 : 1,
      account.vdm === undefined ? null : JSON.stringify(account.vdm),
    )
}
