/** What every implementation of the `Store` port must do with event destinations and what is to be told to them. Part of `store.ts`. */
import { describe, expect, it } from 'vitest'
import { NEW_SET } from '../../src/account/configuration-set.ts'
import type { EventDestination } from '../../src/account/event-destination.ts'
import type { Batch, PublishSettlement, Settled } from '../../src/ports/event-destinations.ts'
import type { Store } from '../../src/ports/store.ts'
import { messageOf, openTheGates, T0 } from '../support/account.ts'

const destinationOf = (fields: Partial<EventDestination> = {}): EventDestination => ({
  owner: { kind: 'set', name: 'receipts' },
  name: 'hooks',
  enabled: true,
  eventTypes: ['DELIVERY', 'SEND'],
  service: { kind: 'plain' },
  place: { kind: 'file', path: '/nowhere' },
  includeHeaders: false,
  confirmed: true,
  token: 't',
  createdAt: T0,
  ...fields,
})

/** @param open a store on a fresh account, and the same account as another process would open it */
export function eventDestinationsContract(
  open: () => { readonly store: Store; readonly again: () => Promise<Store>; readonly pass: (ms: number) => void },
): void {
  async function prepared(fields: Partial<EventDestination> = {}): Promise<{ readonly store: Store; readonly id: number }> {
    const { store } = open()
    await openTheGates(store)
    await store.addConfigurationSet({ name: 'receipts', createdAt: T0, ...NEW_SET })
    await store.addEventDestination(destinationOf(fields))
    return { store, id: (await store.eventDestinations())[0]?.id ?? 0 }
  }
  async function happen(store: Store, id: string, types: readonly string[]): Promise<void> {
    const message = messageOf({ id })
    const facts = { ...message.facts, configurationSet: 'receipts' }
    await store.accept(
      { ...message, facts },
      types.map(type => ({ type, at: T0, messageId: id, recipients: message.recipients, detail: {} })),
    )
  }
  const take = (store: Store, destination: number, now = T0, limit = 10): Promise<Batch | undefined> =>
    store.takePublications({ destination, now, limit })
  const typesOf = (batch: Batch | undefined): string[] | undefined =>
    batch?.items.map(({ event, isBehind }) => `${event.messageId} ${event.type}${isBehind ? ' behind' : ''}`)
  const settlementOf = (batch: Batch | undefined, as: Settled['as'], nextTryAt = T0): PublishSettlement => ({
    destination: batch?.destination.id ?? 0,
    cursor: batch?.cursor ?? 0,
    failures: 0,
    restsUntil: null,
    settled: (batch?.items ?? []).map(({ event, tries }) => ({
      eventId: event.id,
      messageId: event.messageId,
      as,
      tries: tries + 1,
      nextTryAt,
      error: as === 'taken' ? null : 'no',
    })),
    tries: [],
  })

  describe('event destinations', () => {
    it('begin with what happens after they were made, and what was taken is not given again', async () => {
      const { store, id } = await prepared()
      await happen(store, 'm1', ['Send', 'Open', 'Delivery'])
      expect(await store.destinationsToPublish(T0)).toEqual([id])
      const batch = await take(store, id)
      expect(typesOf(batch)).toEqual(['m1 Send', 'm1 Delivery'])
      expect(typesOf(await take(store, id))).toEqual(['m1 Send', 'm1 Delivery'])
      await store.settlePublications(settlementOf(batch, 'taken'))
      expect(typesOf(await take(store, id))).toEqual([])
      expect(await store.destinationsToPublish(T0)).toEqual([])
      expect(await store.nextPublishAt(T0)).toBeUndefined()
    })

    it('what waits is given at its time, with those of its message in line', async () => {
      const { store, id } = await prepared()
      await happen(store, 'm1', ['Send', 'Delivery'])
      await store.settlePublications(settlementOf(await take(store, id, T0, 1), 'waits', T0 + 500))
      expect(typesOf(await take(store, id))).toEqual(['m1 Delivery behind'])
      await store.settlePublications(settlementOf(await take(store, id), 'behind'))
      expect(await store.eventDestinations()).toMatchObject([{ waiting: 2, lastError: 'no' }])
      expect([typesOf(await take(store, id, T0 + 499)), await store.nextPublishAt(T0)]).toEqual([[], T0 + 500])
      expect(typesOf(await take(store, id, T0 + 500))).toEqual(['m1 Send', 'm1 Delivery'])
      expect(typesOf(await store.takePublications({ destination: id, now: T0, limit: 10, all: true }))).toEqual(['m1 Send', 'm1 Delivery'])
    })

    it('dead letters are kept, and come back when they are redriven', async () => {
      const { store, id } = await prepared()
      await happen(store, 'm1', ['Send'])
      await store.settlePublications(settlementOf(await take(store, id), 'dead'))
      expect(await store.deadLetters(id, 10)).toMatchObject([{ tries: 1, error: 'no', event: { messageId: 'm1', type: 'Send' } }])
      expect(typesOf(await take(store, id, T0 + 1e9))).toEqual([])
      expect(await store.redriveDeadLetters(id, T0)).toBe(1)
      expect(typesOf(await take(store, id))).toEqual(['m1 Send'])
      expect(await store.deadLetters(id, 10)).toEqual([])
    })

    it('a destination rests until its time, then gives one event', async () => {
      const { store, id } = await prepared()
      await happen(store, 'm1', ['Send'])
      await happen(store, 'm2', ['Send'])
      await store.settlePublications({ ...settlementOf(await take(store, id, T0, 1), 'waits', T0 + 1), failures: 1, restsUntil: T0 + 100 })
      expect([await take(store, id, T0 + 99), await store.destinationsToPublish(T0 + 99)]).toEqual([undefined, []])
      expect(typesOf(await take(store, id, T0 + 100))).toEqual(['m1 Send'])
    })

    it('one process holds a destination at a time, until it lets go or its time is over', async () => {
      const { store, id } = await prepared()
      const other = await open().again()
      await happen(store, 'm1', ['Send'])
      const first = await take(store, id)
      expect([await take(other, id), await other.destinationsToPublish(T0)]).toEqual([undefined, []])
      await store.releasePublications(id)
      const second = await take(other, id)
      expect(typesOf(second)).toEqual(['m1 Send'])
      // It is not held any more: what is settled now is dropped.
      await store.settlePublications(settlementOf(first, 'dead'))
      expect(await store.deadLetters(id, 10)).toEqual([])
      open().pass(600_001)
      expect(typesOf(await take(store, id))).toEqual(['m1 Send'])
    })

    it('go with their set; one that is off, or gone, gives nothing', async () => {
      const { store, id } = await prepared({ enabled: false })
      await happen(store, 'm1', ['Send'])
      expect([await take(store, id), await store.destinationsToPublish(T0)]).toEqual([undefined, []])
      await expect(store.saveEventDestination(destinationOf({ name: 'none' }))).rejects.toMatchObject({ code: 'not-found' })
      await expect(store.addEventDestination(destinationOf())).rejects.toMatchObject({ code: 'already-exists' })
      await expect(store.addEventDestination(destinationOf({ owner: { kind: 'set', name: 'none' } }))).rejects.toMatchObject({
        code: 'not-found',
      })
      await store.deleteConfigurationSet('receipts')
      expect([await store.eventDestinations(), await take(store, id)]).toEqual([[], undefined])
    })
  })
}
