/** How the account's mail is received: counting what happened, judging it, and showing it. SES facts: concepts §7. */
import { dayOf, type Rates, ratesOf, type Standing, standingText, WINDOW_DAYS } from '../account/reputation.ts'
import { isListForgotten } from '../account/suppression.ts'
import type { NamedCounts } from '../ports/reputation.ts'
import type { App } from './app.ts'

/** Events counted, or addresses taken off a list, in one transaction: some milliseconds. */
const STEP = 2_000
/** Steps of one pass: what is left waits for the next. */
const MOST_STEPS = 100
/** How many configuration sets and identities are shown. */
const MOST_SHOWN = 50

/**
 * Counts what the event log has gained and applies the rules of enforcement to it; an account suspended for long loses its suppression list.
 * @param atLeast events that make it worth while; with fewer nothing is counted, and what is counted is judged
 * @throws MailctlError store-unavailable
 */
export async function reviewStanding({ store, clock }: Pick<App, 'store' | 'clock'>, atLeast = 1): Promise<Standing> {
  const now = clock.now()
  for (let step = 0; step < MOST_STEPS; step += 1) if (!(await store.countEvents({ limit: STEP, atLeast, now }))) break
  const standing = await store.judgeStanding(now)
  if (isListForgotten(standing, now)) await forgetList(store)
  return standing
}

/** In small transactions: nobody waits for the whole of a long list. */
async function forgetList(store: App['store']): Promise<void> {
  for (;;) {
    const entries = await store.suppressedFrom('', STEP)
    if (entries.length === 0) return
    await store.unsuppress(entries.map(({ address }) => address))
  }
}

export interface NamedRates {
  readonly name: string
  readonly rates: Rates
}

/** The rates as they were at the end of a day. */
export interface DayRates {
  readonly day: number
  readonly rates: Rates
}

export interface Reputation {
  readonly standing: Standing
  /** Why it stands so, and the way out; undefined when all is well. */
  readonly reason: string | undefined
  readonly rates: Rates
  /** The last `WINDOW_DAYS` days, oldest first, today included. */
  readonly history: readonly DayRates[]
  /** Those whose metrics are on, the busiest first. */
  readonly sets: readonly NamedRates[]
  readonly identities: readonly NamedRates[]
}

export async function readReputation(app: Pick<App, 'store' | 'clock'>): Promise<Reputation> {
  const standing = await reviewStanding(app)
  const today = dayOf(app.clock.now())
  const since = today - WINDOW_DAYS
  const named = ({ name, days }: NamedCounts): NamedRates => ({ name, rates: ratesOf(days, today) })
  const [account] = await app.store.countsOf({ kind: 'account', since, limit: 1 })
  const days = account?.days ?? []
  return {
    standing,
    reason: standingText(standing),
    rates: ratesOf(days, today),
    history: Array.from({ length: WINDOW_DAYS }, (_, index) => {
      const day = since + 1 + index
      return { day, rates: ratesOf(days, day) }
    }),
    sets: (await app.store.countsOf({ kind: 'set', since, limit: MOST_SHOWN })).map(named),
    identities: (await app.store.countsOf({ kind: 'identity', since, limit: MOST_SHOWN })).map(named),
  }
}
