/** The part of the store's contract about what it counts: everything once, in every group, and nothing that was refused or undone. */
import { expect, it } from 'vitest'
import type { NewEvent, NewMessage, Store } from '../../src/ports/store.ts'
import { messageOf, openTheGates, T0 } from '../support/account.ts'

const DAY = 86_400_000

const eventOf = ({ id, recipients, acceptedAt }: NewMessage, type: string): NewEvent => ({
  type,
  at: acceptedAt,
  messageId: id,
  recipients,
  detail: {},
})

export function activityContract(opened: () => { readonly store: Store; again(): Promise<Store> }): void {
  it('counts what was accepted and what became of it, by spans', async () => {
    const { store, again } = opened()
    await openTheGates(store)
    const to = (count: number): string[] => [
      ...Array.from({ length: count - 1 }, (_, index) => `r${index}@example.net`),
      'bounce@simulator.amazonses.com',
    ]
    const at = (moment: number, count: number): NewMessage =>
      messageOf({ acceptedAt: moment, expiresAt: T0 + 90 * DAY, recipients: to(count) })
    const [first, second, third, fourth] = [at(T0, 2), at(T0 + 599_999, 3), at(T0 + 600_000, 1), at(T0 + 40 * DAY, 5)]
    const size = first.head.length + 7
    // Two in one group, one in another process, and one of our own, which is nobody's mail.
    await Promise.all([store.accept(first, [eventOf(first, 'Send')]), store.accept(second, [eventOf(second, 'Send')])])
    await (await again()).accept(third, [eventOf(third, 'Send'), { ...eventOf(third, 'Bounce'), recipients: ['r0@example.net'] }])
    await store.accept(fourth, [])
    await store.accept(messageOf({ kind: 'report', senders: [] }), [])
    await expect(store.accept(messageOf({ senders: ['eve@example.org'] }), [])).rejects.toThrow()
    await store.saveAccount({ ...(await store.account()), max24HourSend: 1 })
    await expect(Promise.all([store.accept(at(T0 + 41 * DAY, 50), [])])).rejects.toThrow('quota')

    const sent = (at: number, events: number, recipients: number) => ({ at, type: 'Send', events, recipients, octets: size * recipients })
    const bounced = { type: 'Bounce', events: 1, recipients: 1, octets: 0 }
    const all = { from: T0, until: T0 + 90 * DAY }
    expect(await store.activity({ ...all, spanMs: 600_000 })).toEqual([
      sent(T0, 2, 5),
      { ...bounced, at: T0 + 600_000 },
      sent(T0 + 600_000, 1, 1),
      sent(T0 + 40 * DAY, 1, 5),
    ])
    expect(await store.activity({ ...all, spanMs: DAY })).toEqual([{ ...bounced, at: T0 }, sent(T0, 3, 6), sent(T0 + 40 * DAY, 1, 5)])
    expect(await store.activity({ ...all, spanMs: DAY, type: 'Bounce' })).toEqual([{ ...bounced, at: T0 }])
    expect(await store.activity({ from: T0, until: T0 + 600_000, spanMs: DAY })).toEqual([sent(T0, 2, 5)])
    expect(await store.activity({ from: T0 + 600_001, until: T0 + DAY, spanMs: 600_000, type: 'Send' })).toEqual([sent(T0 + 600_000, 1, 1)])
  })

  it('counts what is settled, and that of others not again', async () => {
    const { store } = opened()
    await openTheGates(store)
    const message = messageOf({ recipients: ['a@example.net', 'b@example.net'] })
    await store.accept(message, [])
    const [leased] = await store.lease({ now: T0, leaseMs: 60_000, limit: 1 })
    const settle = (indexes: readonly number[]) =>
      store.settle({
        messageId: message.id,
        attempts: [],
        recipients: indexes.map(index => ({
          index,
          state: 'delivered',
          nextAttemptAt: null,
          outcome: { action: 'delivered', status: '2.0.0', reply: '250 OK' },
        })),
        settledAt: T0,
        events: [eventOf(message, 'Delivery')],
        reports: [],
      })
    expect(leased?.recipients).toHaveLength(2)
    await settle([0, 1])
    await settle([0, 1])
    const ask = { from: T0, until: T0 + 1, spanMs: 600_000 }
    expect((await store.activity(ask)).map(({ type, recipients }) => [type, recipients])).toEqual([
      ['Delivery', 2],
      ['Send', 2],
    ])
  })
}
