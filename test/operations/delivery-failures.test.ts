/** What the engine does when something of our own fails in the middle of a pass: no recipient is forgotten, none given up too early. */
import { expect, test } from 'vitest'
import { MailctlError } from '../../src/base/errors.ts'
import { silent } from '../../src/base/log.ts'
import { loadConfig } from '../../src/config.ts'
import { openApp } from '../../src/open-app.ts'
import { deliverDue } from '../../src/operations/deliver-due.ts'
import type { DeliverApp } from '../../src/operations/deliver-group.ts'
import { expireOverdue } from '../../src/operations/expire-overdue.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { openEngine, START } from '../support/engine.ts'

const { signal } = new AbortController()
const message = (to: string) => `From: orders@shop.example\nTo: ${to}\n\nHello\n`
const unavailable = () => Promise.reject(new MailctlError('store-unavailable', 'the disk does not answer'))

test.each(['system', 'virtual'] as const)(
  'a bug in one group leaves the others settled and gives its lease back (%s clock)',
  async clock => {
    const engine = await openEngine({ clock })
    const { messageId } = await engine.submit(message('ann@broken.test, bob@gmail.com'))
    const transport: Transport = {
      ...engine.app.transport,
      attempt: (hop, delivery, until) =>
        delivery.recipients.includes('ann@broken.test')
          ? Promise.reject(new TypeError('a bug'))
          : engine.app.transport.attempt(hop, delivery, until),
    }
    await expect(deliverDue({ ...engine.app, transport }, { signal })).rejects.toThrow('a bug')
    expect((await engine.app.store.message(messageId))?.recipients.map(({ state }) => state)).toEqual(['queued', 'delivered'])
  },
)

test.each<[string, (app: DeliverApp) => DeliverApp]>([
  ['before the attempt', app => ({ ...app, store: { ...app.store, content: unavailable } })],
  ['in the middle of it', app => ({ ...app, transport: { ...app.transport, attempt: unavailable } })],
])('a message that cannot be read %s waits for the next one', async (_, broken) => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@gmail.com'))
  await deliverDue(broken(engine.app), { signal })
  const [recipient] = (await engine.app.store.message(messageId))?.recipients ?? []
  expect(recipient).toMatchObject({
    state: 'deferred',
    outcome: { status: '4.3.0', reply: '451 4.3.0 The message cannot be read at the moment: the disk does not answer' },
  })
  const { recipients } = await waitForOutcome(engine.app, messageId, { goal: 'final', timeoutMs: 3_600_000, signal })
  expect(recipients[0]).toMatchObject({ state: 'delivered', attempts: 2 })
})

test('what ends because its time is over had no try more for that, and leaves a minute for the last one', async () => {
  const engine = await openEngine()
  const untried = await engine.submit(message('ann@gmail.com'))
  const tried = await engine.submit(message('bob@down.test'))
  await deliverDue(engine.app, { signal, messageId: tried.messageId })
  const ends = async () =>
    Promise.all(
      [untried, tried].map(async ({ messageId }) => {
        const stored = await engine.app.store.message(messageId)
        return stored?.recipients.map(({ state, attempts, outcome }) => [state, attempts, outcome?.reply.slice(0, 9)])
      }),
    )
  const [first, last] = await Promise.all(
    [untried, tried].map(async ({ messageId }) => (await engine.app.store.message(messageId))?.expiresAt ?? 0),
  )
  await engine.app.clock.waitUntil((first ?? 0) + 59_999, signal)
  await expireOverdue(engine.app)
  expect(await ends()).toEqual([[['queued', 0, undefined]], [['deferred', 1, expect.stringMatching(/^451 4\.4/)]]])
  await engine.app.clock.waitUntil((last ?? 0) + 60_000, signal)
  await expireOverdue(engine.app)
  expect(await ends()).toEqual([[['bounced', 0, '554 4.4.7']], [['bounced', 1, '554 4.4.7']]])
})

test('a virtual clock stands still while another process has the message', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(message('ann@gmail.com'))
  const other = await openApp(loadConfig({ home: engine.home }, {}), { log: silent })
  try {
    const held = await other.store.lease({ now: START, leaseMs: 60_000, limit: 10 })
    expect(held.length).toBe(1)
    let looks = 0
    const store = {
      ...engine.app.store,
      async message(id: string) {
        looks += 1
        if (looks === 3) await other.store.release()
        return await engine.app.store.message(id)
      },
    }
    const { recipients } = await waitForOutcome({ ...engine.app, store }, messageId, { goal: 'final', timeoutMs: 3_600_000, signal })
    expect(recipients[0]).toMatchObject({ state: 'delivered' })
    expect(engine.app.clock.now()).toBe(START)
  } finally {
    await other.close()
  }
})
