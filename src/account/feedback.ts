/**
 * From what happened on the wire to what the account tells its owner: the outcomes of one settlement become SES events.
 * Recipients with the same news share an event; different types never do. SES fact: events, "Order and multiplicity".
 */
import type { Outcome } from '../mail/outcome.ts'
import type { Lifetime } from './classify-bounce.ts'
import { bounceClass, bounceEvent, delayType, deliveryDelayEvent, deliveryEvent, type EventDetail } from './ses-event.ts'

export interface SettledOutcome {
  readonly address: string
  /** `delayed` only while it will be tried again; a recipient that was given up arrives here as `failed`. */
  readonly outcome: Outcome
}

export interface FeedbackFacts {
  readonly settled: readonly SettledOutcome[]
  readonly at: number
  /** When the message was. */
  readonly acceptedAt: number
  readonly expiresAt: number
  readonly lifetime: Lifetime
  /** Our own host name. */
  readonly reportingMta: string
  readonly outgoingIp?: string
  readonly newFeedbackId: () => string
}

export interface FeedbackEvent extends EventDetail {
  readonly recipients: readonly string[]
}

function grouped(
  settled: readonly SettledOutcome[],
  action: Outcome['action'],
  keyOf: (one: SettledOutcome) => string,
): SettledOutcome[][] {
  const groups = new Map<string, SettledOutcome[]>()
  for (const one of settled) {
    if (one.outcome.action !== action) continue
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return [...groups.values()]
}

/** Deliveries first, then bounces, then delays; within a type in the order of the envelope. */
export function feedbackEvents({ settled, newFeedbackId, outgoingIp, ...facts }: FeedbackFacts): FeedbackEvent[] {
  const events: FeedbackEvent[] = []
  const add = (group: readonly SettledOutcome[], event: EventDetail): void => {
    events.push({ ...event, recipients: group.map(({ address }) => address), ...(outgoingIp !== undefined && { outgoingIp }) })
  }
  for (const group of grouped(settled, 'delivered', ({ outcome }) => `${outcome.reply}\n${outcome.remote?.ip ?? ''}`)) {
    const [first] = group
    if (first) add(group, deliveryEvent({ ...facts, recipients: group.map(({ address }) => address), outcome: first.outcome }))
  }
  for (const group of grouped(settled, 'failed', ({ address, outcome }) =>
    JSON.stringify([bounceClass(address, outcome, facts.lifetime), outcome.remote?.ip]),
  )) {
    add(group, bounceEvent({ ...facts, failed: group, feedbackId: newFeedbackId() }))
  }
  for (const group of grouped(settled, 'delayed', ({ outcome }) => delayType(outcome))) {
    add(group, deliveryDelayEvent({ ...facts, delayed: group }))
  }
  return events
}
