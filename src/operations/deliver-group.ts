/**
 * One group of recipients (one message, one domain) from its route to its settlement, in three steps that a caller may time by itself:
 * where to (`routeOf`), the attempt (`tryGroup`), what comes of it in one transaction (`settleGroup`).
 */
import { DEFAULT_DELIVERY } from '../account/configuration-set.ts'
import { type FeedbackEvent, feedbackEvents } from '../account/feedback.ts'
import { suppressionKey } from '../account/suppression.ts'
import { MailctlError } from '../base/errors.ts'
import { attempt } from '../delivery/attempt.ts'
import { routeFor } from '../delivery/message-route.ts'
import { gaveUp, nextAttemptAt } from '../delivery/retry.ts'
import { type Route, route } from '../delivery/route.ts'
import { limitsOf } from '../delivery/shaping.ts'
import type { FinalMessage } from '../mail/body.ts'
import type { RecordType } from '../mail/dns-record.ts'
import { ownVerdict } from '../mail/interpret-reply.ts'
import type { Outcome, RecipientState } from '../mail/outcome.ts'
import type { AttemptRecord, Leased, NewEvent, NewMessage, Settlement, StoredRecipient } from '../ports/store.ts'
import type { App } from './app.ts'
import { bounceReport } from './bounce-report.ts'

export type DeliverApp = Pick<
  App,
  'store' | 'clock' | 'ids' | 'resolver' | 'transport' | 'settings' | 'stsPolicies' | 'tlsReports' | 'relayHealth' | 'log'
>

/** Longer than any attempt may last, so that a lease lapses only when its owner is stuck or gone. */
export const LEASE_MS = 3 * 3_600_000

/** Held recipients, and their message where it is still in memory. */
export interface Ready extends Leased {
  readonly content?: FinalMessage
}

export interface Tried {
  /** One per recipient of the group, in order; undefined when the attempt was interrupted. */
  readonly outcomes: readonly Outcome[] | undefined
  readonly attempts: readonly AttemptRecord[]
}

/** Never throws for what DNS did or did not say. @param shuffleKey one shuffle of equal hosts per key */
export function routeOf({ resolver, ids, settings, stsPolicies }: DeliverApp, domain: string, shuffleKey: string): Promise<Route> {
  const routing = {
    lookup: (name: string, type: RecordType) => resolver.lookup(name, type),
    chance: ids.chance,
    settings,
    stsPolicyOf: (asked: string) => stsPolicies.policyOf(asked),
  }
  return route(routing, domain, shuffleKey)
}

/** @throws only for a bug of ours: what the host, the disk or the interruption did is in the result */
export async function tryGroup(app: DeliverApp, group: Ready, way: Route, signal: AbortSignal): Promise<Tried> {
  const { message, recipients } = group
  const all = (outcome: Outcome): Tried => ({ outcomes: recipients.map(() => outcome), attempts: [] })
  const content = group.content ?? (await app.store.content(message.id).catch(asUnreadable))
  if (content instanceof MailctlError) return all(unreadable(content))
  if (content === undefined) return all(ownVerdict('5.3.0', 'The content of the message is gone'))
  try {
    const { outcomes, records } = await attempt(app, {
      route: routeFor(way, message.facts.delivery ?? DEFAULT_DELIVERY, app.settings),
      delivery: {
        messageId: message.id,
        envelopeFrom: message.envelopeFrom,
        recipients: recipients.map(({ address }) => address),
        message: content,
        eightBit: message.facts.eightBit,
        helloName: app.settings.hostname,
        ...sessionShare(way, app.settings),
      },
      signal,
    })
    for (const { host, transcript } of records) for (const line of transcript) app.log('smtp', `${host} ${line}`)
    return { outcomes, attempts: records }
  } catch (error) {
    if (signal.aborted) return { outcomes: undefined, attempts: [] }
    return all(unreadable(asUnreadable(error)))
  }
}

/** What the site of the way is known to bear. */
function sessionShare(way: Route, { shaping }: DeliverApp['settings']): { readonly messagesPerSession?: number } {
  const share = way.kind === 'hops' ? limitsOf(way.site, shaping).perConnection : null
  return share === null ? {} : { messagesPerSession: share }
}

/** @param attempts empty where no host was reached; null: nothing was tried. Resolves when the outcomes are durable. @throws MailctlError store-unavailable */
export async function settleGroup(
  app: DeliverApp,
  group: Leased,
  outcomes: readonly Outcome[],
  attempts: readonly AttemptRecord[] | null,
): Promise<Settlement> {
  const made = await settlement(app, group, outcomes, attempts)
  await app.store.settle(made)
  return made
}

/** @returns the store's failure to give the message  @throws anything else */
function asUnreadable(error: unknown): MailctlError {
  if (error instanceof MailctlError && error.code === 'store-unavailable') return error
  throw error
}

/** A lock, a full table of files or a spool that is being restored passes: no reason to give up a message that was accepted. */
const unreadable = (error: MailctlError): Outcome => ownVerdict('4.3.0', `The message cannot be read at the moment: ${error.message}`)

interface Decided {
  readonly recipient: StoredRecipient
  readonly state: RecipientState
  readonly nextAttemptAt: number | null
  readonly outcome: Outcome
}

async function settlement(
  app: DeliverApp,
  group: Leased,
  outcomes: readonly Outcome[],
  attempts: readonly AttemptRecord[] | null,
): Promise<Settlement> {
  const { clock, ids, settings } = app
  const { message } = group
  const now = clock.now()
  const decided = group.recipients.map((recipient, i): Decided => {
    const outcome = outcomes[i]
    if (outcome === undefined) throw new Error(`no outcome for ${recipient.address}`)
    return decide(app, group, recipient, outcome, now)
  })
  const events: NewEvent[] = []
  const reports: NewMessage[] = []
  let suppress: Settlement['suppress']
  if (message.kind === 'mail') {
    const made = feedbackEvents({
      settled: decided.map(({ recipient, outcome }) => ({ address: recipient.address, outcome })),
      at: now,
      acceptedAt: message.acceptedAt,
      expiresAt: message.expiresAt,
      lifetime: message.facts.delivery?.maxDeliverySeconds ? 'custom' : 'default',
      reportingMta: settings.hostname,
      newFeedbackId: ids.newFeedbackId,
    })
    for (const { type, detail, recipients, outgoingIp } of made)
      events.push({ type, detail, recipients, at: now, messageId: message.id, ...(outgoingIp !== undefined && { outgoingIp }) })
    if (made.some(({ dead }) => dead !== undefined)) suppress = deadAmong(group, made, now)
    const report = await bounceReport(
      app,
      message,
      decided.filter(({ state }) => state === 'bounced'),
      now,
    )
    if (report !== undefined) reports.push(report)
  }
  return {
    messageId: message.id,
    attempts: attempts ?? [],
    recipients: decided.map(({ recipient, state, nextAttemptAt: next, outcome }) => ({
      index: recipient.index,
      state,
      nextAttemptAt: next,
      outcome,
    })),
    settledAt: now,
    events,
    reports,
    ...(suppress && { suppress }),
    ...(attempts === null && { untried: true }),
  }
}

/** Those whose bounce says that their address is dead, for the suppression lists. */
function deadAmong({ message, recipients }: Leased, events: readonly FeedbackEvent[], now: number): NonNullable<Settlement['suppress']> {
  const setReasons = message.facts.suppressedReasons
  return recipients.flatMap(({ index, address }) => {
    const dead = events.find(event => event.dead?.addresses.includes(address))?.dead
    if (dead === undefined) return []
    const { feedbackId } = dead
    return [{ index, address: suppressionKey(address), reason: 'BOUNCE', updatedAt: now, messageId: message.id, feedbackId, setReasons }]
  })
}

/** A delay becomes the next attempt, or the end when there is no time left for one. */
function decide({ ids, settings }: DeliverApp, { message }: Leased, recipient: StoredRecipient, outcome: Outcome, now: number): Decided {
  if (outcome.action === 'delivered') return { recipient, state: 'delivered', nextAttemptAt: null, outcome }
  if (outcome.action === 'failed') return { recipient, state: 'bounced', nextAttemptAt: null, outcome }
  const next = nextAttemptAt({
    attempts: recipient.attempts + 1,
    now,
    expiresAt: message.expiresAt,
    chance: ids.chance(`retry ${message.id} ${recipient.index} ${recipient.attempts}`),
    waits: settings.retry,
  })
  if (next !== null) return { recipient, state: 'deferred', nextAttemptAt: next, outcome }
  return { recipient, state: 'bounced', nextAttemptAt: null, outcome: gaveUp(outcome, message.expiresAt - message.acceptedAt) }
}
