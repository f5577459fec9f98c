/**
 * The `TlsReports` port: sessions are added up in memory and written together a few seconds later, so that a session costs no write.
 * What a crash takes is the last few seconds' counts, no more. Days older than a month are forgotten.
 */
import type { Database } from '../../base/database.ts'
import { messageOf } from '../../base/errors.ts'
import { type Log, silent } from '../../base/log.ts'
import { TLS_FAILURES, type TlsPolicyType, type TlsResult } from '../../mail/tls-result.ts'
import type { CountedTls, TlsReports, TlsSession } from '../../ports/tls-reports.ts'
import { number, text } from './columns.ts'

const DAY_MS = 86_400_000
const KEPT_DAYS = 31
const FLUSH_MS = 5_000
/** Different ones in memory; then they are written at once. */
const MAX_WAITING = 1_000

interface Waiting {
  readonly session: TlsSession
  readonly day: number
  count: number
}

export interface TlsReportOptions {
  readonly now: () => number
  readonly log?: Log
}

export function openTlsReports(database: Database, { now, log = silent }: TlsReportOptions): TlsReports {
  const waiting = new Map<string, Waiting>()
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (waiting.size === 0) return
    database.transaction(() => {
      const add = database.prepare(
        `INSERT INTO tls_report (day, domain, policy, host, result, count) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET count = count + excluded.count`,
      )
      for (const { session, day, count } of waiting.values())
        add.run(day, session.domain, session.policy, session.host, session.result, count)
      database.prepare('DELETE FROM tls_report WHERE day < ?').run(Math.floor(now() / DAY_MS) - KEPT_DAYS)
    })
    waiting.clear()
  }

  /** Nobody waits for these; they stay in memory for the next time. */
  function tryFlush(): void {
    try {
      flush()
    } catch (error) {
      log('store', `TLS results are not written yet: ${messageOf(error)}`)
      if (waiting.size >= MAX_WAITING) waiting.clear()
    }
  }

  return {
    note(session) {
      const { domain, policy, host, result } = session
      const day = Math.floor(now() / DAY_MS)
      const key = `${day} ${domain} ${policy} ${host} ${result}`
      const known = waiting.get(key)
      if (known) known.count += 1
      else waiting.set(key, { session, day, count: 1 })
      if (waiting.size >= MAX_WAITING) tryFlush()
      else timer ??= setTimeout(tryFlush, FLUSH_MS).unref()
    },
    async counted(domain) {
      flush()
      const where = domain === undefined ? '' : 'WHERE domain = ?'
      return database
        .prepare(`SELECT * FROM tls_report ${where} ORDER BY day DESC, domain, policy, host, result`)
        .all(...(domain === undefined ? [] : [domain]))
        .map(
          (row): CountedTls => ({
            day: new Date(number(row, 'day') * DAY_MS).toISOString().slice(0, 10),
            domain: text(row, 'domain'),
            policy: policyOf(text(row, 'policy')),
            host: text(row, 'host'),
            result: resultOf(text(row, 'result')),
            count: number(row, 'count'),
          }),
        )
    },
    async close() {
      tryFlush()
      clearTimeout(timer)
    },
  }
}

function policyOf(value: string): TlsPolicyType {
  if (value === 'tlsa' || value === 'sts' || value === 'no-policy-found') return value
  throw new TypeError(`'${value}' is no type of policy`)
}

function resultOf(value: string): TlsResult {
  const result = value === 'success' ? value : TLS_FAILURES.find(failure => failure === value)
  if (result === undefined) throw new TypeError(`'${value}' is no result of TLS`)
  return result
}
