/** `stats`: what was counted by day, and how TLS went, as text and as JSON. */
import { expect, test } from 'vitest'
import { deliverDue } from '../../src/operations/deliver-due.ts'
import type { CountedTls } from '../../src/ports/tls-reports.ts'
import { openEngine, START } from '../support/engine.ts'
import { mailctl } from '../support/terminal.ts'

const DAY = 86_400_000
const { signal } = new AbortController()
const counted = (day: string, domain: string, more: Partial<CountedTls> = {}): CountedTls => ({
  ...{ day, domain, policy: 'no-policy-found', host: `mx.${domain}`, result: 'success', count: 1 },
  ...more,
})

test('events by day, and TLS results by domain, policy and result, since a day', async () => {
  const engine = await openEngine()
  const { app } = engine
  const send = async (to: string): Promise<void> => {
    await engine.submit(`From: orders@shop.example\nTo: ${to}\n\nHello\n`, { rateWaitMs: 5_000 })
    await deliverDue(app, { signal })
  }
  await send('old@example.com')
  await app.clock.waitUntil(START + 3 * DAY, signal)
  for (const to of ['ann@example.com', 'bob@example.com', 'ann@nouser.test']) await send(to)
  const reports = [
    counted('2026-01-04', 'b.test', { policy: 'sts', result: 'certificate-expired', count: 2 }),
    counted('2026-01-04', 'a.test', { count: 5 }),
    counted('2026-01-04', 'a.test', { host: 'mx2.a.test', count: 3 }),
    counted('2026-01-03', 'a.test', { policy: 'tlsa' }),
    counted('2026-01-01', 'c.test'),
  ]
  const openApp = async () => ({ ...app, tlsReports: { ...app.tlsReports, counted: async () => reports }, close: async () => {} })
  const run = (...argv: readonly string[]) => mailctl(['--home', engine.home, 'stats', ...argv], { openApp })

  const json = await run('--since', '36h', '--json')
  expect(json).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(json.stdout)).toEqual({
    Days: [{ Day: '2026-01-04', Events: { Send: 3, Delivery: 2, Bounce: 1 } }],
    TlsResults: [
      { Domain: 'a.test', PolicyType: 'no-policy-found', ResultType: 'success', SessionCount: 8 },
      { Domain: 'a.test', PolicyType: 'tlsa', ResultType: 'success', SessionCount: 1 },
      { Domain: 'b.test', PolicyType: 'sts', ResultType: 'certificate-expired', SessionCount: 2 },
    ],
  })
  const text = (await run()).stdout.split('\n')
  expect(text.slice(0, 3).map(line => line.trim().split(/ +/))).toEqual([
    ['Day', 'Send', 'Delivery', 'DeliveryDelay', 'Bounce', 'Complaint', 'Reject'],
    ['2026-01-04', '3', '2', '0', '1', '0', '0'],
    ['2026-01-01', '1', '1', '0', '0', '0', '0'],
  ])
  expect(text).toContain('b.test  MTA-STS  certificate-expired  2')
  expect(text.some(line => line.startsWith('c.test'))).toBe(true)
  expect(await run('--since', 'soon')).toMatchObject({ code: 64, stdout: '' })
})
