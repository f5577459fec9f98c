/** The whole engine against the lab's receivers: what is accepted ends as it should, with the events that tell of it. */
import { expect, test } from 'vitest'
import { advanceClock } from '../../src/operations/advance-clock.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const message = (to: string, text = 'Hello') => `From: Shop <orders@shop.example>\nTo: ${to}\nSubject: Test\n\n${text}\n`
const signal = new AbortController().signal
const wait = ({ app }: Engine, id: string, goal: 'first-attempt' | 'final', timeoutMs = 60_000) =>
  waitForOutcome(app, id, { goal, timeoutMs, signal })
const eventTypes = async ({ app }: Engine, messageId: string) => (await app.store.events({ messageId })).map(({ type }) => type)

test('a message is delivered over TLS and found authentic by the receiver', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@gmail.com'))
  const { recipients } = await wait(engine, messageId, 'final')
  expect(recipients[0]).toMatchObject({
    state: 'delivered',
    attempts: 1,
    outcome: { action: 'delivered', remote: { ip: '127.0.0.1', tlsVersion: 'TLSv1.3' } },
  })
  expect(await eventTypes(engine, messageId)).toEqual(['Send', 'Delivery'])
  const [taken] = await engine.app.lab.inbox.list({})
  expect(taken).toMatchObject({
    envelopeTo: ['ann@gmail.com'],
    subject: 'Test',
    authentication: { spf: { result: 'pass' }, dmarc: { result: 'pass' } },
  })
  expect(taken?.authentication.dkim.map(({ domain, result }) => [domain, result])).toEqual([['shop.example', 'pass']])
  expect(await engine.app.store.content(messageId), 'the body is let go once everyone has it').toBeUndefined()
})

test('greylisting delays, and the retry delivers', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@greylist.test'))
  expect((await wait(engine, messageId, 'first-attempt')).recipients[0]).toMatchObject({ state: 'deferred', attempts: 1 })
  const { recipients } = await wait(engine, messageId, 'final', 3_600_000)
  expect(recipients[0]).toMatchObject({ state: 'delivered' })
  const types = await eventTypes(engine, messageId)
  expect(types[0]).toBe('Send')
  expect(types.at(-1)).toBe('Delivery')
  expect(types.slice(1, -1)).toEqual(types.slice(1, -1).map(() => 'DeliveryDelay'))
  expect(types).toContain('DeliveryDelay')
})

test('an unknown user bounces, and the sender gets a report', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@nouser.test'))
  expect((await wait(engine, messageId, 'final')).recipients[0]).toMatchObject({ state: 'bounced', outcome: { status: '5.1.1' } })
  const [, bounce] = await engine.app.store.events({ messageId })
  expect(bounce?.event).toMatchObject({
    eventType: 'Bounce',
    bounce: { bounceType: 'Permanent', bouncedRecipients: [{ emailAddress: 'ann@nouser.test', action: 'failed', status: '5.1.1' }] },
  })
  await advanceClock(engine.app, { byMs: 60_000, signal, progress: () => {} })
  const [report] = await engine.app.lab.inbox.list({ to: 'orders@shop.example' })
  expect(report).toMatchObject({ envelopeFrom: '', subject: 'Delivery Status Notification (Failure)' })
})

test('a dead host is tried for 14 hours, then the message bounces and the report says so', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@down.test'))
  await advanceClock(engine.app, { byMs: 15 * 3_600_000, signal, progress: () => {} })
  const stored = await engine.app.store.message(messageId)
  expect(stored?.recipients[0]).toMatchObject({ state: 'bounced', outcome: { status: '4.4.7' } })
  const types = await eventTypes(engine, messageId)
  expect(types.at(-1)).toBe('Bounce')
  expect(types.filter(type => type === 'DeliveryDelay').length).toBeGreaterThan(8)
  const attempts = await engine.app.store.attempts(messageId)
  expect(attempts.length).toBeGreaterThan(8)
  expect((attempts.at(-1)?.startedAt ?? 0) - (attempts[0]?.startedAt ?? 0)).toBeLessThanOrEqual(14 * 3_600_000)
})

test.each([
  ['ann@nullmx.test', 'bounced', '5.1.10'],
  ['ann@nowhere.invalid', 'bounced', '5.1.2'],
  ['ann@mailboxfull.test', 'deferred', '4.2.2'],
  ['ann@busy.test', 'deferred', '4.3.2'],
  ['ann@drop-after-data.test', 'deferred', '4.4.2'],
  ['ann@second-mx.test', 'delivered', undefined],
  ['ann@notls.test', 'delivered', undefined],
  ['ann@badtls.test', 'delivered', undefined],
  ['ann@oldtls.test', 'delivered', undefined],
  ['ann@slow.test', 'delivered', undefined],
])('%s ends the first attempt as %s', async (to, state, status) => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message(to))
  const [recipient] = (await wait(engine, messageId, 'first-attempt')).recipients
  expect(recipient?.state).toBe(state)
  if (status !== undefined) expect(recipient?.outcome?.status).toBe(status)
})

test('each recipient has an outcome of its own', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@gmail.com, bob@nouser.test, cy@greylist.test, dan@gmail.com'))
  const { recipients } = await wait(engine, messageId, 'first-attempt')
  expect(recipients.map(({ address, state }) => [address, state])).toEqual([
    ['ann@gmail.com', 'delivered'],
    ['bob@nouser.test', 'bounced'],
    ['cy@greylist.test', 'deferred'],
    ['dan@gmail.com', 'delivered'],
  ])
  const [taken] = await engine.app.lab.inbox.list({ to: 'ann@gmail.com' })
  expect(taken?.envelopeTo, 'recipients of one host share a transaction').toEqual(['ann@gmail.com', 'dan@gmail.com'])
})

test('bcc recipients get the message and are not in it', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit('From: orders@shop.example\nTo: ann@gmail.com\nBcc: eve@gmail.com\nSubject: x\n\nHello\n')
  await wait(engine, messageId, 'final')
  const [taken] = await engine.app.lab.inbox.list({})
  expect(taken?.envelopeTo).toEqual(['ann@gmail.com', 'eve@gmail.com'])
  const chunks = []
  for await (const chunk of await engine.app.lab.inbox.open(taken?.id ?? '')) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString('latin1')).not.toMatch(/eve@/)
})

test('the same seed gives the same ids, outcomes and events', async () => {
  const run = async () => {
    const engine = await openEngine()
    const { messageId } = await engine.submit(message('ann@greylist.test, bob@nouser.test'))
    await advanceClock(engine.app, { byMs: 3_600_000, signal, progress: () => {} })
    return (await engine.app.store.events({ messageId })).map(({ at, event }) => ({ at, event }))
  }
  expect(await run()).toEqual(await run())
})

test('many domains at once are no leak of listeners to Node', async () => {
  const warnings: string[] = []
  const collect = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', collect)
  try {
    const engine = await openEngine({ clock: 'system' })
    const to = Array.from({ length: 12 }, (_, n) => `ann@site${n}.example`)
    const { messageId } = await engine.submit(message(to.join(', ')))
    const { recipients } = await wait(engine, messageId, 'final')
    expect(recipients.map(({ state }) => state)).toEqual(to.map(() => 'delivered'))
    await new Promise(setImmediate)
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', collect)
  }
})
