/** Lets time pass on a virtual clock: everything that falls due on the way is done, in order, each at its own moment. */

import { reviewEndsAt } from '../account/reputation.ts'
import { MailctlError } from '../base/errors.ts'
import { accountPass } from './account-pass.ts'
import type { App } from './app.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliverApp } from './deliver-group.ts'
import { type PublishApp, publishDue } from './publish-events.ts'
import { recheckDue } from './recheck-identities.ts'
import type { ReviewApp } from './request-production.ts'
import type { CheckingApp } from './verify-identity.ts'

/** The account is looked at as often as this, in its own time, while mail is delivered on the way. */
const PASS_MS = 60_000

export interface AdvanceRequest {
  readonly byMs: number
  readonly signal: AbortSignal
  readonly progress?: (now: number) => void
  /** Asked before the first and after each thing that is done: once it says yes, the clock stays where it is then. */
  readonly until?: () => Promise<boolean>
}

export interface Advanced {
  readonly from: number
  readonly to: number
  /** Recipients that got an outcome on the way. */
  readonly attempted: number
  /** What became of domains on the way, and their owner should know. */
  readonly warnings: readonly string[]
}

/** Domains looked at between two looks at the queue. */
const CHECKS_AT_ONCE = 10

/** @throws MailctlError usage when the clock is the system's; interrupted, with the clock where the work had come to */
export async function advanceClock(
  app: DeliverApp & ReviewApp & CheckingApp & PublishApp & Pick<App, 'lab'>,
  { byMs, signal, progress, until }: AdvanceRequest,
): Promise<Advanced> {
  const { store, clock, lab } = app
  if (clock.kind !== 'virtual') {
    throw new MailctlError('usage', 'this account runs on the system clock, which cannot be advanced', {
      hint: 'mailctl init --clock virtual makes an account whose clock stands still.',
    })
  }
  const from = clock.now()
  const to = from + byMs
  let attempted = 0
  const warnings: string[] = []
  let isQueueOurs = true
  let isTellingOurs = true
  await accountPass(app)
  let passedAt = from
  for (;;) {
    if (await until?.()) return { from, to: clock.now(), attempted, warnings }
    const mailAt = (isQueueOurs ? await store.nextDueAt() : undefined) ?? Number.POSITIVE_INFINITY
    const checkAt = (await store.nextCheckAt()) ?? Number.POSITIVE_INFINITY
    const reviewAt = reviewEndsAt(await store.standing(), clock.now())
    const publishAt = (isTellingOurs ? await store.nextPublishAt(clock.now()) : undefined) ?? Number.POSITIVE_INFINITY
    const reportAt = (await lab.reports.nextDueAt()) ?? Number.POSITIVE_INFINITY
    const next = Math.min(mailAt, checkAt, reviewAt, publishAt, reportAt)
    if (next > to) break
    await clock.waitUntil(next, signal)
    if (reviewAt === next || clock.now() - passedAt >= PASS_MS) {
      await accountPass(app)
      passedAt = clock.now()
    }
    // Of one moment domains come before mail: whether it may leave follows from them.
    if (checkAt === next) {
      const rechecked = await recheckDue(app, { limit: CHECKS_AT_ONCE, signal })
      warnings.push(...rechecked.warnings.map(text => `${new Date(clock.now()).toISOString()} ${text}`))
    } else if (mailAt === next) {
      const { settled } = await deliverDue(app, { signal })
      attempted += settled
      if (settled === 0) isQueueOurs = false // held by another process, which will see to it
    } else if (reportAt === next) {
      await lab.reports.sendDue()
    } else if (publishAt === next) {
      const passes = await publishDue(app, { signal })
      if (passes.length === 0) isTellingOurs = false
    }
    if (signal.aborted) throw new MailctlError('interrupted', `interrupted at ${new Date(clock.now()).toISOString()}`)
    progress?.(clock.now())
  }
  await clock.waitUntil(to, signal)
  await accountPass(app)
  return { from, to, attempted, warnings }
}
