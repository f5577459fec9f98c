/** Addresses that bounce get no more mail: the whole way, from the first bounce to the events of the message that was not sent. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createConfigurationSet } from '../../src/operations/configuration-sets.ts'
import { changeDestination, createDestination } from '../../src/operations/event-destinations.ts'
import { setIdentity } from '../../src/operations/set-identity.ts'
import { simulate } from '../../src/operations/simulate.ts'
import type { Submission } from '../../src/operations/submit-message.ts'
import { setSuppressedReasons, suppressAddress } from '../../src/operations/suppression.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { explainMessage } from '../../src/operations/why.ts'
import type { LoggedEvent } from '../../src/ports/store.ts'
import { identityOf, tempFolder } from '../support/account.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const signal = new AbortController().signal
const LIMITS = { goal: 'final', timeoutMs: 60_000, signal } as const

async function send(engine: Engine, to: readonly string[], options: Partial<Submission> = {}) {
  const mail = `From: orders@shop.example\nTo: ${to.join(', ')}\nSubject: Hi\n\nHi\n`
  const accepted = await engine.submit(mail, options)
  const message = await waitForOutcome(engine.app, accepted.messageId, { ...LIMITS, reports: accepted.reports ?? [] })
  const events = await engine.app.store.events({ messageId: accepted.messageId })
  return {
    accepted,
    states: message.recipients.map(({ state }) => state),
    events: events.map(({ type, event }) => {
      const { bounceSubType, complaintSubType } = (event['bounce'] ?? event['complaint'] ?? {}) as Record<string, string>
      return [type, bounceSubType ?? complaintSubType].filter(Boolean).join('/')
    }),
  }
}
const feedbackIdOf = (event: LoggedEvent | undefined): unknown => Object(event?.event['bounce']).feedbackId
const reportsTo = async ({ app }: Engine, to = 'orders@shop.example'): Promise<number> => (await app.lab.inbox.list({ to })).length

test('a hard bounce stops the next message, which tells so and goes to the others', async () => {
  const engine = await openEngine()
  const { app } = engine
  const first = await send(engine, ['bob@nouser.test', 'ann@gmail.com'])
  expect(first.states).toEqual(['bounced', 'delivered'])
  const listed = await app.store.suppressedFrom('', 10)
  const [bounce] = await app.store.events({ messageId: first.accepted.messageId, type: 'Bounce' })
  expect(listed).toMatchObject([
    {
      address: 'bob@nouser.test',
      reason: 'BOUNCE',
      messageId: first.accepted.messageId,
      feedbackId: feedbackIdOf(bounce),
    },
  ])
  const reports = await reportsTo(engine)
  const before = (await app.store.usage(app.clock.now())).sentLast24Hours
  const second = await send(engine, ['ann@gmail.com', 'bob@NOUSER.test'])
  expect(second.states).toEqual(['delivered', 'suppressed'])
  expect(second.events).toEqual(['Send', 'Bounce/OnAccountSuppressionList', 'Delivery'])
  expect((await app.store.usage(app.clock.now())).sentLast24Hours).toBe(before + 2)
  expect((await app.store.attempts(second.accepted.messageId)).flatMap(({ recipients }) => recipients)).toEqual(['ann@gmail.com'])
  expect(await reportsTo(engine)).toBe(reports + 1)
  const { timeline } = await explainMessage(app, second.accepted.messageId)
  expect(timeline.filter(({ kind }) => kind === 'suppressed').map(({ text }) => text)).toEqual([
    'bob@nouser.test: Not sent: on the suppression list of the account (BOUNCE)',
  ])
})

test('an entry for a complaint makes a complaint, and no delivery report', async () => {
  const engine = await openEngine()
  await suppressAddress(engine.app, 'ann@gmail.com', 'COMPLAINT')
  const sent = await send(engine, ['ann@gmail.com'])
  expect(sent).toMatchObject({ states: ['suppressed'], events: ['Send', 'Complaint/OnAccountSuppressionList'] })
  expect(sent.accepted.reports).toEqual([])
  await setSuppressedReasons(engine.app, ['BOUNCE'])
  expect(await send(engine, ['ann@gmail.com'])).toMatchObject({ states: ['delivered'], events: ['Send', 'Delivery'] })
})

test('the set that a message names goes before the account; without a list of the account the global one counts, for its time', async () => {
  const engine = await openEngine()
  const { app } = engine
  await createConfigurationSet(app, 'anyway', { suppressedReasons: [] })
  await setSuppressedReasons(app, [])
  expect((await send(engine, ['bob@nouser.test'])).events).toEqual(['Send', 'Bounce/NoEmail'])
  expect(await app.store.suppressedCount()).toBe(0)
  expect((await send(engine, ['bob@nouser.test'])).events).toEqual(['Send', 'Bounce/Suppressed'])
  expect((await send(engine, ['bob@nouser.test'], { configurationSet: 'anyway' })).events).toEqual(['Send', 'Bounce/NoEmail'])
  // Two bounces in a row: two days.
  await app.clock.waitUntil(app.clock.now() + 2 * 86_400_000 - 3_600_000)
  expect((await send(engine, ['bob@nouser.test'])).events).toEqual(['Send', 'Bounce/Suppressed'])
  await app.clock.waitUntil(app.clock.now() + 2 * 3_600_000)
  expect((await send(engine, ['bob@nouser.test'])).events).toEqual(['Send', 'Bounce/NoEmail'])
})

const REPORTED = { accepted: { reports: [expect.any(String)] }, events: ['Send', 'Bounce/OnAccountSuppressionList'] }
const UNREPORTED = { accepted: { reports: [] }, events: ['Send', 'Bounce/OnAccountSuppressionList'] }

test('feedback forwarding that is off keeps reports back once event destinations tell of bounces and of complaints, never the event', async () => {
  const engine = await openEngine()
  const { app } = engine
  await setIdentity(app, 'shop.example', { feedbackForwarding: 'off' })
  await suppressAddress(app, 'ann@gmail.com', 'BOUNCE')
  expect(await send(engine, ['ann@gmail.com'])).toMatchObject(REPORTED)
  const told = { service: { kind: 'plain' }, place: { kind: 'file', path: join(tempFolder(), 'told') } } as const
  const identity = { kind: 'identity', name: 'shop.example' } as const
  await createDestination(app, { owner: identity, name: 'bounces', enabled: true, eventTypes: ['BOUNCE'], ...told })
  expect(await send(engine, ['ann@gmail.com'])).toMatchObject(REPORTED)
  await createConfigurationSet(app, 'receipts', {})
  const set = { kind: 'set', name: 'receipts' } as const
  await createDestination(app, { owner: set, name: 'complaints', enabled: true, eventTypes: ['COMPLAINT'], ...told })
  expect(await send(engine, ['ann@gmail.com'])).toMatchObject(REPORTED)
  expect(await send(engine, ['ann@gmail.com'], { configurationSet: 'receipts' })).toMatchObject(UNREPORTED)
  await changeDestination(app, { owner: set, name: 'complaints' }, { enabled: false })
  expect(await send(engine, ['ann@gmail.com'], { configurationSet: 'receipts' })).toMatchObject(REPORTED)
})

test('of two identities the one nearest to the sender says whether feedback is forwarded, verified or not', async () => {
  const engine = await openEngine()
  const { app } = engine
  const told = { service: { kind: 'plain' }, place: { kind: 'file', path: join(tempFolder(), 'told') } } as const
  await createDestination(app, { owner: { kind: 'identity', name: 'shop.example' }, name: 'all', enabled: true, ...told })
  await app.store.addIdentity({ ...identityOf('orders@shop.example', { status: 'PENDING', proof: null }), feedbackForwarding: false })
  await suppressAddress(app, 'ann@gmail.com', 'BOUNCE')
  expect(await send(engine, ['ann@gmail.com'])).toMatchObject(UNREPORTED)
})

test('the simulator plays it in the sandbox too, without a trace on lists and quota', async () => {
  const engine = await openEngine({ production: false })
  const { app } = engine
  const ask = { outcome: 'suppressionlist', label: 'a1', tags: {}, configurationSet: null, timeoutMs: 30_000, signal } as const
  const { verdict, events } = await simulate(app, ask)
  expect(verdict).toBe('expected')
  expect(events.map(({ type }) => type)).toEqual(['Send', 'Bounce'])
  expect(events[1]?.event['bounce']).toMatchObject({
    bounceType: 'Permanent',
    bounceSubType: 'Suppressed',
    bouncedRecipients: [{ emailAddress: 'suppressionlist+a1@simulator.amazonses.com', action: 'failed', status: '5.1.1' }],
    reportingMTA: 'dns; amazonses.com',
  })
  expect(await reportsTo(engine, 'simulator@shop.example')).toBe(1)
  await simulate(app, { ...ask, outcome: 'bounce' })
  expect(await app.store.suppressedCount()).toBe(0)
  expect(await app.store.globallySuppressed({ now: app.clock.now(), limit: 10 })).toEqual({ entries: [], next: null })
  expect((await app.store.usage(app.clock.now())).sentLast24Hours).toBe(0)
})
