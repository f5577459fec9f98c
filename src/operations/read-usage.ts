/** How much the account sent, month by month, and what SES would charge for it. */
import { type Bill, billFor, freeUntil, monthStart } from '../account/bill.ts'
import { PRICES, type Prices, parsePrices } from '../account/prices.ts'
import { SLOT_MS } from '../ports/activity.ts'
import type { App } from './app.ts'

export interface UsagePeriod extends Bill {
  readonly from: number
  /** Not included. */
  readonly until: number
  /** Accepted messages, and their recipients: those are what is charged. */
  readonly messages: number
  readonly recipients: number
  readonly octets: number
}

export interface Usage {
  readonly prices: Prices
  /** The account's start and the end of its free tier. */
  readonly startedAt: number
  readonly freeUntil: number
  readonly now: number
  /** The current month first; none before the account's start. */
  readonly periods: readonly UsagePeriod[]
}

export interface UsageAsk {
  /** How many months, the current one included. */
  readonly months: number
  /** Another price table, as JSON; absent: ours. */
  readonly prices?: string
}

/** @throws MailctlError bad-data, naming what is wrong with the price table */
export async function readUsage({ store, clock, settings }: Pick<App, 'store' | 'clock' | 'settings'>, ask: UsageAsk): Promise<Usage> {
  const prices = ask.prices === undefined ? PRICES : parsePrices(ask.prices)
  const now = clock.now()
  const { createdAt } = await store.account()
  const end = freeUntil(createdAt, prices)
  const ips = new Set([...settings.pools.values()].flat().map(String)).size
  const periods: UsagePeriod[] = []
  for (let month = 0; month < ask.months; month += 1) {
    const from = monthStart(now, -month)
    if (from < monthStart(createdAt) && month > 0) break
    const until = monthStart(now, 1 - month)
    const all = await sentIn(store, from, until)
    const whileFree = end >= until ? all : await sentIn(store, from, Math.max(from, end))
    // Which addresses there were in an earlier month is not known.
    const dedicatedIps = month === 0 ? ips : 0
    const usage = { outbound: all.recipients, outboundWhileFree: whileFree.recipients, octets: all.octets, dedicatedIps }
    periods.push({ from, until, ...all, ...billFor(usage, prices) })
  }
  return { prices, startedAt: createdAt, freeUntil: end, now, periods }
}

/** The price table that is used when none is given, to be edited. */
export const priceTable = (): string => `${JSON.stringify(PRICES, undefined, 2)}\n`

async function sentIn(store: App['store'], from: number, until: number): Promise<Pick<UsagePeriod, 'messages' | 'recipients' | 'octets'>> {
  const slots = until <= from ? [] : await store.activity({ from, until, spanMs: SLOT_MS * 144, type: 'Send' })
  const sum = (of: 'events' | 'recipients' | 'octets'): number => slots.reduce((total, slot) => total + slot[of], 0)
  return { messages: sum('events'), recipients: sum('recipients'), octets: sum('octets') }
}
