import { describe, expect, it, test } from 'vitest'
import {
  type DayCounts,
  dayOf,
  judge,
  missingToResume,
  type Rates,
  ratesOf,
  resumed,
  reviewEndsAt,
  type Standing,
  standingText,
} from '../../../src/account/reputation.ts'
import { T0 } from '../../support/account.ts'

const TODAY = dayOf(T0)
const DAY = 86_400_000
const HOUR = 3_600_000
const day = (ago: number, counts: Partial<DayCounts>): DayCounts => ({
  day: TODAY - ago,
  sent: 0,
  bounced: 0,
  reportable: counts.sent ?? 0,
  complained: 0,
  ...counts,
})
const healthy: Standing = { status: 'HEALTHY', since: T0 - 90 * DAY, freshStartAt: null, cause: null }
/** The rates of one day. */
const rates = (sent: number, bounced: number, complained = 0): Rates => ratesOf([day(0, { sent, bounced, complained })], TODAY)

describe('a rate', () => {
  it('goes back until its volume is representative, and no day further', () => {
    const days = [
      day(0, { sent: 400, bounced: 4 }),
      day(1, { sent: 500, bounced: 5 }),
      day(3, { sent: 200, bounced: 2 }),
      day(4, { sent: 9_000, bounced: 900 }),
    ]
    expect(ratesOf(days, TODAY).bounce).toEqual({
      count: 11,
      volume: 1_100,
      rate: 0.01,
      fromDay: TODAY - 3,
      untilDay: TODAY,
      verdict: 'good',
    })
    expect(ratesOf([...days].reverse(), TODAY)).toEqual(ratesOf(days, TODAY))
  })

  it('looks at 30 days and at nothing that is still to come', () => {
    const days = [day(-1, { sent: 5_000 }), day(29, { sent: 600 }), day(30, { sent: 5_000, bounced: 5_000 })]
    expect(ratesOf(days, TODAY).bounce).toMatchObject({ volume: 600, count: 0, fromDay: TODAY - 29 })
  })

  it('of complaints goes by recipients whose provider reports them', () => {
    const { bounce, complaint } = ratesOf(
      [day(0, { sent: 2_000, reportable: 500, complained: 3 }), day(1, { sent: 2_000, reportable: 600 })],
      TODAY,
    )
    expect(bounce).toMatchObject({ volume: 2_000, fromDay: TODAY })
    expect(complaint).toMatchObject({ volume: 1_100, count: 3, fromDay: TODAY - 1, verdict: 'review' })
  })

  it('of nothing is zero', () => {
    expect(ratesOf([], TODAY).bounce).toEqual({
      count: 0,
      volume: 0,
      rate: 0,
      fromDay: TODAY,
      untilDay: TODAY,
      verdict: 'not-representative',
    })
  })
})

test.each([
  ['999 recipients say nothing', 999, 999, 0, 'HEALTHY', undefined],
  ['bounces below 5 %', 1_000, 49, 0, 'HEALTHY', undefined],
  ['bounces at 5 %', 1_000, 50, 0, 'PROBATION', 'bounce'],
  ['bounces below 10 %', 1_000, 99, 0, 'PROBATION', 'bounce'],
  ['bounces at 10 %', 1_000, 100, 0, 'SHUTDOWN', 'bounce'],
  ['complaints below 0.1 %', 2_000, 0, 1, 'HEALTHY', undefined],
  ['complaints at 0.1 %', 1_000, 0, 1, 'PROBATION', 'complaint'],
  ['complaints below 0.5 %', 1_000, 0, 4, 'PROBATION', 'complaint'],
  ['complaints at 0.5 %', 1_000, 0, 5, 'SHUTDOWN', 'complaint'],
  ['the worse of two', 1_000, 50, 5, 'SHUTDOWN', 'complaint'],
  ['both alike', 1_000, 50, 1, 'PROBATION', 'bounce'],
])('%s', (_, sent, bounced, complained, status, metric) => {
  const judged = judge(healthy, rates(sent, bounced, complained), T0)
  expect([judged.status, judged.cause?.metric]).toEqual([status, metric])
  if (status === 'HEALTHY') expect(judged).toBe(healthy)
  else expect(judged.since).toBe(T0)
})

describe('a standing', () => {
  const review = judge(healthy, rates(1_000, 60), T0)

  it('gets worse and better with its rates', () => {
    const later = T0 + HOUR
    expect(judge(review, rates(1_000, 70), later)).toBe(review)
    expect(judge(review, rates(1_000, 120), later)).toMatchObject({
      status: 'SHUTDOWN',
      since: later,
      cause: { metric: 'bounce', count: 120 },
    })
    expect(judge(review, rates(2_000, 60), later)).toEqual({ status: 'HEALTHY', since: later, freshStartAt: null, cause: null })
  })

  it('stays under review while what led to it is not representative, for 30 days', () => {
    expect(judge(review, rates(500, 0), T0 + HOUR)).toBe(review)
    expect(reviewEndsAt(review, T0)).toBe(T0 + 30 * DAY)
    expect(judge(review, rates(500, 0), T0 + 30 * DAY - 1)).toBe(review)
    expect(judge(review, rates(500, 0), T0 + 30 * DAY)).toMatchObject({ status: 'HEALTHY' })
    expect(reviewEndsAt(review, T0 + 30 * DAY)).toBe(Number.POSITIVE_INFINITY)
    expect(reviewEndsAt(healthy, T0)).toBe(Number.POSITIVE_INFINITY)
  })

  it('is not made better by bounces when complaints led to it', () => {
    const byComplaints = judge(healthy, rates(1_000, 0, 2), T0)
    const onlyGmail = ratesOf([day(0, { sent: 5_000, reportable: 10 })], TODAY)
    expect(judge(byComplaints, onlyGmail, T0 + HOUR)).toBe(byComplaints)
  })

  it('does not come out of a suspension by itself', () => {
    const suspended = judge(healthy, rates(1_000, 100), T0)
    expect(judge(suspended, rates(100_000, 0), T0 + 90 * DAY)).toBe(suspended)
    const both = ['BOUNCE', 'COMPLAINT'] as const
    const early = '24 hours must have passed: not before 2026-01-02 00:00:00Z'
    const open = 'the suppression list must take COMPLAINT: mailctl account set --suppressed-reasons BOUNCE,COMPLAINT'
    expect(missingToResume(suspended, both, T0 + 24 * HOUR - 1)).toEqual([early])
    expect(missingToResume(suspended, both, T0 + 24 * HOUR)).toEqual([])
    expect(missingToResume(suspended, ['BOUNCE'], T0 + 24 * HOUR)).toEqual([open])
    expect(missingToResume(suspended, ['BOUNCE'], T0)).toEqual([early, open])
  })

  it('after a suspension is one under review, which ends with a good bounce rate', () => {
    const again = resumed(T0)
    expect(again).toEqual({ status: 'PROBATION', since: T0, freshStartAt: T0, cause: null })
    expect(judge(again, rates(999, 0), T0 + HOUR)).toBe(again)
    expect(judge(again, rates(1_000, 0), T0 + HOUR)).toMatchObject({ status: 'HEALTHY', freshStartAt: T0 })
    expect(judge(again, rates(1_000, 300), T0 + HOUR)).toMatchObject({ status: 'SHUTDOWN', freshStartAt: T0 })
  })
})

test('the text names the reason, the evidence and the way out', () => {
  const bad = ratesOf([day(0, { sent: 600, bounced: 60 }), day(2, { sent: 1_400, bounced: 190 })], TODAY)
  expect(standingText(judge(healthy, bad, T0))).toBe(
    'Bounce rate 12.5 %: 250 of 2,000 recipients from 2025-12-30 to 2026-01-01 (suspended from 10 %). Addresses that failed must be suppressed; from 2026-01-02 00:00:00Z on, mailctl account resume ends it, with --approve at once.',
  )
  expect(standingText(judge(healthy, rates(1_000, 0, 1), T0))).toBe(
    'Complaint rate 0.1 %: 1 of 1,000 recipients on 2026-01-01 (review from 0.1 %). Sending goes on; the review ends when the complaint rate is below 0.1 % over 1,000 recipients, or on 2026-01-31.',
  )
  expect(standingText(resumed(T0))).toBe(
    'Its counting began anew after a suspension. Sending goes on; the review ends when the bounce rate is below 5 % over 1,000 recipients, or on 2026-01-31.',
  )
  expect(standingText(healthy)).toBeUndefined()
  const byHand: Standing = { ...healthy, status: 'SHUTDOWN' }
  expect(standingText(byHand)).toBeUndefined()
})
