/**
 * No interleaving of sends passes the daily quota in any 24 hours or the send rate over any time, and no recipient is lost or counted
 * twice: for the counters against a model, for several stores on one file, and for several processes.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { SendingUsage } from '../../../src/account/account.ts'
import { admit, tokensAt } from '../../../src/account/admit.ts'
import { ACCOUNT_MIGRATIONS, accountFile, createAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { openUsageLedger } from '../../../src/adapters/sqlite/usage-ledger.ts'
import type { Database } from '../../../src/base/database.ts'
import { MailctlError } from '../../../src/base/errors.ts'
import { identityOf, messageOf, openTheGates, T0, tempFolder } from '../../support/account.ts'
import { bundle, run } from '../../support/child.ts'
import { acceptedIn, DAY, type Limits, recipients, type Spending, spendingOf, step, whatExceeds } from '../../support/spending.ts'

let child: string
beforeAll(async () => {
  child = await bundle('test/support/store-child.ts')
  return () => rmSync(dirname(child), { recursive: true, force: true })
})

const limits = fc.record({ quota: fc.integer({ min: 1, max: 25 }), rate: fc.constantFrom(0.5, 1, 3, 14, 1_000) })

/** A home in which example.com may send so much. */
async function newHome({ quota, rate }: Limits): Promise<string> {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 })
  const { store } = openAccount(home, 'live')
  await openTheGates(store)
  await store.saveAccount({ ...(await store.account()), max24HourSend: quota, maxSendRate: rate })
  await store.close()
  return home
}

function reading<T>(home: string, read: (database: Database) => T): T {
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  try {
    return read(database)
  } finally {
    database.close()
  }
}

/** The counters are what `admit` makes of the accepted messages one after the other, and none of them is a recipient too many. */
function expectTrueCounters(home: string, { quota, rate }: Limits): Spending[] {
  return reading(home, database => {
    const accepted = acceptedIn(database)
    expect(whatExceeds(accepted, { quota, rate })).toBeUndefined()
    const last = accepted.at(-1)?.at ?? T0
    const usage = openUsageLedger(database).read(last)
    const secondOf = (at: number): number => Math.floor(at / 1_000)
    const lastOf = new Map(accepted.filter(({ real }) => real > 0).map(({ at }) => [secondOf(at), at]))
    const inWindow = accepted.filter(({ at }) => (lastOf.get(secondOf(at)) ?? at) > last - DAY)
    expect(usage.sentLast24Hours).toBe(inWindow.reduce((sum, { real }) => sum + real, 0))
    expect(database.prepare('SELECT sent FROM usage').get()).toEqual(
      database.prepare('SELECT COALESCE(SUM(recipients), 0) AS sent FROM sent_second').get(),
    )
    let bucket: SendingUsage = { sentLast24Hours: 0, tokens: 1, tokensAt: T0 }
    for (const { at, total } of accepted)
      bucket = { sentLast24Hours: 0, tokens: tokensAt({ maxSendRate: rate }, bucket, at) - total, tokensAt: at }
    if (accepted.length > 0) expect(usage).toMatchObject({ tokens: expect.closeTo(bucket.tokens, 6), tokensAt: bucket.tokensAt })
    return accepted
  })
}

/** Mail to the simulator, a moment after mail that counts, in its second: that second leaves the window a day after the mail that counts. */
const SIMULATED_AT_THE_EDGE: [Limits, { process: number; before: number; kept: boolean; sends: { step: number; to: string[] }[] }[]] = [
  { quota: 1, rate: 1_000 },
  [
    {
      process: 0,
      before: 0,
      kept: true,
      sends: [
        { step: DAY, to: ['r0@example.net'] },
        { step: 1, to: ['success+0@simulator.amazonses.com'] },
      ],
    },
    { process: 0, before: 1, kept: false, sends: [{ step: 0, to: ['success+0@simulator.amazonses.com'] }] },
  ],
]

const isThrottled = (error: unknown): boolean =>
  error instanceof MailctlError && (error.code === 'quota-exceeded' || error.code === 'rate-exceeded')

it('the counters do what a list of everything sent would do, in groups that fail as well', async () => {
  const home = await newHome({ quota: -1, rate: 1 })
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  onTestFinished(() => database.close())
  const send = fc.record({ step, to: recipients })
  const group = fc.record({
    process: fc.nat(2),
    /** Before the end of the window that is looked at. */
    before: fc.nat(1_000),
    kept: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    sends: fc.array(send, { minLength: 1, maxLength: 4 }),
  })
  const account = {
    accountId: '123456789012',
    region: 'us-east-1',
    createdAt: T0,
    productionAccess: true,
    sendingEnabled: true,
    enforcementStatus: 'HEALTHY',
    suppressedReasons: ['BOUNCE', 'COMPLAINT'],
  } as const
  fc.assert(
    fc.property(limits, fc.array(group, { maxLength: 25 }), ({ quota, rate }, groups) => {
      database.exec(`DELETE FROM sent_second; UPDATE usage SET sent = 0, tokens = ${Math.max(1, rate)}, tokens_at = ${T0}`)
      const ledgers = [0, 1, 2].map(() => openUsageLedger(database))
      let accepted: Spending[] = []
      let now = T0
      let writer: number | undefined

      const sentIn = (list: readonly Spending[], when: number): number =>
        list.filter(({ at }) => leavesAt(list, at) > when).reduce((sum, one) => sum + one.real, 0)

      /** A second leaves the window with its last message that counts. */
      const leavesAt = (list: readonly Spending[], second: number): number =>
        Math.max(...list.filter(({ at, real }) => real > 0 && Math.floor(at / 1_000) === Math.floor(second / 1_000)).map(({ at }) => at)) +
        DAY

      /** What may be sent to at this moment, from the list alone. */
      function mayPass(list: readonly Spending[], real: number): boolean {
        const inWindow = sentIn(list, now)
        const capacity = Math.max(1, rate) * 1_000
        let thousandths = capacity
        let at = T0
        for (const one of list) {
          thousandths = Math.min(capacity, thousandths + Math.floor((one.at - at) * rate)) - one.total * 1_000
          at = one.at
        }
        return (real === 0 || inWindow + real <= quota) && Math.min(capacity, thousandths + Math.floor((now - at) * rate)) >= 1_000
      }

      for (const { process, before, kept, sends } of groups) {
        const ledger = ledgers[process]
        if (!ledger) throw new TypeError('there are three')
        if (writer !== process) ledger.forget() // as a store does that sees another's write
        writer = process
        // Reading knows what is left without the rows being gone, again and again.
        const looks = [now, now + DAY / 2, now + DAY - before, now + DAY, now]
        expect(looks.map(at => ledger.read(at).sentLast24Hours)).toEqual(looks.map(at => sentIn(accepted, at)))
        const list = [...accepted]
        const undo = new Error('the group fails')
        try {
          database.unsyncedTransaction(() => {
            for (const { step: passed, to } of sends) {
              now += passed
              const spending = spendingOf(now, to)
              const expected = mayPass(list, spending.real)
              const question = { account: { ...account, max24HourSend: quota, maxSendRate: rate }, network: 'live' as const }
              const identities = [identityOf('example.com')]
              const usage = ledger.take(now)
              let passedIt = true
              try {
                ledger.spend(admit({ ...question, identities, senders: ['a@example.com'], recipients: to, usage }, now), spending.real)
                list.push(spending)
              } catch (error) {
                if (!isThrottled(error)) throw error
                passedIt = false
              }
              expect(passedIt).toBe(expected)
            }
            ledger.write()
            if (!kept) throw undo
          })
          accepted = list
        } catch (error) {
          if (error !== undo) throw error
          ledger.forget()
        }
        expect(whatExceeds(accepted, { quota, rate })).toBeUndefined()
      }
    }),
    { numRuns: 150, examples: [SIMULATED_AT_THE_EDGE] },
  )
})

it('several stores on one file share them exactly, however their sends interleave', async () => {
  const send = fc.record({
    store: fc.nat(2),
    step,
    /** How long it was on its way since its moment was taken. */
    late: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 3_000 }) },
      fc.constant(DAY + 5_000),
    ),
    to: recipients,
  })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(fc.array(send, { minLength: 1, maxLength: 6 }), { maxLength: 8 }), async (limit, rounds) => {
      const home = await newHome(limit)
      const opened = [0, 1, 2].map(() => openAccount(home, 'live'))
      const clock = opened[0]?.clock
      if (!clock) throw new TypeError('there are three')
      const took: string[] = []
      for (const round of rounds) {
        await Promise.all(
          round.map(async ({ store, step: passed, late, to }) => {
            const message = messageOf({ acceptedAt: Math.max(T0, clock.now() + passed - late), recipients: to })
            await clock.waitUntil(clock.now() + passed)
            try {
              await opened[store]?.store.accept(message, [])
              took.push(message.id)
            } catch (error) {
              if (!isThrottled(error)) throw error
            }
          }),
        )
      }
      for (const { store } of opened) await store.close()
      expect(
        expectTrueCounters(home, limit)
          .map(one => ('id' in one ? one.id : ''))
          .sort(),
      ).toEqual(took.sort())
      rmSync(home, { recursive: true })
    }),
    { numRuns: 25 },
  )
}, 60_000)

it('several processes share them exactly, on a clock that jumps over windows under them', async () => {
  const limit = { quota: 60, rate: 50 }
  const home = await newHome(limit)
  const all = await Promise.all([11, 22, 33].map(seed => run(child, ['spend', home, String(seed)])))
  expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']))
  const lines = all.flatMap(one => one.lines)
  const accepted = expectTrueCounters(home, limit)
  expect(accepted.map(one => ('id' in one ? `accepted ${one.id}` : '')).sort()).toEqual(
    lines.filter(line => line.startsWith('accepted ')).sort(),
  )
  // It was a race for something: both limits were met, and more was sent than one window holds.
  expect(lines).toContain('refused quota-exceeded')
  expect(lines).toContain('refused rate-exceeded')
  expect(accepted.reduce((sum, { real }) => sum + real, 0)).toBeGreaterThan(2 * limit.quota)
}, 60_000)
