/**
 * One pass of the engine: lease what is due, route it, try it, settle it. Every recipient that was leased ends the pass with an outcome
 * in the store, or is given back untouched when the pass is interrupted.
 */
import { setMaxListeners } from 'node:events'
import { feedbackEvents } from '../account/feedback.ts'
import { MailctlError } from '../base/errors.ts'
import { attempt } from '../delivery/attempt.ts'
import { gaveUp, nextAttemptAt } from '../delivery/retry.ts'
import { route } from '../delivery/route.ts'
import { ownVerdict } from '../mail/interpret-reply.ts'
import type { Outcome, RecipientState } from '../mail/outcome.ts'
import type { AttemptRecord, Leased, NewEvent, NewMessage, Settlement, StoredRecipient } from '../ports/store.ts'
import type { App } from './app.ts'
import { bounceReport } from './bounce-report.ts'
import { eventMail } from './event-mail.ts'

export type DeliverApp = Pick<App, 'store' | 'clock' | 'ids' | 'resolver' | 'transport' | 'settings' | 'log'>

export interface DeliverAsk {
  /** Only this message. */
  readonly messageId?: string
  readonly signal: AbortSignal
}

/** Longer than any attempt may last, so that a lease lapses only when its owner is stuck or gone. */
const LEASE_MS = 3 * 3_600_000
/** Groups of one message and one domain worked on at once. */
const CONCURRENCY = 10

export interface Delivered {
  /** Recipients that got an outcome; 0 when nothing was due. */
  readonly settled: number
  /** Message ids of the delivery reports that were queued on the way. */
  readonly reports: readonly string[]
}

/** @throws MailctlError store-unavailable, interrupted */
export async function deliverDue(app: DeliverApp, { messageId, signal }: DeliverAsk): Promise<Delivered> {
  const { store, clock } = app
  // Each group listens for the interruption: that they are many is no leak that Node should warn of.
  setMaxListeners(0, signal)
  const groups = await store.lease({
    now: clock.now(),
    leaseMs: LEASE_MS,
    limit: CONCURRENCY,
    ...(messageId !== undefined && { messageId }),
  })
  let settled = 0
  const reports: string[] = []
  const failures: unknown[] = []
  const work = async (group: Leased): Promise<void> => {
    try {
      const done = await deliverGroup(app, group, signal)
      if (done === undefined) return
      settled += done.recipients.length
      reports.push(...done.reports.map(({ id }) => id))
    } catch (error) {
      failures.push(error)
    }
  }
  // A virtual clock promises the same order every time, so there groups go one after the other.
  if (clock.kind === 'virtual') for (const group of groups) await work(group)
  else await Promise.all(groups.map(work))
  // One group's failure waits until the others are settled: what a host has taken must not be forgotten because of it.
  if (failures.length > 0) {
    await store.release().catch(() => {}) // the store may be what failed; the leases lapse with this process then
    throw failures[0]
  }
  if (signal.aborted) await store.release()
  return { settled, reports }
}

/** @returns undefined when the pass was interrupted before there were outcomes */
async function deliverGroup(app: DeliverApp, group: Leased, signal: AbortSignal): Promise<Settlement | undefined> {
  if (signal.aborted) return undefined
  const { outcomes, attempts } = await tryGroup(app, group, signal)
  if (outcomes === undefined) return undefined
  const made = await settlement(app, group, outcomes, attempts)
  await app.store.settle(made)
  return made
}

interface Tried {
  /** One per recipient of the group, in order; undefined when the attempt was interrupted. */
  readonly outcomes: readonly Outcome[] | undefined
  readonly attempts: readonly AttemptRecord[]
}

async function tryGroup(app: DeliverApp, { message, domain, recipients }: Leased, signal: AbortSignal): Promise<Tried> {
  const all = (outcome: Outcome): Tried => ({ outcomes: recipients.map(() => outcome), attempts: [] })
  const content = await app.store.content(message.id).catch(asUnreadable)
  if (content instanceof MailctlError) return all(unreadable(content))
  if (content === undefined) return all(ownVerdict('5.3.0', 'The content of the message is gone'))
  const { resolver, ids, settings } = app
  const way = await route(
    { lookup: (name, type) => resolver.lookup(name, type), chance: ids.chance, settings },
    domain,
    `${message.id} ${recipients[0]?.attempts ?? 0}`,
  )
  try {
    const { outcomes, records } = await attempt(app, {
      route: way,
      delivery: {
        messageId: message.id,
        envelopeFrom: message.envelopeFrom,
        recipients: recipients.map(({ address }) => address),
        message: content,
        eightBit: message.facts.eightBit,
        helloName: settings.hostname,
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
  attempts: readonly AttemptRecord[],
): Promise<Settlement> {
  const { clock, store, ids, settings } = app
  const { message } = group
  const now = clock.now()
  const decided = group.recipients.map((recipient, i): Decided => {
    const outcome = outcomes[i]
    if (outcome === undefined) throw new Error(`no outcome for ${recipient.address}`)
    return decide(app, group, recipient, outcome, now)
  })
  const events: NewEvent[] = []
  const reports: NewMessage[] = []
  if (message.kind === 'mail') {
    const account = await store.account()
    const destination = message.recipients.map(({ address }) => address)
    const made = feedbackEvents({
      mail: eventMail(account, message, destination),
      settled: decided.map(({ recipient, outcome }) => ({ address: recipient.address, outcome })),
      at: now,
      expiresAt: message.expiresAt,
      reportingMta: settings.hostname,
      newFeedbackId: ids.newFeedbackId,
    })
    events.push(...made.map(({ type, recipients, event }) => ({ type, at: now, messageId: message.id, recipients, event })))
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
    attempts,
    recipients: decided.map(({ recipient, state, nextAttemptAt: next, outcome }) => ({
      index: recipient.index,
      state,
      nextAttemptAt: next,
      outcome,
    })),
    settledAt: now,
    events,
    reports,
  }
}

/** A delay becomes the next attempt, or the end when there is no time left for one. */
function decide({ ids }: DeliverApp, { message }: Leased, recipient: StoredRecipient, outcome: Outcome, now: number): Decided {
  if (outcome.action === 'delivered') return { recipient, state: 'delivered', nextAttemptAt: null, outcome }
  if (outcome.action === 'failed') return { recipient, state: 'bounced', nextAttemptAt: null, outcome }
  const next = nextAttemptAt({
    attempts: recipient.attempts + 1,
    now,
    expiresAt: message.expiresAt,
    chance: ids.chance(`retry ${message.id} ${recipient.index} ${recipient.attempts}`),
  })
  if (next !== null) return { recipient, state: 'deferred', nextAttemptAt: next, outcome }
  return { recipient, state: 'bounced', nextAttemptAt: null, outcome: gaveUp(outcome, message.expiresAt - message.acceptedAt) }
}
