/** What every store promises of counting and judging how mail is received. Part of the contract of the `Store` port. */
import { beforeEach, describe, expect, it } from 'vitest'
import { NEW_SET } from '../../src/account/configuration-set.ts'
import type { ProductionCase } from '../../src/account/production-access.ts'
import { dayOf } from '../../src/account/reputation.ts'
import type { NewMessage, Store } from '../../src/ports/store.ts'
import { messageOf, openTheGates, T0 } from '../support/account.ts'

const DAY = 86_400_000
const TODAY = dayOf(T0)
const people = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${i}@yahoo.com`)

export function reputationsContract(opened: () => { readonly store: Store; readonly again: () => Promise<Store> }): void {
  describe('reputation', () => {
    let store: Store
    let tested: ReturnType<typeof opened>
    beforeEach(async () => {
      tested = opened()
      store = tested.store
      await openTheGates(store)
    })

    /** Accepted, with a hard bounce for each of the first `bounced` recipients. */
    async function sent(recipients: readonly string[], bounced = 0, fields: Partial<NewMessage> = {}): Promise<void> {
      const message = messageOf({ recipients, ...fields })
      const event = (type: string, to: readonly string[], detail: Readonly<Record<string, unknown>>) => ({
        type,
        at: message.acceptedAt,
        messageId: message.id,
        recipients: to,
        detail,
      })
      const bounces = recipients
        .slice(0, bounced)
        .map(to => event('Bounce', [to], { bounce: { bounceType: 'Permanent', bounceSubType: 'General' } }))
      await store.accept(message, [event('Send', recipients, { send: {} }), ...bounces])
    }
    const following = (configurationSet: string): Partial<NewMessage> => ({ facts: { ...messageOf().facts, configurationSet } })
    async function countAll(through = store): Promise<void> {
      while (await through.countEvents({ limit: 3, atLeast: 1, now: T0 }));
    }
    const account = async (through = store) =>
      (await through.countsOf({ kind: 'account', since: TODAY - 30, limit: 1 }))[0]?.days.map(({ day, sent, bounced }) => [
        day,
        sent,
        bounced,
      ])

    it('counts each event once, whoever counts, by the day and the identity', async () => {
      await sent(people(20), 4)
      await sent(people(5), 1, { acceptedAt: T0 - DAY })
      const other = await tested.again()
      expect(await store.countEvents({ limit: 3, atLeast: 1, now: T0 })).toBe(true)
      await Promise.all([countAll(), countAll(other)])
      expect(await account()).toEqual([
        [TODAY - 1, 5, 1],
        [TODAY, 20, 4],
      ])
      expect(await store.countEvents({ limit: 3, atLeast: 1, now: T0 })).toBe(false)
      expect(await account(other)).toEqual(await account())
      const [identity] = await store.countsOf({ kind: 'identity', since: TODAY, limit: 5 })
      expect(identity).toEqual({ name: 'example.com', days: [{ day: TODAY, sent: 20, bounced: 4, reportable: 20, complained: 0 }] })
      expect(await store.countsOf({ kind: 'set', since: 0, limit: 5 })).toEqual([])
    })

    it('waits until it is worth while, leaves out our own domains and forgets what is old', async () => {
      await sent(['ann@example.com', 'bob@mail.example.com', 'cay@example.net'], 3)
      expect(await store.countEvents({ limit: 100, atLeast: 10, now: T0 })).toBe(false)
      expect(await account()).toBeUndefined()
      await countAll()
      expect(await account()).toEqual([[TODAY, 1, 1]])
      await sent(people(1), 0, { acceptedAt: T0 + 31 * DAY })
      await store.countEvents({ limit: 100, atLeast: 1, now: T0 + 31 * DAY })
      expect(await store.countsOf({ kind: 'account', since: 0, limit: 1 })).toMatchObject([{ days: [{ day: TODAY + 31, sent: 1 }] }])
    })

    it('counts a configuration set whose metrics are on, anew after its sending was off', async () => {
      const set = { name: 'receipts', createdAt: T0, ...NEW_SET, reputation: { metricsEnabled: true, lastFreshStartAt: null } }
      await store.addConfigurationSet(set)
      await store.addConfigurationSet({ ...set, name: 'silent', ...NEW_SET })
      await sent(people(3), 1, following('receipts'))
      await sent(people(2), 1, following('silent'))
      await countAll()
      const counts = async () => (await store.countsOf({ kind: 'set', since: 0, limit: 5 })).map(({ name, days }) => [name, days[0]?.sent])
      expect(await counts()).toEqual([['receipts', 3]])
      await sent(people(7), 0, following('receipts'))
      await store.saveConfigurationSet({ ...set, reputation: { metricsEnabled: true, lastFreshStartAt: T0 + 1_000 } })
      expect(await counts()).toEqual([])
      await sent(people(4), 0, { ...following('receipts'), acceptedAt: T0 + 2_000 })
      await countAll()
      expect(await counts()).toEqual([['receipts', 4]])
      await store.deleteConfigurationSet('receipts')
      expect(await counts()).toEqual([])
      expect((await account())?.[0]?.[1]).toBe(16)
    })

    it('suspends an account by its rates, says why, and lets it go on counted anew', async () => {
      await sent(people(999), 999)
      await countAll()
      expect(await store.judgeStanding(T0)).toMatchObject({ status: 'HEALTHY' })
      await sent(['last@example.net'])
      await countAll()
      const other = await tested.again()
      const suspended = await other.judgeStanding(T0)
      expect(suspended).toMatchObject({ status: 'SHUTDOWN', since: T0, cause: { metric: 'bounce', count: 999, volume: 1_000 } })
      expect(await store.standing()).toEqual(suspended)
      expect(await store.account()).toMatchObject({
        enforcementStatus: 'SHUTDOWN',
        enforcementReason: expect.stringMatching(/^Bounce rate 99\.9 %/),
      })
      await expect(sent(['more@example.net'])).rejects.toMatchObject({
        code: 'sending-paused',
        message: expect.stringMatching(/^Sending suspended for this account\./),
        hint: expect.stringContaining('999 of 1,000 recipients on 2026-01-01'),
      })
      await store.changeAccount({ sendingEnabled: false })
      expect(await store.endSuspension(T0 + 10)).toEqual({ status: 'PROBATION', since: T0 + 10, freshStartAt: T0 + 10, cause: null })
      expect(await account()).toBeUndefined()
      await sent(['more@example.net'], 0, { acceptedAt: T0 + 20 })
      await countAll()
      expect(await account()).toEqual([[TODAY, 1, 0]])
      expect(await other.account()).toMatchObject({ enforcementStatus: 'PROBATION', sendingEnabled: true })
    })

    it('changes of the account what is named, and nothing that another process changed meanwhile', async () => {
      const other = await tested.again()
      const before = await store.account()
      await Promise.all([store.changeAccount({ sendingEnabled: false }), other.changeAccount({ maxSendRate: 3 })])
      expect(await store.account()).toEqual({ ...before, sendingEnabled: false, maxSendRate: 3 })
    })

    it("notes when the simulator's bounce and complaint came back first", async () => {
      expect(await store.proofs()).toEqual({ bounceProvedAt: null, complaintProvedAt: null })
      for (const at of [T0 + 5, T0 + 9]) await sent(['bounce+l@simulator.amazonses.com'], 1, { acceptedAt: at })
      await countAll()
      expect(await store.proofs()).toEqual({ bounceProvedAt: T0 + 5, complaintProvedAt: null })
      expect(await account()).toBeUndefined()
    })

    it('keeps one case for production access: one is pending or none, and a decision finds its own', async () => {
      const caseOf = (caseId: string, status: ProductionCase['review']['status']): ProductionCase => ({
        details: { mailType: 'MARKETING', websiteUrl: 'https://a.test', contactLanguage: 'JA', useCase: 'x', additionalContacts: [] },
        asked: { max24HourSend: 5 },
        review: { status, caseId, requestedAt: T0, decidedAt: null, by: 'checklist', findings: [] },
      })
      expect(await store.productionCase()).toBeUndefined()
      await store.changeAccount({ productionAccess: false })
      const other = await tested.again()
      const both = await Promise.allSettled([
        store.saveProductionCase(caseOf('1', 'PENDING'), { step: 'opens' }),
        other.saveProductionCase(caseOf('2', 'PENDING'), { step: 'opens' }),
      ])
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const pending = await store.productionCase()
      const mine = pending?.review.caseId ?? ''
      expect(await other.saveProductionCase(caseOf('3', 'DENIED'), { step: 'decides', account: { productionAccess: true } })).toBe(false)
      expect(await store.productionCase()).toEqual(pending)
      expect(await store.account()).toMatchObject({ productionAccess: false })
      const granted = caseOf(mine, 'GRANTED')
      expect(await other.saveProductionCase(granted, { step: 'decides', account: { productionAccess: true, max24HourSend: 5 } })).toBe(true)
      expect(await store.productionCase()).toEqual(granted)
      expect(await store.account()).toMatchObject({ productionAccess: true, max24HourSend: 5 })
    })
  })
}
