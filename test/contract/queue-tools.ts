/** What every implementation of the `Store` port must do for the queue's tools: part of the store's contract. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Outcome, QueueChange } from '../../src/mail/outcome.ts'
import type { QueueFilter, QueuePage } from '../../src/ports/queue.ts'
import type { Leased, NewMessage, Store } from '../../src/ports/store.ts'
import { messageOf, openTheGates, spooled, T0 } from '../support/account.ts'

const LEASE_MS = 60_000
const NOW = T0 + 10_000

const refused = (status: Outcome['status']): Outcome => ({ action: 'delayed', status, reply: `451 ${status} later` })

export function queueToolsContract(opened: () => { readonly store: Store; readonly again: () => Promise<Store> }): void {
  describe('queue tools', () => {
    let store: Store
    beforeEach(async () => {
      store = opened().store
      await openTheGates(store)
    })

    async function accept(recipients: readonly string[], fields: Partial<NewMessage> = {}): Promise<NewMessage> {
      const message = messageOf({ recipients, ...fields })
      await store.accept(message, [])
      return message
    }
    async function settle(groups: readonly Leased[], state: 'deferred' | 'held', outcome = refused('4.2.1')): Promise<void> {
      for (const { message, recipients } of groups)
        await store.settle({
          messageId: message.id,
          attempts: [],
          recipients: recipients.map(({ index }) => ({ index, state, nextAttemptAt: state === 'held' ? null : T0 + 900_000, outcome })),
          settledAt: T0,
          events: [],
          reports: [],
        })
    }
    const lease = (messageId: string, domain?: string) =>
      store.lease({ now: NOW, leaseMs: LEASE_MS, limit: 100, messageId, ...(domain !== undefined && { domain }) })
    const addresses = ({ entries }: QueuePage): string[] => entries.map(({ address }) => address)
    const found = async (filter: QueueFilter) => addresses(await store.queue({ ...filter, limit: 100 }))
    const change = (change: QueueChange, filter: QueueFilter, limit = 100) => store.changeQueue({ change, filter, now: NOW, limit })
    const states = async (message: NewMessage) => (await store.message(message.id))?.recipients.map(({ state }) => state)

    /** Five messages: queued, deferred by two errors, held and active recipients, in two configuration sets. */
    async function fill(): Promise<Record<'one' | 'two' | 'three' | 'four' | 'five', NewMessage>> {
      const { facts } = messageOf()
      const one = await accept(['a1@a.test', 'b1@b.test'], { acceptedAt: T0 + 1_000 })
      const two = await accept(['a2@a.test'], { acceptedAt: T0 + 2_000, facts: { ...facts, configurationSet: 'news' } })
      const three = await accept(['b3@b.test'], { acceptedAt: T0 + 3_000, facts: { ...facts, configurationSet: 'news' } })
      const four = await accept(['a4@a.test'], { acceptedAt: T0 + 4_000 })
      const five = await accept(['b5@b.test'], { acceptedAt: T0 + 5_000 })
      await settle(await lease(one.id, 'b.test'), 'deferred', refused('4.4.1'))
      await settle(await lease(two.id), 'deferred', refused('4.4.7'))
      await settle(await lease(three.id), 'held', refused('4.4.10'))
      await lease(five.id)
      return { one, two, three, four, five }
    }

    it('finds by each filter, the oldest first', async () => {
      const { one, five } = await fill()
      expect(await found({})).toEqual(['a1@a.test', 'b1@b.test', 'a2@a.test', 'b3@b.test', 'a4@a.test', 'b5@b.test'])
      expect(await found({ domain: 'a.test' })).toEqual(['a1@a.test', 'a2@a.test', 'a4@a.test'])
      expect(await found({ domain: 'b.test' })).toEqual(['b1@b.test', 'b3@b.test', 'b5@b.test'])
      expect(await found({ domain: 'c.test' })).toEqual([])
      expect(await found({ states: ['queued'] })).toEqual(['a1@a.test', 'a4@a.test'])
      expect(await found({ states: ['held', 'active'] })).toEqual(['b3@b.test', 'b5@b.test'])
      expect(await found({ acceptedFrom: T0 + 4_000 })).toEqual(['a4@a.test', 'b5@b.test'])
      expect(await found({ acceptedUntil: T0 + 2_000 })).toEqual(['a1@a.test', 'b1@b.test', 'a2@a.test'])
      expect(await found({ acceptedFrom: T0 + 2_000, acceptedUntil: T0 + 3_000 })).toEqual(['a2@a.test', 'b3@b.test'])
      expect(await found({ configurationSet: 'news' })).toEqual(['a2@a.test', 'b3@b.test'])
      expect(await found({ configurationSet: 'none' })).toEqual([])
      expect(await found({ messageId: one.id })).toEqual(['a1@a.test', 'b1@b.test'])
      expect(await found({ messageId: five.id })).toEqual(['b5@b.test'])
      expect(await found({ messageId: 'unknown' })).toEqual([])
    })

    it('takes an error as a whole or by its beginning, never within a number', async () => {
      await fill()
      expect(await found({ error: '4' })).toEqual(['b1@b.test', 'a2@a.test', 'b3@b.test'])
      expect(await found({ error: '4.4' })).toEqual(['b1@b.test', 'a2@a.test', 'b3@b.test'])
      expect(await found({ error: '4.4.1' })).toEqual(['b1@b.test'])
      expect(await found({ error: '4.4.10' })).toEqual(['b3@b.test'])
      expect(await found({ error: '4.2' })).toEqual([])
      expect(await found({ error: '5' })).toEqual([])
    })

    it('lets filters narrow each other, whichever comes first', async () => {
      const { one } = await fill()
      expect(await found({ domain: 'b.test', error: '4.4' })).toEqual(['b1@b.test', 'b3@b.test'])
      expect(await found({ domain: 'b.test', error: '4.4', configurationSet: 'news' })).toEqual(['b3@b.test'])
      expect(await found({ configurationSet: 'news', error: '4.4.7' })).toEqual(['a2@a.test'])
      expect(await found({ configurationSet: 'news', states: ['deferred'] })).toEqual(['a2@a.test'])
      expect(await found({ domain: 'a.test', states: ['active'] })).toEqual([])
      expect(await found({ domain: 'b.test', states: ['active'], acceptedFrom: T0 + 5_000 })).toEqual(['b5@b.test'])
      expect(await found({ messageId: one.id, domain: 'b.test' })).toEqual(['b1@b.test'])
      expect(await found({ messageId: one.id, error: '4.4', states: ['queued'] })).toEqual([])
      expect(await found({ error: '4.4', acceptedUntil: T0 + 1_000 })).toEqual(['b1@b.test'])
    })

    it('gives pages that follow each other without gap or repetition, and counts the rest', async () => {
      await fill()
      const seen: string[] = []
      let after: string | undefined
      for (const more of [4, 2, 0]) {
        const page: QueuePage = await store.queue({ limit: 2, ...(after !== undefined && { after }) })
        expect(page).toMatchObject({ more, moreIsExact: true })
        seen.push(...addresses(page))
        after = page.next ?? undefined
      }
      expect(after).toBeUndefined()
      expect(seen).toEqual(await found({}))
      await expect(store.queue({ limit: 1, after: 'nonsense' })).rejects.toMatchObject({ code: 'usage' })
    })

    it('tells what most of the deferred wait for', async () => {
      expect(await store.topDeferral()).toBeNull()
      const { four } = await fill() // one each of 4.4.1 and 4.4.7; 4.4.10 is held
      await settle(await lease(four.id), 'deferred', { ...refused('4.4.7'), reply: '451 4.4.7 the younger one' })
      expect(await store.topDeferral()).toEqual({ status: '4.4.7', recipients: 2, isExact: true, lastReply: '451 4.4.7 later' })
      await change('hold', { error: '4.4.7' })
      expect(await store.topDeferral()).toMatchObject({ status: '4.4.1', recipients: 1 })
    })

    it('counts by state, by filter and by destination', async () => {
      await fill()
      expect(await store.queueStats()).toEqual({ queued: 2, active: 1, deferred: 2, held: 1 })
      expect(await store.queueCount({})).toBe(6)
      expect(await store.queueCount({ domain: 'a.test' })).toBe(3)
      expect(await store.queueCount({ domain: 'a.test', states: ['deferred', 'held'] })).toBe(1)
      expect(await store.queueCount({ states: ['queued', 'held'] })).toBe(3)
      expect(await store.queueCount({ error: '4.4', domain: 'b.test' })).toBe(2)
      expect(await store.queueDestinations(10)).toEqual([
        { domain: 'a.test', queued: 2, deferred: 1, held: 0, oldestAt: T0 + 1_000 },
        { domain: 'b.test', queued: 0, deferred: 1, held: 1, oldestAt: T0 + 1_000 },
      ])
      expect((await store.queueDestinations(1)).map(({ domain }) => domain)).toEqual(['a.test'])
    })

    it('keeps its counts through every move of a recipient', async () => {
      const { five } = await fill()
      await change('release', {})
      await change('hold', { domain: 'a.test' })
      expect(await store.queueDestinations(10)).toEqual([
        { domain: 'a.test', queued: 0, deferred: 0, held: 3, oldestAt: T0 + 1_000 },
        { domain: 'b.test', queued: 1, deferred: 1, held: 0, oldestAt: T0 + 1_000 },
      ])
      await store.release()
      expect(await states(five)).toEqual(['queued'])
      expect(await store.queueStats()).toEqual({ queued: 2, active: 0, deferred: 1, held: 3 })
      await change('delete', { domain: 'a.test' })
      expect(await store.queueDestinations(10)).toMatchObject([{ domain: 'b.test', queued: 2, deferred: 1 }])
      await change('delete', {})
      expect(await store.queueDestinations(10)).toEqual([])
      expect(await store.queueStats()).toEqual({ queued: 0, active: 0, deferred: 0, held: 0 })
    })

    it('retries: what waits is due now, what is held or being tried stays', async () => {
      const { one, two, three } = await fill()
      expect(await change('retry', {})).toEqual({ changed: 4, next: null })
      expect((await store.message(one.id))?.recipients.map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([T0 + 1_000, NOW])
      expect(await store.nextDueAt(two.id)).toBe(NOW)
      expect(await states(three)).toEqual(['held'])
      expect(await store.lease({ now: NOW, leaseMs: LEASE_MS, limit: 100 })).toHaveLength(4)
    })

    it('holds what waits and releases it again to where it was, due now', async () => {
      const { one, five } = await fill()
      expect(await change('hold', {})).toEqual({ changed: 4, next: null })
      expect(await states(one)).toEqual(['held', 'held'])
      expect(await states(five)).toEqual(['active'])
      expect(await store.nextDueAt()).toBeUndefined()
      expect(await store.lease({ now: NOW, leaseMs: LEASE_MS, limit: 100 })).toEqual([])
      expect(await change('release', { messageId: one.id })).toEqual({ changed: 2, next: null })
      expect((await store.message(one.id))?.recipients).toMatchObject([
        { state: 'queued', attempts: 0, nextAttemptAt: NOW },
        { state: 'deferred', attempts: 1, nextAttemptAt: NOW },
      ])
    })

    it('deletes for good: ended as rejected, nothing else said of it, content gone with the last', async () => {
      const body = await spooled(store, Buffer.alloc(9_000))
      const message = await accept(['a@a.test', 'b@b.test'], { body })
      expect(await change('delete', { messageId: message.id, domain: 'a.test' })).toEqual({ changed: 1, next: null })
      expect(await store.content(message.id)).toBeDefined()
      expect(await change('delete', { messageId: message.id })).toEqual({ changed: 1, next: null })
      expect((await store.message(message.id))?.recipients).toMatchObject(
        ['a', 'b'].map(() => ({
          state: 'rejected',
          nextAttemptAt: null,
          settledAt: NOW,
          outcome: { action: 'failed', reply: '554 5.7.0 Removed from the queue by hand' },
        })),
      )
      expect(await store.content(message.id)).toBeUndefined()
      expect(await store.events({})).toEqual([])
      expect((await store.messages(10)).map(({ id }) => id)).toEqual([message.id])
    })

    it('never touches what another process holds', async () => {
      const message = await accept(['a@a.test'])
      const other = await opened().again()
      const [held] = await other.lease({ now: NOW, leaseMs: LEASE_MS, limit: 1 })
      for (const verb of ['retry', 'hold', 'release', 'delete'] as const)
        expect(await change(verb, { messageId: message.id })).toEqual({ changed: 0, next: null })
      expect(await store.queueCount({ messageId: message.id, states: ['active'] })).toBe(1)
      expect(held?.recipients).toHaveLength(1)
      expect(await states(message)).toEqual(['active'])
    })

    it('works in batches that follow each other, each row once', async () => {
      for (let i = 0; i < 7; i += 1) await accept([`r${i}@a.test`], { acceptedAt: T0 + i })
      const first = await store.changeQueue({ change: 'retry', filter: {}, now: NOW, limit: 3 })
      expect(first.changed).toBe(3)
      const second = await store.changeQueue({ change: 'retry', filter: {}, now: NOW, limit: 3, after: first.next ?? '' })
      const third = await store.changeQueue({ change: 'retry', filter: {}, now: NOW, limit: 3, after: second.next ?? '' })
      expect([second.changed, third]).toEqual([3, { changed: 1, next: null }])
    })

    it('leases what a filter means, due or not, whole messages, each once', async () => {
      const { one, two, three, four } = await fill()
      const take = (filter: QueueFilter, limit: number, after?: string | null) =>
        store.leaseMatching({ filter, leaseMs: LEASE_MS, limit, ...(typeof after === 'string' && { after }) })
      const first = await take({}, 1)
      expect(first.leased.map(({ message, domain }) => [message.id, domain])).toEqual([
        [one.id, 'a.test'],
        [one.id, 'b.test'],
      ])
      expect(first.leased.flatMap(({ recipients }) => recipients.map(({ state }) => state))).toEqual(['active', 'active'])
      await settle(first.leased, 'deferred')
      const rest = await take({}, 10, first.next)
      expect(rest.leased.map(({ message }) => message.id)).toEqual([two.id, four.id])
      expect(await take({}, 10, rest.next)).toEqual({ leased: [], next: null })
      expect((await take({ error: '4.2', domain: 'b.test' }, 10)).leased.map(({ recipients }) => recipients[0]?.address)).toEqual([
        'b1@b.test',
      ])
      expect(await states(three)).toEqual(['held'])
    })
  })
}
