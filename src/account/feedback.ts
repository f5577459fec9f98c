/**
 * From what happened on the wire to what the account tells its owner: the outcomes of one settlement become SES events.
 * Recipients with the same news share an event; different types never do. SES fact: events, "Order and multiplicity".
 */
import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import { isDeadAddress, type Lifetime } from './classify-bounce.ts'
import {
  bounceClass,
  bounceEvent,
  delayType,
  deliveryDelayEvent,
  deliveryEvent,
  type EventDetail,
  type FailedRecipient,
} from './ses-event.ts'

/** `delayed` only while it will be tried again; a recipient that was given up arrives here as `failed`. */
export type SettledOutcome = FailedRecipient

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
  /** Whom a bounce proves dead, for the suppression lists. Absent: nobody. */
  readonly dead?: { readonly feedbackId: string; readonly addresses: readonly string[] }
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
export function feedbackEvents(facts: FeedbackFacts): FeedbackEvent[] {
  const { settled, newFeedbackId, outgoingIp, at, acceptedAt, reportingMta } = facts
  const events: FeedbackEvent[] = []
  const add = (group: readonly SettledOutcome[], { type, detail }: EventDetail, dead?: FeedbackEvent['dead']): void => {
    const recipients = group.map(({ address }) => address)
    events.push({ type, detail, recipients, ...(outgoingIp !== undefined && { outgoingIp }), ...(dead && { dead }) })
  }
  for (const group of grouped(settled, 'delivered', ({ outcome }) => `${outcome.reply}\n${outcome.remote?.ip ?? ''}`)) {
    const [first] = group
    if (first)
      add(group, deliveryEvent({ at, acceptedAt, recipients: group.map(({ address }) => address), outcome: first.outcome, reportingMta }))
  }
  for (const group of grouped(settled, 'failed', one => JSON.stringify([bounceClass(one, facts.lifetime), one.outcome.remote?.ip]))) {
    const feedbackId = newFeedbackId()
    const dead = deadAmong(group, facts.lifetime)
    add(group, bounceEvent({ failed: group, feedbackId, ...facts }), dead.length > 0 ? { feedbackId, addresses: dead } : undefined)
  }
  for (const group of grouped(settled, 'delayed', ({ outcome }) => delayType(outcome))) {
    add(group, deliveryDelayEvent({ delayed: group, ...facts }))
  }
  return events
}

/** SES fact: simulator, "Accounting": its bounces put nobody on a list. */
const deadAmong = (failed: readonly SettledOutcome[], lifetime: Lifetime): string[] =>
  failed
    .filter(one => !isSimulatorAddress(one.address) && isDeadAddress(one.outcome, bounceClass(one, lifetime)))
    .map(({ address }) => address)
