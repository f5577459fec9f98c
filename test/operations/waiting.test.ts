/** Commands that wait for what other processes do: two openings of one home stand for two processes. */
import { describe, expect, test } from 'vitest'
import { deliverDue } from '../../src/operations/deliver-due.ts'
import { expectEvent } from '../../src/operations/expect-event.ts'
import { followEvents } from '../../src/operations/follow-events.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const signal = new AbortController().signal
const MAIL = 'From: a@shop.example\nTo: ann@gmail.com\nSubject: one\n\nHi\n'
const follow = ({ app }: Engine, ask: Partial<Parameters<typeof followEvents>[1]> = {}) =>
  followEvents(app, { filter: {}, signal, isGone: () => false, timeoutMs: 20_000, ...ask })

describe('following the log', () => {
  test('begins with what comes after it, in order, and misses nothing between two questions', async () => {
    const writer = await openEngine()
    const reader = await openEngine({ home: writer.home })
    await writer.submit(MAIL)
    const events = follow(reader, { limit: 3 })
    const first = events.next()
    await writer.submit(MAIL.replace('one', 'two'))
    const { messageId } = await writer.submit(MAIL.replace('one', 'three'))
    await deliverDue(writer.app, { messageId, signal })
    const seen = [(await first).value, (await events.next()).value, (await events.next()).value]
    expect(seen).toMatchObject([
      { type: 'Send', event: { mail: { commonHeaders: { subject: 'two' } } } },
      { type: 'Send', event: { mail: { commonHeaders: { subject: 'three' } } } },
      { type: 'Delivery', event: { mail: { commonHeaders: { subject: 'three' } } } },
    ])
    expect((await events.next()).done).toBe(true)
  })

  test('more than fits into memory at once comes whole and in order', async () => {
    const writer = await openEngine()
    const { messageId } = await writer.submit(MAIL)
    const { app } = writer
    const [recipient] = (await app.store.lease({ now: app.clock.now(), leaseMs: 60_000, limit: 1 }))[0]?.recipients ?? []
    if (!recipient) throw new Error('nothing was leased')
    await app.store.settle({
      messageId,
      attempts: [],
      recipients: [{ index: 0, state: 'deferred', nextAttemptAt: 1, outcome: { action: 'delayed', status: '4.0.0', reply: '450 x' } }],
      settledAt: 1,
      events: Array.from({ length: 1_200 }, (_, n) => ({
        type: 'Delivery',
        at: n,
        messageId,
        recipients: ['ann@gmail.com'],
        detail: { n },
      })),
      reports: [],
    })
    const seen: unknown[] = []
    for await (const { event } of follow(writer, { filter: { since: 0, type: 'Delivery' }, limit: 1_200 })) seen.push(event['n'])
    expect(seen).toEqual(Array.from({ length: 1_200 }, (_, n) => n))
  })

  test('ends when nobody reads any more, when time is over, and when it is interrupted', async () => {
    const engine = await openEngine()
    expect((await follow(engine, { isGone: () => true }).next()).done).toBe(true)
    expect((await follow(engine, { timeoutMs: 1 }).next()).done).toBe(true)
    const stop = new AbortController()
    const next = follow(engine, { signal: stop.signal }).next()
    stop.abort()
    await expect(next).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('an expectation on a virtual clock', () => {
  const asked = { quantity: { kind: 'some' }, filter: { type: 'Delivery' }, signal } as const

  test('is decided at once while nobody else is at work', async () => {
    const { app } = await openEngine()
    expect(await app.store.othersAtWork()).toBe(false)
    const verdict = await expectEvent(app, { ...asked, withinMs: 10 * 3_600_000 })
    expect(verdict).toEqual({ isMet: false, found: [], unattended: 0 })
    expect(app.clock.now()).toBe(Date.parse('2026-01-01T10:00:00Z'))
  })

  test('waits in real time too while another process is', async () => {
    const worker = await openEngine()
    const { app } = await openEngine({ home: worker.home })
    // As serve does from its first look on.
    await worker.app.store.lease({ now: 0, leaseMs: 60_000, limit: 1 })
    expect(await app.store.othersAtWork()).toBe(true)
    const waiting = expectEvent(app, { ...asked, withinMs: 20_000 })
    await worker.submit(MAIL)
    await deliverDue(worker.app, { signal })
    expect(await waiting).toMatchObject({ isMet: true, found: [{ type: 'Delivery' }] })
  })
})

test('the last events are the last ones, in order', async () => {
  const { app, submit } = await openEngine()
  for (const subject of ['one', 'two', 'three']) await submit(MAIL.replace('one', subject))
  expect(await app.store.events({ limit: 2, last: true })).toMatchObject([
    { event: { mail: { commonHeaders: { subject: 'two' } } } },
    { event: { mail: { commonHeaders: { subject: 'three' } } } },
  ])
})
