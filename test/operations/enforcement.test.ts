/** Enforcement over the whole engine: real bounces in the lab lead to a suspension, and there is a way out of it. */
import { expect, test } from 'vitest'
import { pauseSending, resumeSending } from '../../src/operations/account-state.ts'
import { advanceClock } from '../../src/operations/advance-clock.ts'
import { createConfigurationSet } from '../../src/operations/configuration-sets.ts'
import { readReputation } from '../../src/operations/reputation.ts'
import { suppressAddress } from '../../src/operations/suppression.ts'
import { type Engine, openEngine, START } from '../support/engine.ts'

const HOUR = 3_600_000
const SUSPENDED =
  'Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.'

/** Messages of fifty recipients each: so many that nobody has, then so many that somebody has. */
async function mail(engine: Engine, { bad, good, set = null }: { bad: number; good: number; set?: string | null }): Promise<void> {
  for (let i = 0; i < bad + good; i += 1) {
    const domain = i < bad ? 'nouser.test' : 'somebody.example'
    const recipients = Array.from({ length: 50 }, (_, n) => `p${i}-${n}@${domain}`)
    await engine.submit('From: orders@shop.example\nSubject: Hello\n\nHello\n', { recipients, configurationSet: set })
  }
}
const advance = ({ app }: Engine, byMs: number) => advanceClock(app, { byMs, signal: new AbortController().signal, progress: () => {} })

test('hard bounces suspend the account, and after a day it may go on under review', { timeout: 120_000 }, async () => {
  const engine = await openEngine()
  const { app } = engine
  await createConfigurationSet(app, 'receipts', { metricsEnabled: true })
  await mail(engine, { bad: 2, good: 18, set: 'receipts' })
  await advance(engine, HOUR)
  const { standing, rates, sets, identities, reason } = await readReputation(app)
  expect(standing).toMatchObject({ status: 'SHUTDOWN', cause: { metric: 'bounce', count: 100, volume: 1_000, rate: 0.1 } })
  expect(rates.bounce).toMatchObject({ count: 100, volume: 1_000, verdict: 'pause' })
  expect([sets[0]?.name, sets[0]?.rates.bounce.count, identities[0]?.name, identities[0]?.rates.bounce.rate]).toEqual([
    'receipts',
    100,
    'shop.example',
    0.1,
  ])
  const hint = expect.stringContaining('Bounce rate 10 %: 100 of 1,000 recipients on 2026-01-01')
  await expect(mail(engine, { bad: 0, good: 1 })).rejects.toMatchObject({ code: 'sending-paused', message: SUSPENDED, hint })
  expect(reason).toEqual(hint)
  await expect(resumeSending(app, 'review')).rejects.toMatchObject({
    code: 'sending-paused',
    message: expect.stringContaining('24 hours must have passed: not before 2026-01-02'),
    hint,
  })
  await advance(engine, 24 * HOUR)
  expect((await app.store.standing()).status).toBe('SHUTDOWN')
  expect(await resumeSending(app, 'review')).toMatchObject({ account: { enforcementStatus: 'PROBATION', sendingEnabled: true } })
  expect((await readReputation(app)).rates.bounce.volume).toBe(0)
  await mail(engine, { bad: 0, good: 1 })
  await advance(engine, HOUR)
  expect((await app.store.standing()).status).toBe('PROBATION')
  const { since } = await app.store.standing()
  await advance(engine, 40 * 24 * HOUR)
  expect(await app.store.standing()).toMatchObject({ status: 'HEALTHY', since: since + 30 * 24 * HOUR })
})

test('an account that was suspended for 90 days has lost its suppression list; a pause costs nothing', { timeout: 120_000 }, async () => {
  const engine = await openEngine()
  const { app } = engine
  const listed = async (): Promise<number> => await app.store.suppressedCount()
  await mail(engine, { bad: 2, good: 18 })
  await pauseSending(app)
  await advance(engine, HOUR)
  expect([(await app.store.standing()).status, await listed()]).toEqual(['SHUTDOWN', 100])
  const { since } = await app.store.standing()
  await advance(engine, since + 90 * 24 * HOUR - 1 - app.clock.now())
  expect(await listed()).toBe(100)
  await advance(engine, 1)
  expect(await listed()).toBe(0)
  await resumeSending(app, 'review')
  await suppressAddress(app, 'ann@gmail.com', 'BOUNCE')
  await pauseSending(app)
  await advance(engine, 100 * 24 * HOUR)
  expect(await listed()).toBe(1)
})

test('its owner may end a suspension at once, and a pause is none', async () => {
  const engine = await openEngine()
  const { app } = engine
  await pauseSending(app)
  expect(await resumeSending(app, 'review')).toMatchObject({ account: { sendingEnabled: true, enforcementStatus: 'HEALTHY' } })
  await app.store.changeAccount({ enforcementStatus: 'SHUTDOWN' })
  const since = (await app.store.standing()).since
  expect(since).toBeLessThanOrEqual(START)
  expect(await resumeSending(app, 'approve')).toMatchObject({ account: { enforcementStatus: 'PROBATION' } })
  await expect(mail(engine, { bad: 0, good: 1 })).resolves.toBeUndefined()
})
