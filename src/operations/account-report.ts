/** Everything that the report of an account is drawn from: what happened over time, the rates it is judged by, where mail went. */
import { providerOf } from '../account/mailbox-provider.ts'
import { DAY_MS } from '../account/reputation.ts'
import { SLOT_MS } from '../ports/activity.ts'
import type { BreakdownRow } from '../ports/breakdown.ts'
import { type AccountState, reviewAccountState } from './account-state.ts'
import type { App } from './app.ts'
import { type Reputation, readReputation } from './reputation.ts'

const HOUR_MS = 3_600_000
/** Lengths of one column, each a multiple of `SLOT_MS`. */
const SPANS_MS = [SLOT_MS, 3 * SLOT_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS, 364 * DAY_MS]
/** More could not be told apart. */
const MOST_SPANS = 100
/** Domains of which the providers are made; what is beyond is put with the others. */
const MOST_DOMAINS = 1_000
const MOST_SHOWN = 25

/** Recipients in one stretch of time. */
export interface ReportSpan {
  readonly at: number
  readonly sent: number
  readonly delivered: number
  readonly bounced: number
  readonly complained: number
}

export interface AccountReport extends AccountState {
  readonly now: number
  readonly since: number
  readonly spanMs: number
  /** Oldest first, each of them there. */
  readonly spans: readonly ReportSpan[]
  readonly reputation: Reputation
  /** Of messages accepted since `since`, those with most recipients first. The name `''`: no provider that is known, no configuration set. */
  readonly providers: readonly BreakdownRow[]
  readonly domains: readonly BreakdownRow[]
  readonly sets: readonly BreakdownRow[]
}

/** @param since at most the present moment  @throws MailctlError store-unavailable */
export async function readAccountReport(app: Pick<App, 'store' | 'clock'>, since: number): Promise<AccountReport> {
  const { store, clock } = app
  const state = await reviewAccountState(app)
  const now = clock.now()
  const spanMs = SPANS_MS.find(length => (now - since) / length <= MOST_SPANS) ?? 364 * DAY_MS
  const domains = await store.breakdown({ by: 'domain', since, limit: MOST_DOMAINS })
  const sets = await store.breakdown({ by: 'configuration-set', since, limit: MOST_SHOWN })
  return {
    ...state,
    now,
    since,
    spanMs,
    spans: await readSpans(app, { since, now, spanMs }),
    reputation: await readReputation(app),
    providers: byProvider(domains),
    domains: domains.slice(0, MOST_SHOWN),
    sets,
  }
}

const MEMBERS: Readonly<Record<string, Exclude<keyof ReportSpan, 'at'>>> = {
  Send: 'sent',
  Delivery: 'delivered',
  Bounce: 'bounced',
  Complaint: 'complained',
}

async function readSpans(
  { store }: Pick<App, 'store'>,
  { since, now, spanMs }: { readonly since: number; readonly now: number; readonly spanMs: number },
): Promise<ReportSpan[]> {
  const first = Math.floor(since / spanMs)
  const counted = new Map<number, Record<Exclude<keyof ReportSpan, 'at'>, number>>()
  for (const { at, type, recipients } of await store.activity({ from: since, until: now + 1, spanMs })) {
    const member = MEMBERS[type]
    const span = counted.get(at) ?? { sent: 0, delivered: 0, bounced: 0, complained: 0 }
    if (member !== undefined) span[member] += recipients
    counted.set(at, span)
  }
  return Array.from({ length: Math.floor(now / spanMs) - first + 1 }, (_, index) => {
    const at = (first + index) * spanMs
    return { at, ...(counted.get(at) ?? { sent: 0, delivered: 0, bounced: 0, complained: 0 }) }
  })
}

function byProvider(domains: readonly BreakdownRow[]): BreakdownRow[] {
  const providers = new Map<string, BreakdownRow>()
  for (const row of domains) {
    const name = providerOf(row.name) ?? ''
    const before = providers.get(name)
    providers.set(name, before === undefined ? { ...row, name } : together(before, row))
  }
  return [...providers.values()].sort((a, b) => b.recipients - a.recipients)
}

const together = (a: BreakdownRow, b: BreakdownRow): BreakdownRow => ({
  name: a.name,
  recipients: a.recipients + b.recipients,
  delivered: a.delivered + b.delivered,
  bounced: a.bounced + b.bounced,
  waiting: a.waiting + b.waiting,
  stopped: a.stopped + b.stopped,
  complained: a.complained + b.complained,
})
