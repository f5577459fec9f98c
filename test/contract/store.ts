/** What every implementation of the `Store` port must do. Run by a test file per adapter. */
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { NEW_SET } from '../../src/account/configuration-set.ts'
import type { Outcome, RecipientState } from '../../src/mail/outcome.ts'
import type { Leased, NewEvent, NewMessage, Settlement, Store } from '../../src/ports/store.ts'
import { bytesOf, identityOf, messageOf, openTheGates, spooled, T0 } from '../support/account.ts'
import { activityContract } from './activity.ts'
import { eventDestinationsContract } from './event-destinations.ts'
import { queueToolsContract } from './queue-tools.ts'
import { reputationsContract } from './reputations.ts'
import { suppressionContract } from './suppression.ts'
import { templatesContract } from './templates.ts'

/** A store on a fresh sandbox account in us-east-1 made a second before T0; `again` opens the same account as another process would. */
export interface StoreUnderTest {
  readonly store: Store
  /** Moves the machine's time, by which leases lapse. */
  readonly pass: (ms: number) => void
  readonly again: () => Promise<Store>
}

const LEASE_MS = 60_000
/** The account's clock stands still there. */
const ACCOUNT_NOW = T0 - 1_000
const ok: Outcome = { action: 'delivered', status: '2.0.0', reply: '250 2.0.0 OK' }
const later: Outcome = { action: 'delayed', status: '4.2.1', reply: '451 4.2.1 try later' }
const never: Outcome = { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no such user' }

const eventOf = (message: NewMessage, type: string, recipients: readonly string[] = message.recipients): NewEvent => ({
  type,
  at: message.acceptedAt,
  messageId: message.id,
  recipients,
  detail: { [type.toLowerCase()]: { by: 'test' } },
})

function settlementOf(leased: Leased, state: RecipientState, outcome: Outcome, fields: Partial<Settlement> = {}): Settlement {
  return {
    messageId: leased.message.id,
    attempts: [],
    recipients: leased.recipients.map(({ index }) => ({
      index,
      state,
      nextAttemptAt: state === 'deferred' || state === 'queued' ? T0 + 900_000 : null,
      outcome,
    })),
    settledAt: T0 + 5,
    events: [],
    reports: [],
    ...fields,
  }
}

export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}`, () => {
    let store: Store
    let tested: StoreUnderTest
    beforeEach(async () => {
      tested = await open()
      store = tested.store
    })
    const lease = (fields: Partial<Parameters<Store['lease']>[0]> = {}): Promise<Leased[]> =>
      store.lease({ now: T0, leaseMs: LEASE_MS, limit: 100, ...fields })
    async function leaseOne(): Promise<Leased> {
      const [leased, ...others] = await lease()
      if (!leased || others.length > 0) throw new Error('not one group')
      return leased
    }

    describe('configuration sets', () => {
      const set = (name: string, tlsPolicy: 'OPTIONAL' | 'REQUIRE' = 'OPTIONAL') => ({
        name,
        createdAt: T0,
        delivery: { tlsPolicy, sendingPoolName: null, maxDeliverySeconds: null },
        sendingEnabled: tlsPolicy === 'OPTIONAL',
        reputation: { metricsEnabled: tlsPolicy === 'REQUIRE', lastFreshStartAt: T0 },
      })

      it('are kept by name, in order, and seen by every process', async () => {
        await store.addConfigurationSet(set('b'))
        await store.addConfigurationSet(set('a'))
        await store.saveConfigurationSet(set('b', 'REQUIRE'))
        const other = await tested.again()
        expect(await other.configurationSets()).toEqual([set('a'), set('b', 'REQUIRE')])
        await other.deleteConfigurationSet('a')
        expect(await store.configurationSet('a')).toBeUndefined()
        expect(await store.configurationSet('b')).toEqual(set('b', 'REQUIRE'))
      })

      it('are made once, and changed or removed only where they are', async () => {
        await store.addConfigurationSet(set('a'))
        await expect(store.addConfigurationSet(set('a', 'REQUIRE'))).rejects.toMatchObject({ code: 'already-exists' })
        await expect(store.saveConfigurationSet(set('b'))).rejects.toMatchObject({ code: 'not-found' })
        await expect(store.deleteConfigurationSet('b')).rejects.toMatchObject({ code: 'not-found' })
        expect(await store.configurationSets()).toEqual([set('a')])
      })
    })

    describe('account and identities', () => {
      it('keeps the account', async () => {
        const account = await store.account()
        expect(account).toMatchObject({ region: 'us-east-1', productionAccess: false, max24HourSend: 200, maxSendRate: 1 })
        expect(account.accountId).toMatch(/^\d{12}$/)
        const changed = {
          ...account,
          productionAccess: true,
          max24HourSend: -1,
          maxSendRate: 14.5,
          enforcementStatus: 'PROBATION' as const,
        }
        await store.saveAccount(changed)
        expect(await store.account()).toEqual(changed)
      })

      it('keeps identities by name, in order', async () => {
        await store.addIdentity(identityOf('example.org'))
        await store.addIdentity(identityOf('example.com'))
        await expect(store.addIdentity(identityOf('example.com'))).rejects.toMatchObject({ code: 'already-exists' })
        expect((await store.identities()).map(one => one.name)).toEqual(['example.com', 'example.org'])
        expect((await store.identitiesNamed(['example.com', "o'brien@example.com"])).map(one => one.name)).toEqual(['example.com'])
        const changed = { ...identityOf('example.com'), feedbackForwarding: false }
        await store.saveIdentity(changed, identityOf('example.com'))
        expect(await store.identity('example.com')).toEqual(changed)
        await store.deleteIdentity('example.com')
        expect(await store.identity('example.com')).toBeUndefined()
        await expect(store.saveIdentity(changed, changed)).rejects.toMatchObject({ code: 'not-found' })
        await expect(store.deleteIdentity('example.com')).rejects.toMatchObject({ code: 'not-found' })
      })
    })

    it('has at most 10,000 configuration sets', async () => {
      const set = (name: string) => ({ name, createdAt: T0, ...NEW_SET })
      await Promise.all(Array.from({ length: 10_000 }, (_, index) => store.addConfigurationSet(set(`set-${index}`))))
      const refusal = { code: 'limit-exceeded', message: 'the account has 10000 configuration sets, the most there can be' }
      await expect((await tested.again()).addConfigurationSet(set('one-more'))).rejects.toMatchObject(refusal)
      await store.deleteConfigurationSet('set-7')
      await store.addConfigurationSet(set('one-more'))
    }, 60_000)

    describe('identities', () => {
      it('are at most 10,000, domains and addresses together; a place that is given back may be taken', async () => {
        const name = (index: number): string => (index % 2 === 0 ? `d${index}.example` : `ann@d${index}.example`)
        await Promise.all(Array.from({ length: 10_000 }, (_, index) => store.addIdentity(identityOf(name(index)))))
        const other = await tested.again()
        for (const one of [store, other])
          await expect(one.addIdentity(identityOf('one-more.example'))).rejects.toMatchObject({
            code: 'limit-exceeded',
            message: 'the account has 10000 identities, the most there can be',
          })
        expect(await store.identity('one-more.example')).toBeUndefined()
        await expect(store.addIdentity(identityOf(name(0)))).rejects.toMatchObject({ code: 'already-exists' })
        await store.deleteIdentity(name(7))
        await other.addIdentity(identityOf('one-more.example'))
        await expect(store.addIdentity(identityOf(name(7)))).rejects.toMatchObject({ code: 'limit-exceeded' })
      }, 60_000)

      it('are changed only from what they are', async () => {
        const first = identityOf('example.com')
        await store.addIdentity(first)
        const other = await tested.again()
        const mine = { ...first, feedbackForwarding: false }
        const theirs = { ...first, configurationSet: 'theirs' }
        await other.saveIdentity(theirs, first)
        await expect(store.saveIdentity(mine, first)).rejects.toMatchObject({ code: 'conflict' })
        expect(await store.identity('example.com')).toEqual(theirs)
        await store.saveIdentity({ ...theirs, feedbackForwarding: false }, theirs)
        expect(await other.identity('example.com')).toMatchObject({ configurationSet: 'theirs', feedbackForwarding: false })
      })

      it('are given out to be checked when their time has come, the longest due first', async () => {
        const dueAt = (name: string, nextCheckAt: number | null) => ({ ...identityOf(name), nextCheckAt })
        expect(await store.nextCheckAt()).toBeUndefined()
        const all = [
          dueAt('c.test', T0 - 5),
          dueAt('never.test', null),
          dueAt('b.test', T0),
          dueAt('a.test', T0),
          dueAt('later.test', T0 + 1),
        ]
        for (const identity of all) await store.addIdentity(identity)
        const names = async (limit: number): Promise<string[]> =>
          (await store.identitiesToCheck({ now: T0, limit })).map(({ name }) => name)
        expect(await names(10)).toEqual(['c.test', 'a.test', 'b.test'])
        expect(await names(1)).toEqual(['c.test'])
        expect(await store.nextCheckAt()).toBe(T0 - 5)
        await store.saveIdentity(dueAt('c.test', null), dueAt('c.test', T0 - 5))
        await store.deleteIdentity('a.test')
        expect(await names(10)).toEqual(['b.test'])
        expect(await store.nextCheckAt()).toBe(T0)
      })
    })

    describe('accept', () => {
      it('refuses what the account may not send, and stores nothing of it', async () => {
        await expect(store.accept(messageOf(), [eventOf(messageOf(), 'Send')])).rejects.toMatchObject({ code: 'not-verified' })
        expect(await store.messages(10)).toEqual([])
        expect(await store.events({})).toEqual([])
        expect(await lease()).toEqual([])
      })

      it('asks for every sender, also one that is neither the From address nor the return path', async () => {
        await openTheGates(store)
        const message = messageOf({ senders: ['ann@example.com', 'secretary@example.org'] })
        await expect(store.accept(message, [])).rejects.toMatchObject({
          code: 'not-verified',
          message: expect.stringMatching(/: secretary@example\.org$/),
        })
      })

      it('stores message, recipients and events in one step', async () => {
        await openTheGates(store)
        const message = messageOf({ recipients: ['bob@example.net', 'Cay@EXAMPLE.org'], idempotencyKey: 'k' })
        const event = eventOf(message, 'Send')
        expect(await store.accept(message, [event])).toEqual({ messageId: message.id, duplicateOf: null, held: false })
        const { head, body, recipients, senders: _, ...facts } = message
        const stored = await store.message(message.id)
        expect(stored).toMatchObject({ ...facts, sizeBytes: head.length + 7 })
        expect(stored?.recipients).toEqual(
          ['bob@example.net', 'Cay@EXAMPLE.org'].map((address, index) => ({
            index,
            address,
            domain: ['example.net', 'example.org'][index],
            state: 'queued',
            attempts: 0,
            nextAttemptAt: T0,
            outcome: null,
            settledAt: null,
          })),
        )
        const { accountId } = await store.account()
        expect(await store.events({})).toEqual([
          {
            id: expect.any(Number),
            type: 'Send',
            at: T0,
            messageId: message.id,
            recipients: message.recipients,
            event: {
              eventType: 'Send',
              mail: expect.objectContaining({
                messageId: message.id,
                destination: message.recipients,
                sendingAccountId: accountId,
                sourceArn: `arn:aws:ses:us-east-1:${accountId}:identity/example.com`,
              }),
              send: { by: 'test' },
            },
          },
        ])
        const content = await store.content(message.id)
        expect(content?.head).toEqual(head)
        expect(content && (await bytesOf(content.body))).toEqual(Buffer.from('Hello\r\n'))
        expect(body.kind).toBe('inline')
      })

      it('answers a seen idempotency key with the first message, whatever the quota says by then', async () => {
        await openTheGates(store)
        const first = messageOf({ idempotencyKey: 'once' })
        await store.accept(first, [])
        expect(await store.idOfKey('once')).toBe(first.id)
        expect(await store.idOfKey('never')).toBeUndefined()
        await store.saveAccount({ ...(await store.account()), sendingEnabled: false })
        const second = messageOf({ idempotencyKey: 'once' })
        expect(await store.accept(second, [eventOf(second, 'Send')])).toEqual({ messageId: first.id, duplicateOf: first.id, held: false })
        expect((await store.messages(10)).map(({ id }) => id)).toEqual([first.id])
        expect(await store.events({})).toEqual([])
      })

      it('keeps each message of a burst apart: a refused one takes nothing with it', async () => {
        await openTheGates(store)
        await store.saveAccount({ ...(await store.account()), max24HourSend: 3 })
        const burst = [1, 2, 1, 1].map(count => messageOf({ recipients: Array.from({ length: count }, (_, i) => `r${i}@example.net`) }))
        const answers = await Promise.allSettled(burst.map(message => store.accept(message, [])))
        expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
        expect((await store.messages(10)).map(({ id }) => id)).toEqual([burst[1]?.id, burst[0]?.id])
        expect(await store.usage(T0)).toMatchObject({ sentLast24Hours: 3 })
      })

      it('counts recipients over a rolling day, without the simulator', async () => {
        await openTheGates(store)
        const day = 86_400_000
        await store.accept(messageOf({ acceptedAt: T0 + 300, recipients: ['a@example.net', 'b@example.net'] }), [])
        await store.accept(messageOf({ acceptedAt: T0 + 700, recipients: ['c@example.net', 'bounce@simulator.amazonses.com'] }), [])
        await store.accept(messageOf({ acceptedAt: T0 + 5_000 }), [])
        expect((await store.usage(T0 + 5_000)).sentLast24Hours).toBe(4)
        expect((await store.usage(T0 + day + 699)).sentLast24Hours).toBe(4)
        expect((await store.usage(T0 + day + 700)).sentLast24Hours).toBe(1)
        await store.accept(messageOf({ acceptedAt: T0 + day + 600 }), [])
        expect((await store.usage(T0 + day + 600)).sentLast24Hours).toBe(5)
        await store.accept(messageOf({ acceptedAt: T0 + day + 700 }), [])
        expect((await store.usage(T0 + day + 700)).sentLast24Hours).toBe(3)
        expect((await store.usage(T0 + 3 * day)).sentLast24Hours).toBe(0)
      })

      it('spends rate tokens, and lets reports and notices pass uncounted', async () => {
        await openTheGates(store)
        await store.saveAccount({ ...(await store.account()), maxSendRate: 1 })
        await store.accept(messageOf(), [])
        await expect(store.accept(messageOf(), [])).rejects.toMatchObject({ code: 'rate-exceeded' })
        await store.accept(messageOf({ kind: 'report', returnPath: '', envelopeFrom: '' }), [])
        await store.accept(messageOf({ kind: 'notice' }), [])
        expect((await store.usage(T0)).sentLast24Hours).toBe(1)
        await store.accept(messageOf({ acceptedAt: T0 + 1_000 }), [])
      })
    })

    describe('two processes', () => {
      it('never take the same token, however they take turns', async () => {
        await openTheGates(store)
        await store.saveAccount({ ...(await store.account()), maxSendRate: 5, max24HourSend: 8 })
        const other = await tested.again()
        const tries = async (acceptedAt: number): Promise<string[]> => {
          const answers: string[] = []
          for (let i = 0; i < 8; i += 1) {
            const both = await Promise.allSettled([store, other].map(one => one.accept(messageOf({ acceptedAt }), [])))
            answers.push(...both.map(one => (one.status === 'fulfilled' ? 'taken' : one.reason.code)))
          }
          return answers
        }
        const count = (answers: string[], wanted: string): number => answers.filter(answer => answer === wanted).length
        const first = await tries(T0 + 5_000) // the bucket is full: 5
        expect([count(first, 'taken'), count(first, 'rate-exceeded')]).toEqual([5, 11])
        const second = await tries(T0 + 20_000) // full again, but only 3 are left of the day
        expect([count(second, 'taken'), count(second, 'quota-exceeded')]).toEqual([3, 13])
        for (const one of [store, other]) expect((await one.usage(T0 + 20_000)).sentLast24Hours).toBe(8)
      })

      it('see what the other changed of the account and its identities', async () => {
        await openTheGates(store)
        const other = await tested.again()
        expect((await other.identitiesNamed(['example.com', 'example.org'])).map(({ name }) => name)).toEqual(['example.com'])
        await store.addIdentity(identityOf('example.org'))
        await store.deleteIdentity('example.com')
        await store.saveAccount({ ...(await store.account()), sendingEnabled: false })
        expect((await other.identitiesNamed(['example.com', 'example.org'])).map(({ name }) => name)).toEqual(['example.org'])
        expect((await other.account()).sendingEnabled).toBe(false)
        await expect(other.accept(messageOf(), [])).rejects.toMatchObject({ code: 'sending-paused' })
      })
    })

    describe('held from birth', () => {
      const hold = { leaseMs: LEASE_MS }

      it('is active at once, and nobody else leases it', async () => {
        await openTheGates(store)
        const message = messageOf({ recipients: ['a@example.net', 'b@example.org'], idempotencyKey: 'once' })
        expect(await store.accept(message, [], hold)).toEqual({ messageId: message.id, duplicateOf: null, held: true })
        expect(await store.accept(messageOf({ idempotencyKey: 'once' }), [], hold)).toMatchObject({ duplicateOf: message.id, held: false })
        expect((await store.message(message.id))?.recipients.map(({ state }) => state)).toEqual(['active', 'active'])
        expect(await lease()).toEqual([])
        const other = await tested.again()
        expect(await other.lease({ now: T0, leaseMs: LEASE_MS, limit: 10 })).toEqual([])
      })

      it('is settled like what was leased, in parts, and lets its content go with the last', async () => {
        await openTheGates(store)
        const message = messageOf({ recipients: ['a@example.net', 'b@example.org', 'c@example.com'] })
        await store.accept(message, [], hold)
        const settle = (index: number, state: RecipientState, outcome: Outcome): Promise<void> =>
          store.settle({
            messageId: message.id,
            attempts: [],
            recipients: [{ index, state, outcome, nextAttemptAt: state === 'deferred' ? T0 + 60_000 : null }],
            settledAt: T0 + 5,
            events: [eventOf(message, 'Delivery')],
            reports: [],
          })
        await settle(0, 'delivered', ok)
        await settle(1, 'deferred', later)
        await settle(2, 'bounced', never)
        expect((await store.message(message.id))?.recipients.map(({ state }) => state)).toEqual(['delivered', 'deferred', 'bounced'])
        expect(await store.content(message.id)).toBeDefined()
        const [leased] = await lease({ now: T0 + 60_000 })
        if (!leased) throw new Error('nothing leased')
        await store.settle(settlementOf(leased, 'delivered', ok))
        expect(await store.content(message.id)).toBeUndefined()
        expect(await store.events({})).toHaveLength(3)
      })

      it('is queued and due when it is given back, or its time is over', async () => {
        await openTheGates(store)
        await store.accept(messageOf(), [], hold)
        await store.release()
        expect((await leaseOne()).recipients).toMatchObject([{ state: 'active', attempts: 0, nextAttemptAt: ACCOUNT_NOW }])
        await store.accept(messageOf(), [], hold)
        const other = await tested.again()
        tested.pass(LEASE_MS + 60_001)
        expect(await other.lease({ now: T0, leaseMs: LEASE_MS, limit: 10 })).toHaveLength(2)
      })

      it('stays with a process that works, longer than its lease', async () => {
        await openTheGates(store)
        const message = messageOf()
        await store.accept(message, [], hold)
        const other = await tested.again()
        for (let i = 0; i < 5; i += 1) {
          tested.pass(LEASE_MS - 1)
          await store.accept(messageOf({ kind: 'notice', acceptedAt: T0 + 1 }), [], hold)
          expect(await other.lease({ now: T0, leaseMs: LEASE_MS, limit: 10 })).toEqual([])
        }
      })
    })

    it('undoes one of many that fails after it has written, and keeps the others', async () => {
      await openTheGates(store)
      const held = messageOf()
      await store.accept(held, [], { leaseMs: LEASE_MS })
      const message = await store.message(held.id)
      if (!message) throw new Error('not stored')
      const attempt = {
        messageId: held.id,
        startedAt: T0,
        endedAt: T0,
        recipients: held.recipients,
        host: 'mx',
        address: '',
        summary: '',
        transcript: [],
      }
      const impossible = settlementOf({ message, domain: 'example.net', recipients: message.recipients }, 'suppressed', ok, {
        attempts: [attempt],
      })
      const before = await store.usage(T0)
      const answers = await Promise.allSettled([
        store.accept(messageOf({ recipients: ['a@example.net', 'b@example.net'] }), []),
        store.settle(impossible),
        store.accept(messageOf({ senders: ['mallory@example.org'] }), []),
        store.accept(messageOf(), [], { leaseMs: LEASE_MS }),
      ])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect(await store.attempts(held.id)).toEqual([])
      expect(await store.queueStats()).toMatchObject({ queued: 2, active: 2 })
      expect((await store.usage(T0)).sentLast24Hours).toBe(before.sentLast24Hours + 3)
      expect((await (await tested.again()).usage(T0)).sentLast24Hours).toBe(before.sentLast24Hours + 3)
    })

    describe('bodies', () => {
      it.each([0, 1, 32_768, 32_769, 65_536, 65_537, 200_000])('gives back a body of %i octets', async size => {
        await openTheGates(store)
        const octets = randomBytes(size)
        const body = await spooled(store, octets.subarray(0, size >> 1), octets.subarray(size >> 1))
        expect(body.kind).toBe(size <= 65_536 ? 'inline' : 'segment') // larger ones go to disk while they come
        if (body.kind === 'segment') expect(body.check.readUInt32BE()).toBe(crc32(octets))
        const message = messageOf({ body })
        await store.accept(message, [])
        const content = await store.content(message.id)
        expect(content?.body.length).toBe(size)
        expect(content && (await bytesOf(content.body)).equals(octets)).toBe(true)
        expect(content && (await bytesOf(content.body)).equals(octets)).toBe(true)
        const other = await tested.again()
        const seen = await other.content(message.id)
        expect(seen && (await bytesOf(seen.body)).equals(octets)).toBe(true)
      })

      it('takes many bodies at once and in small pieces', async () => {
        await openTheGates(store)
        const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc(50_000 + i, `${i}-`))
        const stored = await Promise.all(
          bodies.map(bytes => spooled(store, ...Array.from({ length: 501 }, (_, i) => bytes.subarray(i * 100, i * 100 + 100)))),
        )
        for (const [i, body] of stored.entries()) {
          const message = messageOf({ body })
          await store.accept(message, [])
          const content = await store.content(message.id)
          expect(content && (await bytesOf(content.body)).equals(bodies[i] ?? Buffer.alloc(0))).toBe(true)
        }
      })

      it('refuses a body that was aborted', async () => {
        await openTheGates(store)
        const sink = store.newBody()
        await sink.write(Buffer.alloc(300_000))
        const body = await sink.finish()
        await sink.abort()
        await expect(store.accept(messageOf({ body }), [])).rejects.toMatchObject({ code: 'store-unavailable' })
      })

      it('is given back when the settlement that queues it as a report fails', async () => {
        await openTheGates(store)
        await store.accept(messageOf(), [])
        const body = await spooled(store, Buffer.alloc(300_000))
        const report = messageOf({ kind: 'report', body })
        const impossible = settlementOf(await leaseOne(), 'rejected', never, { reports: [report] })
        await expect(store.settle(impossible)).rejects.toThrow('cannot go from active to rejected')
        await expect(store.accept(report, [])).rejects.toMatchObject({ code: 'store-unavailable' })
      })

      it.each([10_000, 100_000, 300_000])('of %i octets can be offered again after a refusal', async size => {
        const body = await spooled(store, Buffer.alloc(size, 'x'))
        await expect(store.accept(messageOf({ body }), [])).rejects.toMatchObject({ code: 'not-verified' })
        await openTheGates(store)
        const message = messageOf({ body })
        await store.accept(message, [])
        const content = await store.content(message.id)
        expect(content && (await bytesOf(content.body)).equals(Buffer.alloc(size, 'x'))).toBe(true)
      })

      it('lets head and body go when the last recipient is final, and not before', async () => {
        await openTheGates(store)
        const message = messageOf({ body: await spooled(store, Buffer.alloc(90_000)), recipients: ['a@example.net', 'b@example.org'] })
        await store.accept(message, [])
        const [first, second] = await lease()
        if (!first || !second) throw new Error('two groups')
        await store.settle(settlementOf(first, 'bounced', never))
        expect(await store.content(message.id)).toBeDefined()
        await store.settle(settlementOf(second, 'delivered', ok))
        expect(await store.content(message.id)).toBeUndefined()
        expect((await store.message(message.id))?.sizeBytes).toBe(message.head.length + 90_000)
      })
    })

    describe('queue', () => {
      it('leases by message and domain, each once, earliest first', async () => {
        await openTheGates(store)
        const late = messageOf({ acceptedAt: T0 + 50, recipients: ['x@example.net'] })
        const early = messageOf({ recipients: ['a@example.net', 'b@EXAMPLE.org', 'c@example.net'] })
        await store.accept(late, [])
        await store.accept(early, [])
        expect(await store.nextDueAt()).toBe(T0)
        expect(await store.nextDueAt(late.id)).toBe(T0 + 50)
        const [first, ...none] = await lease({ limit: 1, now: T0 + 50 })
        expect(none).toEqual([])
        expect(first?.message.id).toBe(early.id)
        expect(first?.recipients.map(({ address, state }) => [address, state])).toEqual([
          ['a@example.net', 'active'],
          ['c@example.net', 'active'],
        ])
        const rest = await lease({ now: T0 + 50 })
        expect(rest.map(({ message, domain }) => [message.id, domain])).toEqual([
          [early.id, 'example.org'],
          [late.id, 'example.net'],
        ])
        expect(await lease({ now: T0 + 50 })).toEqual([])
        expect(await store.queueStats()).toEqual({ queued: 0, active: 4, deferred: 0, held: 0 })
        expect(await store.nextDueAt()).toBeUndefined()
      })

      it('leases only one message when asked, and nothing before its time', async () => {
        await openTheGates(store)
        const [one, two] = [messageOf(), messageOf({ acceptedAt: T0 + 1 })]
        await store.accept(one, [])
        await store.accept(two, [])
        expect(await lease({ messageId: two.id })).toEqual([])
        expect((await lease({ messageId: two.id, now: T0 + 1 })).map(({ message }) => message.id)).toEqual([two.id])
        expect(await lease({ messageId: 'unknown' })).toEqual([])
      })

      it('leases one domain when asked, the oldest due first', async () => {
        await openTheGates(store)
        const messages = [5, 0, 3].map(after =>
          messageOf({ acceptedAt: T0 + after, recipients: ['a@example.net', 'b@example.org', 'c@EXAMPLE.net'] }),
        )
        for (const message of messages) await store.accept(message, [])
        const now = T0 + 10
        const two = await lease({ now, domain: 'example.net', limit: 2 })
        expect(two.map(({ message, recipients }) => [message.id, recipients.map(({ address }) => address)])).toEqual([
          [messages[1]?.id, ['a@example.net', 'c@EXAMPLE.net']],
          [messages[2]?.id, ['a@example.net', 'c@EXAMPLE.net']],
        ])
        expect((await lease({ now, domain: 'example.net' })).map(({ message }) => message.id)).toEqual([messages[0]?.id])
        expect(await lease({ now, domain: 'example.net' })).toEqual([])
        expect(await lease({ now, domain: 'example.com' })).toEqual([])
        expect((await lease({ now, domain: 'example.org', messageId: messages[0]?.id ?? '' })).map(({ domain }) => domain)).toEqual([
          'example.org',
        ])
        expect(await lease({ now })).toHaveLength(2)
      })

      it('names the domains with something due, in order, from the one after another', async () => {
        await openTheGates(store)
        for (const [domain, after] of [
          ['b.test', 0],
          ['a.test', 0],
          ['c.test', 100],
          ['b.test', 0],
          ['d.test', 0],
        ] as const)
          await store.accept(messageOf({ acceptedAt: T0 + after, recipients: [`x@${domain}`] }), [])
        const domains = (after: string, limit = 10, now = T0) => store.dueDomains({ now, after, limit })
        expect(await domains('')).toEqual(['a.test', 'b.test', 'd.test'])
        expect(await domains('', 2)).toEqual(['a.test', 'b.test'])
        expect(await domains('b.test')).toEqual(['d.test'])
        expect(await domains('aa.test')).toEqual(['b.test', 'd.test'])
        expect(await domains('', 10, T0 + 100)).toEqual(['a.test', 'b.test', 'c.test', 'd.test'])
        await lease({ domain: 'b.test' })
        expect(await domains('')).toEqual(['a.test', 'd.test'])
        for (const leased of await lease({ domain: 'a.test' })) await store.settle(settlementOf(leased, 'held', later))
        expect(await domains('')).toEqual(['d.test'])
      })

      it('gives domains their turns: no number due for one hides what is due for another', async () => {
        await openTheGates(store)
        for (const [at, domain] of ['big.test', 'big.test', 'big.test', 'big.test', 'big.test', 'late.test', 'next.test'].entries())
          await store.accept(messageOf({ acceptedAt: T0 + at, recipients: [`x@${domain}`] }), [])
        const taken = async (limit: number) => (await lease({ now: T0 + 100, limit })).map(({ domain }) => domain)
        expect(await taken(1)).toEqual(['big.test'])
        expect(await taken(1)).toEqual(['late.test'])
        expect(await taken(1)).toEqual(['next.test'])
        expect(await taken(1)).toEqual(['big.test'])
        await store.accept(messageOf({ recipients: ['x@late.test'] }), [])
        expect(await taken(3)).toEqual(['late.test', 'big.test', 'big.test'])
        expect(await taken(9)).toEqual(['big.test'])
      })

      it('leases what has expired whatever its next attempt is, and leaves held and living ones', async () => {
        await openTheGates(store)
        const [old, older, held, living] = [3_000, 2_000, 1_000, 9_000].map(ms =>
          messageOf({ expiresAt: T0 + ms, recipients: ['a@example.net', 'b@example.org'] }),
        )
        for (const message of [old, older, held, living]) if (message) await store.accept(message, [])
        for (const leased of await lease())
          await store.settle(settlementOf(leased, leased.message.id === held?.id ? 'held' : 'deferred', later))
        const expired = (now: number, limit = 10) => store.leaseExpired({ now, leaseMs: LEASE_MS, limit })
        expect(await expired(T0 + 1_999)).toEqual([])
        expect((await expired(T0 + 5_000, 3)).map(({ message, domain }) => [message.id, domain])).toEqual([
          [older?.id, 'example.net'],
          [older?.id, 'example.org'],
          [old?.id, 'example.net'],
        ])
        const last = await expired(T0 + 5_000)
        expect(last.map(({ message, domain }) => [message.id, domain])).toEqual([[old?.id, 'example.org']])
        expect(last[0]?.recipients.map(({ state, attempts }) => [state, attempts])).toEqual([['active', 1]])
        expect(await expired(T0 + 5_000)).toEqual([])
        expect(await store.queueStats()).toEqual({ queued: 0, active: 4, deferred: 2, held: 2 })
      })

      it('takes back what a lapsed lease held as due at once, whatever the clock was when it fell due', async () => {
        await openTheGates(store)
        const [untried, tried, given] = [messageOf({ acceptedAt: T0 + 9_000_000 }), messageOf({ expiresAt: ACCOUNT_NOW - 1 }), messageOf()]
        await store.accept(tried, [])
        await store.settle(settlementOf(await leaseOne(), 'deferred', later))
        await store.accept(untried, [], { leaseMs: LEASE_MS })
        await store.accept(given, [])
        const held = await lease({ now: T0 + 900_000 })
        expect(held).toHaveLength(2)
        await store.release(held.filter(({ message }) => message.id === given.id))
        tested.pass(2 * LEASE_MS + 60_001)
        const other = await tested.again()
        // Not even what is past its time ends before it was tried again: the lost answer may have been yes.
        expect(await other.leaseExpired({ now: ACCOUNT_NOW, leaseMs: LEASE_MS, limit: 10 })).toEqual([])
        const taken = await other.lease({ now: ACCOUNT_NOW, leaseMs: LEASE_MS, limit: 10 })
        expect(taken.map(({ message }) => message.id).sort()).toEqual([untried.id, tried.id, given.id].sort())
      })

      it('brings forward what only a clock that was set back can have put off so far, a part at a time', async () => {
        await openTheGates(store)
        const messages = [0, 1, 2, 3].map(after => messageOf({ acceptedAt: T0 + after }))
        for (const message of messages) await store.accept(message, [])
        for (const [i, leased] of (await lease({ now: T0 + 10 })).entries()) {
          const nextAttemptAt = T0 + ([900_000, 5_000_000, 6_000_000, 7_000_000][i] ?? 0)
          const recipients = settlementOf(leased, 'deferred', later).recipients.map(one => ({ ...one, nextAttemptAt }))
          await store.settle(settlementOf(leased, 'deferred', later, { recipients }))
        }
        const untried = [1, 2, 3, 4, 5].map(after => messageOf({ acceptedAt: T0 + after * 60_000 }))
        for (const message of untried) await store.accept(message, [])
        const due = async (now: number) =>
          (await store.queue({ limit: 100 })).entries.filter(one => (one.nextAttemptAt ?? now) <= now).length
        const bring = (now: number, limit = 100) => store.bringForward({ now, latest: now + 4_900_000, limit })
        const [now, then] = [T0 + 60_000, T0 + 30_000]
        expect([await bring(now, 2), await due(now)]).toEqual([true, 1 + 2 + 2])
        expect([await bring(now, 2), await due(now)]).toEqual([true, 1 + 4 + 3])
        expect([await bring(now, 2), await due(now)]).toEqual([false, 1 + 4 + 3])
        expect([await bring(then), await due(then)]).toEqual([false, 5])
        // What is a wait as ever stays one; and a clock that goes on is no reason to look again.
        const late = messageOf({ acceptedAt: T0 + 900_000 })
        await store.accept(late, [])
        expect([await bring(then + 1), await due(then + 1)]).toEqual([false, 5])
        expect([await bring(then), await due(then)]).toEqual([false, 6])
        expect(await store.nextDueAt(messages[0]?.id)).toBe(T0 + 900_000)
      })

      it('settles recipients with attempts, events and reports in one step', async () => {
        await openTheGates(store)
        const message = messageOf({ recipients: ['a@example.net', 'b@example.net'] })
        await store.accept(message, [])
        const leased = await leaseOne()
        const attempt = {
          messageId: message.id,
          startedAt: T0,
          endedAt: T0 + 5,
          recipients: message.recipients,
          host: 'mx.example.net',
          address: '127.0.0.1',
          summary: '250 OK',
          transcript: ['> EHLO mta.example'],
        }
        const report = messageOf({ kind: 'report', recipients: ['ann@example.com'], acceptedAt: T0 + 5 })
        await store.settle({
          ...settlementOf(leased, 'delivered', ok),
          attempts: [attempt],
          recipients: [
            { index: 0, state: 'delivered', nextAttemptAt: null, outcome: ok },
            { index: 1, state: 'deferred', nextAttemptAt: T0 + 900_000, outcome: later },
          ],
          events: [eventOf(message, 'Delivery', ['a@example.net']), eventOf(message, 'DeliveryDelay', ['b@example.net'])],
          reports: [report],
        })
        expect((await store.message(message.id))?.recipients).toMatchObject([
          { state: 'delivered', attempts: 1, nextAttemptAt: null, outcome: ok, settledAt: T0 + 5 },
          { state: 'deferred', attempts: 1, nextAttemptAt: T0 + 900_000, outcome: later, settledAt: null },
        ])
        expect(await store.attempts(message.id)).toEqual([attempt])
        expect((await store.events({ messageId: message.id })).map(({ type }) => type)).toEqual(['Delivery', 'DeliveryDelay'])
        expect((await store.queue({ limit: 10 })).entries).toEqual([
          expect.objectContaining({ messageId: message.id, address: 'b@example.net', state: 'deferred', lastReply: later.reply }),
          expect.objectContaining({ messageId: report.id, address: 'ann@example.com', state: 'queued', lastReply: null }),
        ])
        expect((await lease({ now: T0 + 900_000 })).map(({ message: { kind } }) => kind)).toEqual(['report', 'mail'])
      })

      it('refuses moves that do not exist and waiting without a time, and changes nothing then', async () => {
        await openTheGates(store)
        await store.accept(messageOf(), [])
        const leased = await leaseOne()
        await expect(store.settle(settlementOf(leased, 'suppressed', ok))).rejects.toThrow(/active to suppressed/)
        const timeless = settlementOf(leased, 'deferred', later).recipients.map(one => ({ ...one, nextAttemptAt: null }))
        await expect(store.settle(settlementOf(leased, 'deferred', later, { recipients: timeless }))).rejects.toThrow(/next attempt/)
        expect((await store.queueStats()).active).toBe(1)
      })

      it('gives back on release what it held, due at once and in its former state', async () => {
        await openTheGates(store)
        const message = messageOf()
        await store.accept(message, [])
        await store.settle(settlementOf(await leaseOne(), 'deferred', later))
        await lease({ now: T0 + 900_000 })
        expect((await store.queueStats()).active).toBe(1)
        await store.release()
        expect(await store.queueStats()).toMatchObject({ active: 0, deferred: 1, queued: 0 })
        expect(await lease({ now: T0 + 900_000 })).toHaveLength(1)
      })

      it('takes back a lapsed lease, and drops the late settlement of its first holder', async () => {
        await openTheGates(store)
        const message = messageOf()
        await store.accept(message, [])
        const lapsed = await leaseOne()
        const other = await tested.again()
        const ask = { now: T0, leaseMs: LEASE_MS, limit: 10 }
        tested.pass(LEASE_MS - 1)
        expect(await other.lease(ask)).toEqual([])
        tested.pass(60_001) // a lease is written for up to a minute more, to be written seldom
        const [taken] = await other.lease(ask)
        expect(taken?.message.id).toBe(message.id)
        const report = messageOf({ kind: 'report' })
        await store.settle(settlementOf(lapsed, 'bounced', never, { events: [eventOf(message, 'Bounce')], reports: [report] }))
        expect((await store.message(message.id))?.recipients[0]?.state).toBe('active')
        expect(await store.events({})).toEqual([])
        expect(await store.message(report.id)).toBeUndefined()
        if (taken) await other.settle(settlementOf(taken, 'delivered', ok))
        expect((await store.message(message.id))?.recipients[0]?.state).toBe('delivered')
      })

      it('never gives the same recipient to two', async () => {
        await openTheGates(store)
        for (let i = 0; i < 20; i += 1) await store.accept(messageOf(), [])
        const other = await tested.again()
        const taken = await Promise.all([store, other, store, other].map(one => one.lease({ now: T0, leaseMs: LEASE_MS, limit: 7 })))
        const ids = taken.flat().map(({ message }) => message.id)
        expect(ids).toHaveLength(20)
        expect(new Set(ids).size).toBe(20)
      })
    })

    eventDestinationsContract(() => tested)
    queueToolsContract(() => tested)
    reputationsContract(() => tested)
    suppressionContract(() => tested)
    templatesContract(() => tested)

    describe('activity', () => activityContract(() => tested))

    describe('events', () => {
      it('filters by message, type, recipient, time and cursor', async () => {
        await openTheGates(store)
        const one = messageOf({ recipients: ['a@example.net'] })
        const two = messageOf({ recipients: ['b@example.net', 'a@example.net'], acceptedAt: T0 + 1_000 })
        await store.accept(one, [eventOf(one, 'Send'), eventOf(one, 'Delivery')])
        await store.accept(two, [eventOf(two, 'Send')])
        const found = async (filter: Parameters<Store['events']>[0]) => (await store.events(filter)).map(e => `${e.messageId} ${e.type}`)
        expect(await found({})).toEqual([`${one.id} Send`, `${one.id} Delivery`, `${two.id} Send`])
        expect(await found({ type: 'Send', limit: 1 })).toEqual([`${one.id} Send`])
        expect(await found({ messageId: two.id })).toEqual([`${two.id} Send`])
        expect(await found({ to: 'b@example.net' })).toEqual([`${two.id} Send`])
        expect(await found({ to: 'a@example.net', type: 'Send' })).toEqual([`${one.id} Send`, `${two.id} Send`])
        expect(await found({ since: T0 + 1_000 })).toEqual([`${two.id} Send`])
        const [, second] = await store.events({})
        expect(await found({ after: second?.id ?? 0 })).toEqual([`${two.id} Send`])
        expect(await store.eventCounts(T0)).toEqual({ Delivery: 1, Send: 2 })
        expect(await store.eventCounts(T0 + 1)).toEqual({ Send: 1 })
      })
    })
  })
}
