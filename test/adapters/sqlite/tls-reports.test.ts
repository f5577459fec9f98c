import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ACCOUNT_MIGRATIONS } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { openTlsReports } from '../../../src/adapters/sqlite/tls-report-rows.ts'
import type { TlsSession } from '../../../src/ports/tls-reports.ts'
import { T0, tempFolder } from '../../support/account.ts'

const DAY = 86_400_000
const session = (more: Partial<TlsSession> = {}): TlsSession => ({
  domain: 'example.test',
  policy: 'sts',
  host: 'mx.test',
  result: 'success',
  ...more,
})

function opened() {
  const database = openDatabase(join(tempFolder(), 'account.db'), ACCOUNT_MIGRATIONS)
  onTestFinished(() => database.close())
  const clock = { now: T0 }
  const rows = () => database.prepare('SELECT COUNT(*) AS n FROM tls_report').get()?.['n']
  return { database, clock, rows, open: () => openTlsReports(database, { now: () => clock.now }) }
}

test('sessions are added up by day, domain, policy, host and result', async () => {
  const { clock, open } = opened()
  const reports = open()
  for (const one of [session(), session(), session({ result: 'certificate-expired' }), session({ domain: 'other.test' })]) reports.note(one)
  await reports.close()
  clock.now += DAY
  const later = open()
  later.note(session())
  later.note(session())
  expect(await later.counted('example.test')).toEqual([
    { ...session(), day: '2026-01-02', count: 2 },
    { ...session({ result: 'certificate-expired' }), day: '2026-01-01', count: 1 },
    { ...session(), day: '2026-01-01', count: 2 },
  ])
  expect((await later.counted()).map(({ domain }) => domain)).toContain('other.test')
  later.note(session())
  expect((await later.counted('example.test'))[0]?.count).toBe(3)
})

test('nothing is written by a session, but soon after it', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { rows, open } = opened()
  const reports = open()
  reports.note(session())
  expect(rows()).toBe(0)
  vi.advanceTimersByTime(5_000)
  expect(rows()).toBe(1)
})

test('a thousand different ones are written at once, so that memory stays small', () => {
  const { rows, open } = opened()
  const reports = open()
  for (let n = 0; n < 1_000; n += 1) reports.note(session({ domain: `d${n}.test` }))
  expect(rows()).toBe(1_000)
})

test('days older than a month are forgotten', async () => {
  const { clock, open } = opened()
  const reports = open()
  reports.note(session())
  await reports.counted()
  clock.now += 32 * DAY
  reports.note(session())
  expect((await reports.counted()).map(({ day }) => day)).toEqual(['2026-02-02'])
})

test('a store that cannot be written loses no count, and stops no delivery', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { database, open } = opened()
  const reports = open()
  reports.note(session())
  database.exec('ALTER TABLE tls_report RENAME TO elsewhere')
  vi.advanceTimersByTime(5_000)
  await reports.close()
  database.exec('ALTER TABLE elsewhere RENAME TO tls_report')
  expect((await reports.counted()).map(({ count }) => count)).toEqual([1])
})
