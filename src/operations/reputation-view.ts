/** The reputation in the CamelCase of `--json`, and its numbers as people write them. SES has no operation for it. */
import {
  DAY_MS,
  dayOf,
  dayText,
  percent,
  type Rate,
  type Rates,
  REPRESENTATIVE_VOLUME,
  THRESHOLDS,
  WINDOW_DAYS,
} from '../account/reputation.ts'
import type { Reputation } from './reputation.ts'

export { DAY_MS, dayOf, dayText, percent, THRESHOLDS, WINDOW_DAYS }

const VERDICTS = { 'not-representative': 'NOT_REPRESENTATIVE', good: 'GOOD', review: 'REVIEW', pause: 'PAUSE' } as const

const moment = (at: number): string => new Date(at).toISOString()

const rateView = ({ count, volume, rate, fromDay, untilDay, verdict }: Rate) => ({
  Rate: rate,
  Count: count,
  Volume: volume,
  From: moment(fromDay * DAY_MS).slice(0, 10),
  Until: moment(untilDay * DAY_MS).slice(0, 10),
  Verdict: VERDICTS[verdict],
})

const ratesView = ({ bounce, complaint }: Rates) => ({ BounceRate: rateView(bounce), ComplaintRate: rateView(complaint) })

const thresholdsView = ({ aim, review, pause }: { readonly aim: number; readonly review: number; readonly pause: number }) => ({
  Aim: aim,
  Review: review,
  Pause: pause,
})

/** `undefined` members are left out by JSON. */
export const reputationView = ({ standing, reason, rates, sets, identities }: Reputation) => ({
  EnforcementStatus: standing.status,
  Since: moment(standing.since),
  Reason: reason,
  LastFreshStart: standing.freshStartAt === null ? undefined : moment(standing.freshStartAt),
  ...ratesView(rates),
  Thresholds: { BounceRate: thresholdsView(THRESHOLDS.bounce), ComplaintRate: thresholdsView(THRESHOLDS.complaint) },
  RepresentativeVolume: REPRESENTATIVE_VOLUME,
  WindowDays: WINDOW_DAYS,
  ConfigurationSets: sets.map(({ name, rates: own }) => ({ ConfigurationSetName: name, ...ratesView(own) })),
  EmailIdentities: identities.map(({ name, rates: own }) => ({ EmailIdentity: name, ...ratesView(own) })),
})
