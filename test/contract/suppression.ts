/** What every implementation of the `Store` port must do with suppression lists. Part of `store.ts`. */
import { describe, expect, it } from 'vitest'
import type { SuppressedAddress, SuppressionReason } from '../../src/account/suppression.ts'
import type { AcceptOptions, NewMessage, Settlement, Store } from '../../src/ports/store.ts'
import { messageOf, openTheGates, spooled, T0 } from '../support/account.ts'

const DAY = 86_400_000
const entry = (address: string, reason: SuppressionReason = 'BOUNCE', updatedAt = T0): SuppressedAddress => ({
  address,
  reason,
  updatedAt,
  messageId: null,
  feedbackId: null,
})
const LEASE = { now: T0, leaseMs: 60_000, limit: 100 }

/** @param open a store on a fresh account, and the same account as another process would open it */
export function suppressionContract(open: () => { readonly store: Store; readonly again: () => Promise<Store> }): void {
  const reasons = async (store: Store, suppressedReasons: readonly SuppressionReason[]): Promise<void> =>
    store.saveAccount({ ...(await store.account()), suppressedReasons })
  const facts = (setReasons: readonly SuppressionReason[]) => ({ ...messageOf().facts, suppressedReasons: setReasons })
  /** Has a message accepted, taken and bounced, each recipient with its address dead. */
  async function bounce(store: Store, fields: Partial<NewMessage> = {}, suppress: Partial<SuppressedAddress> = {}): Promise<NewMessage> {
    const message = messageOf(fields)
    await store.accept(message, [], { leaseMs: 60_000 })
    await store.settle(settlementOf(message, suppress))
    return message
  }
  const settlementOf = ({ id, recipients, acceptedAt, facts }: NewMessage, suppress: Partial<SuppressedAddress> = {}): Settlement => ({
    messageId: id,
    attempts: [],
    recipients: recipients.map((_, index) => ({
      index,
      state: 'bounced',
      nextAttemptAt: null,
      outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no such user' },
    })),
    settledAt: acceptedAt,
    events: [],
    reports: [],
    suppress: recipients.map((address, index) => ({
      index,
      address,
      reason: 'BOUNCE',
      updatedAt: acceptedAt,
      messageId: id,
      feedbackId: `feedback of ${id}`,
      setReasons: facts.suppressedReasons,
      ...suppress,
    })),
  })

  describe('suppression', () => {
    it('keeps the list by address: the last word counts, and other processes read it', async () => {
      const { store, again } = open()
      await store.suppress([entry('ann@x.test'), entry('Bob@x.test')])
      await store.suppress([entry('ann@x.test', 'COMPLAINT', T0 + 1)])
      const other = await again()
      expect(await other.suppressedAddress('ann@x.test')).toEqual(entry('ann@x.test', 'COMPLAINT', T0 + 1))
      expect(await other.suppressedAddress('bob@x.test')).toBeUndefined()
      expect(await other.unsuppress(['Bob@x.test', 'nobody@x.test'])).toBe(1)
      expect(await store.suppressedFrom('', 10)).toEqual([entry('ann@x.test', 'COMPLAINT', T0 + 1)])
      expect(await store.suppressedCount()).toBe(1)
    })

    it('shows pages, the latest first, that stay right while others come and go', async () => {
      const { store } = open()
      const all = Array.from({ length: 25 }, (_, i) =>
        entry(`a${String(i).padStart(2, '0')}@x.test`, i % 3 === 0 ? 'COMPLAINT' : 'BOUNCE', T0 + Math.floor(i / 2)),
      )
      await store.suppress(all)
      const latest = [...all].sort((a, b) => b.updatedAt - a.updatedAt || (a.address < b.address ? 1 : -1))
      const seen: SuppressedAddress[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<Store['suppressedAddresses']>> = await store.suppressedAddresses({
          limit: 7,
          ...(after !== null && { after }),
        })
        seen.push(...page.entries)
        after = page.next
        await store.suppress([entry(`new${seen.length}@x.test`, 'BOUNCE', T0 + 1_000)])
      } while (after !== null)
      expect(seen).toEqual(latest)
      const asked = { reason: 'COMPLAINT', since: T0 + 2, until: T0 + 9, limit: 100 } as const
      expect(await store.suppressedAddresses(asked)).toEqual({
        entries: latest.filter(({ reason, updatedAt: at }) => reason === 'COMPLAINT' && at >= T0 + 2 && at < T0 + 9),
        next: null,
      })
      await expect(store.suppressedAddresses({ limit: 1, after: 'here' })).rejects.toMatchObject({ code: 'usage' })
    })

    it('takes a message whose recipients are partly suppressed: theirs end at once, the others go on, all count', async () => {
      const { store } = open()
      await openTheGates(store)
      await store.suppress([entry('bob@example.net')])
      const message = messageOf({ recipients: ['ann@example.net', 'bob@EXAMPLE.net', 'cay@example.net'] })
      const report = messageOf({ kind: 'report', recipients: ['ann@example.com'] })
      const told: unknown[] = []
      const onSuppressed: AcceptOptions['onSuppressed'] = suppressed => {
        told.push(...suppressed.map(({ index, address, list, reason }) => ({ index, address, list, reason })))
        return {
          events: [{ type: 'Bounce', at: T0, messageId: message.id, recipients: ['bob@EXAMPLE.net'], detail: { bounce: {} } }],
          reports: [report],
        }
      }
      const admission = await store.accept(message, [], { leaseMs: 60_000, onSuppressed })
      expect(told).toEqual([{ index: 1, address: 'bob@EXAMPLE.net', list: 'account', reason: 'BOUNCE' }])
      expect(admission).toMatchObject({ held: true, suppressed: [{ index: 1, outcome: { action: 'failed', status: '5.1.1' } }] })
      expect((await store.message(message.id))?.recipients).toMatchObject([
        { state: 'active' },
        { state: 'suppressed', attempts: 0, nextAttemptAt: null, settledAt: T0, outcome: admission.suppressed?.[0]?.outcome },
        { state: 'active' },
      ])
      expect((await store.events({})).map(({ type }) => type)).toEqual(['Bounce'])
      expect((await store.usage(T0)).sentLast24Hours).toBe(3)
      expect((await store.lease(LEASE)).map(group => group.message.id)).toEqual([report.id])
      const { suppress: _, ...settlement } = settlementOf(message)
      await store.settle({ ...settlement, recipients: settlement.recipients.filter(({ index }) => index !== 1) })
      expect(await store.content(message.id)).toBeUndefined()
    })

    it('keeps nothing of a message that nobody gets', async () => {
      const { store } = open()
      await openTheGates(store)
      await store.suppress([entry('bob@example.net')])
      for (const octets of [10, 100_000]) {
        const message = messageOf({ body: await spooled(store, Buffer.alloc(octets)) })
        expect(await store.accept(message, [], { leaseMs: 60_000 })).toMatchObject({ held: false, duplicateOf: null })
        expect((await store.message(message.id))?.recipients).toMatchObject([{ state: 'suppressed' }])
        expect(await store.content(message.id)).toBeUndefined()
      }
      expect(await store.lease(LEASE)).toEqual([])
      expect(await store.nextDueAt()).toBeUndefined()
      expect(await store.queueStats()).toEqual({ queued: 0, active: 0, deferred: 0, held: 0 })
    })

    it('stores nothing when it fails to tell of it', async () => {
      const { store } = open()
      await openTheGates(store)
      await store.suppress([entry('bob@example.net')])
      const onSuppressed = () => {
        throw new Error('no')
      }
      await expect(store.accept(messageOf(), [], { onSuppressed })).rejects.toThrow('no')
      expect(await store.messages(1)).toEqual([])
      expect((await store.usage(T0)).sentLast24Hours).toBe(0)
    })

    it('stops nobody in mail of our own', async () => {
      const { store } = open()
      await store.suppress([entry('bob@example.net')])
      for (const kind of ['report', 'notice'] as const) expect((await store.accept(messageOf({ kind }), [])).suppressed).toBeUndefined()
    })

    it('sees at once what was put on the list or taken off, by this process or by another', async () => {
      const { store, again } = open()
      await openTheGates(store)
      const other = await again()
      const isStopped = async (): Promise<boolean> => (await store.accept(messageOf(), [])).suppressed !== undefined
      expect(await isStopped()).toBe(false)
      await store.suppress([entry('bob@example.net')])
      expect(await isStopped()).toBe(true)
      await store.unsuppress(['bob@example.net'])
      expect(await isStopped()).toBe(false)
      await other.suppress([entry('bob@example.net')])
      expect(await isStopped()).toBe(true)
      await other.unsuppress(['bob@example.net'])
      expect(await isStopped()).toBe(false)
    })

    it('learns from bounces and complaints, for the reasons that count', async () => {
      const { store } = open()
      await openTheGates(store)
      const { id } = await bounce(store, { recipients: ['a@example.net'] })
      const learnt = { ...entry('a@example.net'), messageId: id, feedbackId: `feedback of ${id}` }
      expect(await store.suppressedAddress('a@example.net')).toEqual(learnt)
      await reasons(store, ['COMPLAINT'])
      await bounce(store, { recipients: ['b@example.net'] })
      await bounce(store, { recipients: ['c@example.net'] }, { reason: 'COMPLAINT' })
      await bounce(store, { recipients: ['d@example.net'], facts: facts(['BOUNCE']) })
      await bounce(store, { recipients: ['e@example.net'], facts: facts([]) })
      expect((await store.suppressedFrom('', 10)).map(({ address, reason }) => `${address} ${reason}`)).toEqual([
        'a@example.net BOUNCE',
        'c@example.net COMPLAINT',
        'd@example.net BOUNCE',
      ])
      const { entries } = await store.globallySuppressed({ now: T0, limit: 10 })
      expect(entries.map(({ address }) => address).sort()).toEqual(['a', 'b', 'd', 'e'].map(name => `${name}@example.net`))
    })

    it('learns nothing from a settlement of recipients that are no longer held', async () => {
      const { store } = open()
      await openTheGates(store)
      const message = messageOf({ recipients: ['a@example.net', 'b@example.net'] })
      await store.accept(message, [], { leaseMs: 60_000 })
      const whole = settlementOf(message)
      await store.settle({ ...whole, recipients: whole.recipients.slice(0, 1), suppress: whole.suppress?.slice(0, 1) ?? [] })
      await store.unsuppress(['a@example.net'])
      await store.settle(whole)
      expect((await store.suppressedFrom('', 10)).map(({ address }) => address)).toEqual(['b@example.net'])
    })

    it('keeps bounces on the global list for a while, longer with each, and asks it only without a list of the account', async () => {
      const { store } = open()
      await openTheGates(store)
      await reasons(store, [])
      const at = (acceptedAt: number, fields: Partial<NewMessage> = {}) => ({ ...messageOf(fields), acceptedAt })
      const listAt = async (acceptedAt: number, fields?: Partial<NewMessage>): Promise<string | undefined> =>
        (await store.accept(at(acceptedAt, fields), [])).suppressed?.[0]?.list
      await bounce(store)
      expect(await store.suppressedCount()).toBe(0)
      expect(await listAt(T0 + DAY - 1)).toBe('global')
      expect(await listAt(T0 + DAY - 1, { facts: facts([]) })).toBeUndefined()
      expect(await listAt(T0 + DAY - 1, { facts: facts(['COMPLAINT']) })).toBeUndefined()
      expect(await listAt(T0 + DAY)).toBeUndefined()
      await bounce(store, { acceptedAt: T0 + DAY })
      const second = { address: 'bob@example.net', bounces: 2, updatedAt: T0 + DAY, expiresAt: T0 + 3 * DAY }
      expect(await store.globallySuppressed({ now: T0 + DAY, limit: 10 })).toEqual({ entries: [second], next: null })
      expect(await store.globallySuppressedAddress('bob@example.net', T0 + 3 * DAY)).toBeUndefined()
      // After two weeks off the list an address is new to it.
      await bounce(store, { acceptedAt: T0 + 17 * DAY })
      expect(await store.globallySuppressedAddress('bob@example.net', T0 + 17 * DAY)).toMatchObject({ bounces: 1 })
      expect(await store.unsuppressGlobally('bob@example.net', T0 + 17 * DAY)).toBe(true)
      expect(await store.unsuppressGlobally('bob@example.net', T0 + 17 * DAY)).toBe(false)
      expect(await listAt(T0 + 17 * DAY)).toBeUndefined()
    })
  })
}
