/**
 * One screen's worth of the account: what it may do, who may send, what waits and why, what happened in the last 24 hours, and what to do
 * next. Costs the same whatever waits and whatever was sent.
 */
import { isVerified } from '../account/admit.ts'
import type { Identity } from '../account/identity.ts'
import { type ActivitySpan, SLOT_MS } from '../ports/activity.ts'
import type { QueueDeferral, QueueStats } from '../ports/queue.ts'
import { type AccountState, reviewAccountState } from './account-state.ts'
import type { App } from './app.ts'

const DAY_MS = 86_400_000
/** One column of the picture of the day. */
const SPAN_MS = 3 * SLOT_MS

export interface Status extends AccountState {
  /** In order of name. */
  readonly identities: readonly IdentityStanding[]
  readonly queue: QueueStats & {
    /** When the recipient that waits longest was accepted. */
    readonly oldestAt: number | null
    /** What most of the deferred ones wait for. */
    readonly deferral: QueueDeferral | null
  }
  readonly day: Day
  readonly clock: { readonly kind: 'system' | 'virtual'; readonly now: number }
  readonly next: NextStep
}

export interface IdentityStanding {
  readonly identity: Identity
  /** What its owner has to see to; null: nothing. */
  readonly concern: 'verification' | 'grace' | 'network' | 'dkim' | 'mail-from' | null
}

/** Recipients. The day begins with the ten minutes in which the last 24 hours began. */
export interface Day {
  readonly sent: number
  readonly delivered: number
  readonly bounced: number
  readonly complained: number
  readonly delayed: number
  /** Events by SES type. */
  readonly events: Readonly<Record<string, number>>
  /** Half hours, oldest first, each of them there. */
  readonly spans: readonly { readonly at: number; readonly sent: number; readonly delivered: number; readonly bounced: number }[]
}

/** The one thing that helps most now. */
export type NextStep =
  | {
      readonly kind:
        | 'suspended'
        | 'resume'
        | 'add-identity'
        | 'leave-sandbox'
        | 'raise-quota'
        | 'see-deferred'
        | 'see-held'
        | 'flush'
        | 'see-events'
    }
  | { readonly kind: 'verify'; readonly identity: Identity }
  | { readonly kind: 'send'; readonly identity: Identity }

export async function readStatus(app: Pick<App, 'store' | 'clock' | 'settings'>): Promise<Status> {
  const { store, clock } = app
  const now = clock.now()
  const state = await reviewAccountState(app)
  const identities = (await store.identities()).map(identity => ({ identity, concern: concernOf(identity, app, now) }))
  const [oldest] = (await store.queue({ limit: 1 })).entries
  const queue = { ...(await store.queueStats()), oldestAt: oldest?.acceptedAt ?? null, deferral: await store.topDeferral() }
  const day = await readDay(app, now)
  return { ...state, identities, queue, day, clock: { kind: clock.kind, now }, next: nextStep({ ...state, identities, queue, day }) }
}

/** The worst that can be said of it. */
function concernOf(identity: Identity, { settings }: Pick<App, 'settings'>, now: number): IdentityStanding['concern'] {
  const { verification, type, dkim, mailFrom } = identity
  if (verification.status === 'TEMPORARY_FAILURE' && isVerified(identity, settings.network, now)) return 'grace'
  if (verification.status !== 'SUCCESS') return 'verification'
  if (!isVerified(identity, settings.network, now)) return 'network'
  if (type === 'DOMAIN' && dkim.signingEnabled && dkim.status !== 'SUCCESS') return 'dkim'
  return mailFrom !== null && mailFrom.status !== 'SUCCESS' ? 'mail-from' : null
}

async function readDay({ store }: Pick<App, 'store'>, now: number): Promise<Day> {
  const slots = await store.activity({ from: now - DAY_MS, until: now + 1, spanMs: SLOT_MS })
  const of = (type: string, among: readonly ActivitySpan[] = slots): number =>
    among.reduce((sum, slot) => sum + (slot.type === type ? slot.recipients : 0), 0)
  const events: Record<string, number> = {}
  for (const { type, events: more } of slots) events[type] = (events[type] ?? 0) + more
  const last = Math.floor(now / SPAN_MS)
  const spans = Array.from({ length: DAY_MS / SPAN_MS }, (_, index) => {
    const at = (last - DAY_MS / SPAN_MS + 1 + index) * SPAN_MS
    const within = slots.filter(slot => slot.at >= at && slot.at < at + SPAN_MS)
    return { at, sent: of('Send', within), delivered: of('Delivery', within), bounced: of('Bounce', within) }
  })
  return {
    sent: of('Send'),
    delivered: of('Delivery'),
    bounced: of('Bounce'),
    complained: of('Complaint'),
    delayed: of('DeliveryDelay'),
    events,
    spans,
  }
}

/** Near the end of the quota. */
const QUOTA_SHARE = 0.8

function nextStep({ account, sentLast24Hours, identities, queue, day }: Omit<Status, 'next' | 'clock'>): NextStep {
  if (account.enforcementStatus === 'SHUTDOWN') return { kind: 'suspended' }
  if (!account.sendingEnabled) return { kind: 'resume' }
  const [worst] = byConcern(identities)
  if (worst === undefined) return { kind: 'add-identity' }
  if (worst.concern !== null) return { kind: 'verify', identity: worst.identity }
  if (!account.productionAccess) return { kind: 'leave-sandbox' }
  if (account.max24HourSend >= 0 && sentLast24Hours >= QUOTA_SHARE * account.max24HourSend) return { kind: 'raise-quota' }
  if (queue.deferred > 0) return { kind: 'see-deferred' }
  if (queue.queued > 0) return { kind: 'flush' }
  if (queue.held > 0) return { kind: 'see-held' }
  return day.sent > 0 ? { kind: 'see-events' } : { kind: 'send', identity: worst.identity }
}

const CONCERNS: readonly IdentityStanding['concern'][] = ['grace', 'verification', 'network', 'dkim', 'mail-from', null]

/** Those first that need something, what is about to be lost before the rest; else as they came. */
export const byConcern = (identities: readonly IdentityStanding[]): IdentityStanding[] =>
  identities.toSorted((a, b) => CONCERNS.indexOf(a.concern) - CONCERNS.indexOf(b.concern))
