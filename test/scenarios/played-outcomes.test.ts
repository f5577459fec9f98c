/** Outcomes played by the receivers of the lab: any address, in the words of its provider or those that were given. */
import { expect, test } from 'vitest'
import { type SimulateRequest, simulate } from '../../src/operations/simulate.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { openEngine } from '../support/engine.ts'

const ask = (request: Partial<SimulateRequest> & Pick<SimulateRequest, 'outcome'>): SimulateRequest => ({
  tags: {},
  configurationSet: null,
  timeoutMs: 30_000,
  reportDelayMs: 0,
  signal: new AbortController().signal,
  ...request,
})

async function played(request: Partial<SimulateRequest> & Pick<SimulateRequest, 'outcome'>) {
  const { app } = await openEngine()
  const { events, verdict } = await simulate(app, ask(request))
  const last = events.at(-1)
  return { app, verdict, type: last?.type, recipients: last?.recipients, detail: JSON.stringify(last?.event) }
}

test.each([
  ['gmail', 'gmail.com', '550 5.1.1'],
  ['outlook', 'outlook.com', '550 5.5.0'],
  ['yahoo', 'yahoo.com', '55'],
  ['gmx', 'gmx.', '550'],
])('a bounce in the words of %s', async (isp, domain, words) => {
  const { verdict, type, recipients, detail } = await played({ outcome: 'bounce', isp })
  expect({ verdict, type }).toEqual({ verdict: 'expected', type: 'Bounce' })
  expect(recipients?.[0]).toContain(`@${domain}`)
  expect(detail).toContain(`smtp; ${words}`)
})

test.each([
  ['bounce', 'gmail', { status: '5.7.26' }, '550 5.7.26 The (E)MAIL FROM domain [mta.mailctl.test]'],
  ['bounce', 'outlook', { code: 550, status: '5.7.515' }, '550 5.7.515 Access denied, sending domain mta.mailctl.test'],
  ['bounce', 'yahoo', {}, "554 delivery error: dd This user doesn't have a yahoo.com account"],
  ['delay', 'yahoo', { status: '4.7.0' }, '421 4.7.0 [TSS04] Messages from 127.0.0.1 temporarily'],
  ['bounce', 'gmail', { code: 599 }, '599 5.1.1 user unknown'],
] as const)('%s at %s with %j is what the provider publishes under it', async (outcome, isp, reply, words) => {
  expect((await played({ outcome, isp, reply })).detail).toContain(words)
})

test('complaints are remembered: a bulk sender of whom too many complain is slowed down', async () => {
  const engine = await openEngine({ env: { MAILCTL_LAB_SCALE: '2500' } })
  const { app } = engine
  const tried = async () => {
    const { messageId } = await engine.submit('From: orders@shop.example\nTo: cy@gmail.com\n\nHello\n')
    await waitForOutcome(app, messageId, { goal: 'first-attempt', timeoutMs: 1_000, reports: [], signal: new AbortController().signal })
    return (await app.store.message(messageId))?.recipients[0]?.outcome?.reply
  }
  expect(await tried()).toMatch(/^250 2\.0\.0 OK/)
  expect((await simulate(app, ask({ outcome: 'complaint', to: 'ann@gmail.com' }))).verdict).toBe('expected')
  expect(await tried()).toMatch(/^421 4\.7\.0 This message is suspicious due to the very low/)
})

test('a bounce in words that were given, and what the account learns from it', async () => {
  const { app, detail } = await played({
    outcome: 'bounce',
    to: 'ann@example.net',
    reply: { code: 554, status: '5.7.1', text: 'message looks like spam' },
  })
  expect(detail).toContain('smtp; 554 5.7.1 message looks like spam')
  expect(detail).toContain('"bounceSubType":"ContentRejected"')
  expect(await app.store.suppressedAddress('ann@example.net')).toBeUndefined()
  await simulate(app, ask({ outcome: 'bounce', to: 'eve@example.net' }))
  expect(await app.store.suppressedAddress('eve@example.net')).toMatchObject({ reason: 'BOUNCE' })
})

test('a delay is a delay once, then the message is taken', async () => {
  const { app, verdict, detail } = await played({ outcome: 'delay', to: 'ann@example.net', reply: { code: 450, text: 'try later' } })
  expect(verdict).toBe('expected')
  expect(detail).toContain('smtp; 450 4.3.0 try later')
  expect(await app.store.suppressedAddress('ann@example.net')).toBeUndefined()
})

test('a complaint of anybody comes back by mail, and puts the address on the list', async () => {
  const { app, verdict, type, recipients } = await played({ outcome: 'complaint', to: 'ann@yahoo.com' })
  expect({ verdict, type, recipients }).toEqual({ verdict: 'expected', type: 'Complaint', recipients: ['ann@yahoo.com'] })
  expect(await app.store.suppressedAddress('ann@yahoo.com')).toMatchObject({ reason: 'COMPLAINT' })
})

test('an automatic answer of anybody is a transient bounce', async () => {
  const { verdict, detail } = await played({ outcome: 'ooto', to: 'ann@example.net' })
  expect(verdict).toBe('expected')
  expect(detail).toContain('"bounceType":"Transient"')
})

test.each([
  [{ outcome: 'bounce', reply: { code: 550 } }, 'own address answers in its own words'],
  [{ outcome: 'bounce', to: 'a@b.example', reply: { code: 450 } }, '450 is no reply code of a bounce'],
  [{ outcome: 'delay', isp: 'gmail', reply: { status: '5.1.1' } }, "'5.1.1' is no enhanced status code of a delay"],
  [{ outcome: 'bounce', isp: 'nobody' }, "'nobody' is no provider"],
  [{ outcome: 'bounce', to: 'a@b.example', isp: 'nobody' }, "'nobody' is no provider"],
  [{ outcome: 'bounce', to: 'a@b.example', label: 'x' }, '--label belongs'],
  [{ outcome: 'suppressionlist', to: 'a@b.example' }, 'no receiver can play it'],
  [{ outcome: 'bounce', to: 'a@b.example', reply: { text: 'Ü\r\n250' } }, 'printable ASCII'],
] as const)('%j is refused, and nothing is sent', async (request, words) => {
  const { app } = await openEngine()
  await expect(simulate(app, ask(request))).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(words) })
  expect(await app.store.messages(1)).toEqual([])
})
