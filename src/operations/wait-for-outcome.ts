/**
 * Works on one message until it is where the caller wants it: delivers what is due of it, and between attempts lets time pass (the system
 * clock waits, the virtual clock moves on). A report that it causes is tried once along with it. Another process may hold the recipients;
 * then their outcome is awaited, not repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import { isFinal } from '../mail/outcome.ts'
import type { StoredMessage } from '../ports/store.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliverApp } from './deliver-group.ts'
import { reviewStanding } from './reputation.ts'

export interface WaitFor {
  /** `first-attempt`: every recipient was tried once or is final. `final`: none will be tried again. */
  readonly goal: 'first-attempt' | 'final'
  /** From now; the wait ends there without an error. */
  readonly timeoutMs: number
  /** Queued when the message was accepted: tried once along with it. */
  readonly reports?: readonly string[]
  readonly signal: AbortSignal
}

/** Commands that send one message each leave the books to `serve`, or to whoever finds so many events that are not counted yet. */
const WORTH_COUNTING = 200

/** How often the store is asked again while another process holds the message. */
const OTHER_OWNER_POLL_MS = 100

const reached = (message: StoredMessage, goal: WaitFor['goal']): boolean =>
  message.recipients.every(
    ({ state, attempts }) => isFinal(state) || state === 'held' || (goal === 'first-attempt' && state === 'deferred' && attempts > 0),
  )

/** @returns the message as it stands at the goal or at the time-out  @throws MailctlError not-found, store-unavailable, interrupted */
export async function waitForOutcome(app: DeliverApp, messageId: string, wait: WaitFor): Promise<StoredMessage> {
  const message = await workOn(app, messageId, wait)
  await reviewStanding(app, WORTH_COUNTING)
  return message
}

async function workOn(
  app: DeliverApp,
  messageId: string,
  { goal, timeoutMs, reports: queued = [], signal }: WaitFor,
): Promise<StoredMessage> {
  const { store, clock } = app
  const deadline = clock.now() + timeoutMs
  const timeUp = AbortSignal.timeout(Math.min(timeoutMs, 2 ** 31 - 1))
  const ended = AbortSignal.any(clock.kind === 'system' ? [signal, timeUp] : [signal])
  for (const report of queued) await deliverDue(app, { messageId: report, signal: ended })
  for (;;) {
    const { reports } = await deliverDue(app, { messageId, signal: ended })
    for (const report of reports) await deliverDue(app, { messageId: report, signal: ended })
    const message = await store.message(messageId)
    if (message === undefined) throw new Error(`message ${messageId} vanished`)
    if (reached(message, goal)) return message
    if (signal.aborted) throw new MailctlError('interrupted', `interrupted while waiting for ${messageId}`)
    const next = message.recipients.some(({ state }) => state === 'active') ? undefined : await store.nextDueAt(messageId)
    if (timeUp.aborted || (next !== undefined && next > deadline)) return message
    if (next !== undefined) await clock.waitUntil(next, signal)
    // The other process works in the machine's time, as every lock does: a virtual clock must not run ahead meanwhile.
    else await sleep(OTHER_OWNER_POLL_MS, undefined, { signal: AbortSignal.any([signal, timeUp]) }).catch(() => {})
  }
}
