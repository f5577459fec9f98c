/**
 * What must hold for any sequence of accepted messages, said without the code that is tested: the daily quota in every window of 24 hours,
 * and the bucket over every interval. Also sequences to try it with, whose moments jump over windows and their edges.
 */
import fc from 'fast-check'
import type { Database } from '../../src/base/database.ts'
import { isSimulatorAddress } from '../../src/mail/mailbox-simulator.ts'

export const DAY = 86_400_000

export interface Limits {
  readonly quota: number
  readonly rate: number
}
export interface Spending {
  /** Milliseconds; never less than those of the message accepted before. */
  readonly at: number
  /** Recipients that the quota counts, and all of them. */
  readonly real: number
  readonly total: number
}

/** @returns the first thing that is wrong, or undefined */
export function whatExceeds(accepted: readonly Spending[], { quota, rate }: Limits): string | undefined {
  const capacity = Math.max(1, rate)
  let first = 0
  let inWindow = 0
  for (const [index, { at, real }] of accepted.entries()) {
    inWindow += real
    for (; (accepted[first]?.at ?? at) <= at - DAY; first += 1) inWindow -= accepted[first]?.real ?? 0
    if (real > 0 && inWindow > quota) return `${inWindow} recipients in the 24 hours before message ${index}, ${quota} is the most`
    // Before this message there was one token; whatever the bucket held at an earlier one, it was no more than its capacity.
    let taken = 0
    for (let from = index - 1; from >= 0; from -= 1) {
      const earlier = accepted[from]
      if (!earlier) break
      taken += earlier.total
      const most = capacity - 1 + (rate * (at - earlier.at)) / 1_000
      if (taken > most + 1e-6) return `${taken} recipients between messages ${from} and ${index}, ${most} is the most`
    }
  }
  return undefined
}

/** How far the clock goes before a message: within a second, within an hour, to the very edges of the window, and beyond it. */
export const step = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 1_500 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_500, max: 3_600_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: -1_001, max: 1_001 }).map(edge => DAY + edge) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map(days => days * DAY) },
)

/** Mostly a few recipients; often some of the mailbox simulator's. */
export const recipients = fc
  .record({ real: fc.nat(6), simulated: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }) })
  .filter(({ real, simulated }) => real + simulated > 0)
  .map(({ real, simulated }) => [
    ...Array.from({ length: real }, (_, index) => `r${index}@example.net`),
    ...Array.from({ length: simulated }, (_, index) => `success+${index}@simulator.amazonses.com`),
  ])

export const spendingOf = (at: number, addresses: readonly string[]): Spending => ({
  at,
  real: addresses.filter(address => !isSimulatorAddress(address)).length,
  total: addresses.length,
})

/** What the rows say was accepted, in the order of the commits. One that was overtaken counts at the moment of the other. */
export function acceptedIn(database: Database): (Spending & { readonly id: string })[] {
  const rows = database
    .prepare(
      `SELECT id, message.accepted_at AS at, json_group_array(address) AS addresses
       FROM message JOIN recipient ON recipient.message = seq WHERE kind = 'mail' GROUP BY seq ORDER BY seq`,
    )
    .all()
  let latest = 0
  return rows.map(row => {
    latest = Math.max(latest, Number(row['at']))
    return { id: String(row['id']), ...spendingOf(latest, JSON.parse(String(row['addresses']))) }
  })
}
