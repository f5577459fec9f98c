/** The queue with 100,000 recipients: no call of an engine or a tool looks at them one by one. `bench/store-queue.mjs` times 1,000,000. */
import { expect, it, onTestFinished } from 'vitest'
import { ACCOUNT_MIGRATIONS, accountFile, createAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { openStore } from '../../../src/adapters/sqlite/store.ts'
import type { Database, SqlRow, SqlValue, Statement } from '../../../src/base/database.ts'
import type { QueueFilter } from '../../../src/ports/queue.ts'
import { T0, tempFolder } from '../../support/account.ts'
import { fillQueue } from '../../support/fill-queue.ts'

const RECIPIENTS = 100_000
const DOMAINS = 10_000

/** In the order of an index until the limit, recipients that are being tried (few), those of one message (fewer). */
const FINE =
  /^SCAN recipient USING INDEX recipient_due: SELECT next_attempt_at .* LIMIT 1$|: .* INDEX(ED BY)? recipient_active |USING COVERING INDEX recipient_active|^USE TEMP B-TREE FOR ORDER BY: .* WHERE message = /s

interface Asked {
  readonly sql: string
  /** Rows that came out; the plan says what was looked at for them. */
  rows: number
}

/** From end to end, sorted in memory, or by an index of something else where the message is known. */
function isSlow(detail: string, sql: string): boolean {
  if (/^SCAN (recipient|message|content)\b/.test(detail)) return true
  if (/TEMP B-TREE/.test(detail)) return /FROM recipient/.test(sql)
  return /\bmessage = \?/.test(sql) && /^SEARCH recipient\b/.test(detail) && !/USING PRIMARY KEY \(message=\?/.test(detail)
}

/** Notes every statement that runs and how many rows each gave. */
function watch(database: Database, asked: Asked[]): Database {
  const prepare = (sql: string): Statement => {
    const statement = database.prepare(sql)
    const note = (rows: number): void => void asked.push({ sql, rows })
    return {
      run(...values: SqlValue[]) {
        const done = statement.run(...values)
        note(done.changes)
        return done
      },
      get(...values) {
        note(1)
        return statement.get(...values)
      },
      all(...values) {
        const rows = statement.all(...values)
        note(rows.length)
        return rows
      },
      *iterate(...values): IterableIterator<SqlRow> {
        const one = { sql, rows: 0 }
        asked.push(one)
        for (const row of statement.iterate(...values)) {
          one.rows += 1
          yield row
        }
      },
    }
  }
  return { ...database, prepare }
}

it('never scans the queue, and never reads more rows than it was asked for', { timeout: 120_000 }, async () => {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 })
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  const asked: Asked[] = []
  fillQueue(database, { recipients: RECIPIENTS, domains: DOMAINS, now: T0 })
  const store = openStore(watch(database, asked), { home, network: 'live' })
  onTestFinished(() => store.close())
  const now = T0

  // The engine's calls. Each domain but dead.test has a few due; its 25,000 hide none of them.
  const first = await store.dueDomains({ now, after: '', limit: 100 })
  expect(first).toHaveLength(100)
  expect(new Set(first).size).toBe(100)
  expect(await store.dueDomains({ now, after: 'dead.test', limit: 10 })).toEqual([])
  expect((await store.lease({ now, leaseMs: 60_000, limit: 50, domain: 'dead.test' })).length).toBe(50)
  const turns = await store.lease({ now, leaseMs: 60_000, limit: 100 })
  expect(new Set(turns.map(({ domain }) => domain)).size).toBe(100)
  expect(await store.leaseExpired({ now, leaseMs: 60_000, limit: 20 })).toHaveLength(20)
  await store.nextDueAt()
  await store.nextDueAt('fill-00000500')
  await store.lease({ now, leaseMs: 60_000, limit: 1, messageId: 'fill-00000500' })
  await store.leaseMatching({ filter: { error: '4.7' }, leaseMs: 60_000, limit: 20 })
  await store.release()

  // The tools.
  const filters: QueueFilter[] = [
    {},
    { domain: 'dead.test' },
    { domain: 'd77.test' },
    { states: ['held'] },
    { error: '4.7' },
    { error: '4' },
    { configurationSet: 'news' },
    { acceptedUntil: T0 - 50_000 },
    { acceptedFrom: T0 - 50_000 },
    {
      domain: 'dead.test',
      error: '4.4',
      states: ['deferred'],
      acceptedFrom: T0 - 90_000,
      acceptedUntil: T0 - 10_000,
      configurationSet: 'news',
    },
    { messageId: 'fill-00000500' },
  ]
  for (const filter of filters) {
    const page = await store.queue({ ...filter, limit: 20 })
    expect(page.entries.length, JSON.stringify(filter)).toBeGreaterThan(0)
    await store.queueCount(filter)
  }
  expect(await store.queue({ limit: 20 })).toMatchObject({ more: 10_000, moreIsExact: false })
  expect(await store.topDeferral()).toMatchObject({ isExact: false })
  expect(await store.queueStats()).toEqual({ queued: 70_000, active: 0, deferred: 25_000, held: 5_000 })
  expect((await store.queueDestinations(3))[0]).toMatchObject({ domain: 'dead.test', oldestAt: T0 - RECIPIENTS + 1 })
  for (const change of ['retry', 'hold', 'release', 'delete'] as const)
    for (const filter of [{}, { domain: 'dead.test' }, { error: '4.4' }])
      expect((await store.changeQueue({ change, filter, now, limit: 10 })).changed, change).toBeGreaterThan(0)

  const scans = [...new Set(asked.map(({ sql }) => sql))]
    .filter(sql => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(sql))
    .flatMap(sql => {
      const values = Array.from({ length: sql.split('?').length - 1 }, () => 1)
      return database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...values)
        .map(row => String(row['detail']))
        .filter(detail => isSlow(detail, sql))
        .map(detail => `${detail}: ${sql}`)
        .filter(scan => !FINE.test(scan))
    })
  expect(scans).toEqual([])
  expect(asked.length).toBeGreaterThan(100)
  expect(asked.filter(({ rows }) => rows > 1_100)).toEqual([])
})
