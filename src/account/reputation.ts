/**
 * How the account's mail is received, and what follows: rates over a representative volume, the standing they lead to, and when a
 * suspended account may go on. Pure: counts of days come in, a decision comes out. SES facts: concepts §7; what SES does not publish (the
 * volume, the window, how a suspension ends) is ours and stands in docs/account.md.
 */
import type { Account } from './account.ts'
import type { Counts } from './reputation-counts.ts'
import { SUPPRESSION_REASONS, type SuppressionReason } from './suppression.ts'

export interface DayCounts extends Counts {
  /** Days since 1970, UTC. */
  readonly day: number
}

export const DAY_MS = 86_400_000
export const dayOf = (at: number): number => Math.floor(at / DAY_MS)

/** Recipients below which a rate says nothing: it is shown, and nothing follows from it. */
export const REPRESENTATIVE_VOLUME = 1_000
/** How far back a rate looks at most, today included. A review without a representative volume ends after as many. */
export const WINDOW_DAYS = 30
/** How long a suspended account waits at least. */
export const SUSPENSION_MS = 24 * 3_600_000

export const THRESHOLDS = {
  bounce: { aim: 0.02, review: 0.05, pause: 0.1 },
  complaint: { aim: 0.001, review: 0.001, pause: 0.005 },
} as const
export type Metric = keyof typeof THRESHOLDS

export interface Rate {
  /** Hard bounces, or complaints. */
  readonly count: number
  /** Recipients that could have led to one. */
  readonly volume: number
  /** 0 to 1; 0 without volume. */
  readonly rate: number
  /** The first and the last day that were counted. */
  readonly fromDay: number
  readonly untilDay: number
  readonly verdict: 'not-representative' | 'good' | 'review' | 'pause'
}
export type Rates = Readonly<Record<Metric, Rate>>

/** Each rate goes back, day by day, until its volume is representative. @param days in any order, each once */
export function ratesOf(days: readonly DayCounts[], today: number): Rates {
  const recent = days.filter(({ day }) => day > today - WINDOW_DAYS && day <= today).sort((a, b) => b.day - a.day)
  return {
    bounce: rateOf('bounce', recent, today, ({ sent, bounced }) => [sent, bounced]),
    complaint: rateOf('complaint', recent, today, ({ reportable, complained }) => [reportable, complained]),
  }
}

function rateOf(metric: Metric, newestFirst: readonly DayCounts[], today: number, read: (day: DayCounts) => [number, number]): Rate {
  let [volume, count, fromDay] = [0, 0, today]
  for (const day of newestFirst) {
    if (volume >= REPRESENTATIVE_VOLUME) break
    const [sent, bad] = read(day)
    volume += sent
    count += bad
    fromDay = day.day
  }
  const rate = volume > 0 ? count / volume : 0
  return { count, volume: Math.max(0, volume), rate, fromDay, untilDay: today, verdict: verdictOf(metric, volume, rate) }
}

function verdictOf(metric: Metric, volume: number, rate: number): Rate['verdict'] {
  if (volume < REPRESENTATIVE_VOLUME) return 'not-representative'
  if (rate >= THRESHOLDS[metric].pause) return 'pause'
  return rate >= THRESHOLDS[metric].review ? 'review' : 'good'
}

export interface Standing {
  readonly status: Account['enforcementStatus']
  /** When it came to this. */
  readonly since: number
  /** Counting began anew, after a suspension; null: never. */
  readonly freshStartAt: number | null
  /** The rate that led to it, as it was then; null when none did. */
  readonly cause: Cause | null
}
export interface Cause extends Rate {
  readonly metric: Metric
}

/** What the rates make of the standing. A suspension is never ended here: `account resume` ends it. @returns the same object when nothing changes */
export function judge(standing: Standing, rates: Rates, now: number): Standing {
  if (standing.status === 'SHUTDOWN') return standing
  const cause = worst(rates)
  if (cause === undefined) return isCleared(standing, rates, now) ? { ...standing, status: 'HEALTHY', since: now, cause: null } : standing
  const status = cause.verdict === 'pause' ? 'SHUTDOWN' : 'PROBATION'
  return status === standing.status ? standing : { ...standing, status, since: now, cause }
}

/** The rate that weighs most; a bounce rate before a complaint rate where both weigh the same. */
function worst({ bounce, complaint }: Rates): Cause | undefined {
  const causes: readonly Cause[] = [
    { metric: 'bounce', ...bounce },
    { metric: 'complaint', ...complaint },
  ]
  return causes.find(({ verdict }) => verdict === 'pause') ?? causes.find(({ verdict }) => verdict === 'review')
}

/** Nothing speaks against the account any more. Of a review after a suspension that is its bounce rate, which every mail has. */
function isCleared({ status, since, cause }: Standing, rates: Rates, now: number): boolean {
  if (status !== 'PROBATION') return false
  return rates[cause?.metric ?? 'bounce'].verdict === 'good' || now - since >= WINDOW_DAYS * DAY_MS
}

/** When a review ends though no rate says so; infinite: at no moment that is still to come. */
export const reviewEndsAt = ({ status, since }: Standing, now: number): number => {
  const end = since + WINDOW_DAYS * DAY_MS
  return status === 'PROBATION' && end > now ? end : Number.POSITIVE_INFINITY
}

/** A suspension that has ended: under review, and counted anew. */
export const resumed = (now: number): Standing => ({ status: 'PROBATION', since: now, freshStartAt: now, cause: null })

/** What has to be true before a suspended account may go on, and is not yet; one sentence each. */
export function missingToResume({ since }: Standing, suppressed: readonly SuppressionReason[], now: number): string[] {
  const ends = since + SUSPENSION_MS
  const off = SUPPRESSION_REASONS.filter(reason => !suppressed.includes(reason))
  return [
    ...(ends > now ? [`24 hours must have passed: not before ${moment(ends)}`] : []),
    ...(off.length > 0
      ? [`the suppression list must take ${off.join(' and ')}: mailctl account set --suppressed-reasons BOUNCE,COMPLAINT`]
      : []),
  ]
}

const NAMES = { bounce: 'Bounce rate', complaint: 'Complaint rate' } as const

/** `Bounce rate 12.5 %: 125 of 1,000 recipients from 2026-01-01 to 2026-01-03 (suspended from 10 %)`. */
export function causeText({ metric, count, volume, rate, fromDay, untilDay, verdict }: Cause): string {
  const line =
    verdict === 'pause' ? `suspended from ${percent(THRESHOLDS[metric].pause)}` : `review from ${percent(THRESHOLDS[metric].review)}`
  const days = fromDay === untilDay ? `on ${dayText(fromDay)}` : `from ${dayText(fromDay)} to ${dayText(untilDay)}`
  return `${NAMES[metric]} ${percent(rate)}: ${thousands(count)} of ${thousands(volume)} recipients ${days} (${line})`
}

/** Why it stands so, and the way out; undefined when all is well, or no reason is on record. */
export function standingText({ status, since, freshStartAt, cause }: Standing): string | undefined {
  if (status === 'HEALTHY' || (cause === null && freshStartAt === null)) return undefined
  const reason = cause === null ? 'Its counting began anew after a suspension' : causeText(cause)
  if (status === 'SHUTDOWN')
    return `${reason}. Addresses that failed must be suppressed; from ${moment(since + SUSPENSION_MS)} on, mailctl account resume ends it, with --approve at once.`
  const metric = cause?.metric ?? 'bounce'
  return `${reason}. Sending goes on; the review ends when the ${metric} rate is below ${percent(THRESHOLDS[metric].review)} over ${thousands(REPRESENTATIVE_VOLUME)} recipients, or on ${dayText(dayOf(since) + WINDOW_DAYS)}.`
}

/** `12.5 %`, with as many digits as a threshold needs. */
export const percent = (rate: number): string => `${Number((rate * 100).toFixed(2))} %`
export const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
