/** Lets time pass on a virtual clock: everything that falls due on the way is done, in order, each at its own moment. */

import { reviewEndsAt } from '../account/reputation.ts'
import { MailctlError } from '../base/errors.ts'
import { accountPass } from './account-pass.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliverApp } from './deliver-group.ts'
import type { ReviewApp } from './request-production.ts'

/** The account is looked at as often as this, in its own time, while mail is delivered on the way. */
const PASS_MS = 60_000

export interface AdvanceRequest {
  readonly byMs: number
  readonly signal: AbortSignal
  readonly progress: (now: number) => void
}

export interface Advanced {
  readonly from: number
  readonly to: number
  /** Recipients that got an outcome on the way. */
  readonly attempted: number
}

/** @throws MailctlError usage when the clock is the system's; interrupted, with the clock where the work had come to */
export async function advanceClock(app: DeliverApp & ReviewApp, { byMs, signal, progress }: AdvanceRequest): Promise<Advanced> {
  const { store, clock } = app
  if (clock.kind !== 'virtual') {
    throw new MailctlError('usage', 'this account runs on the system clock, which cannot be advanced', {
      hint: 'mailctl init --clock virtual makes an account whose clock stands still.',
    })
  }
  const from = clock.now()
  const to = from + byMs
  let attempted = 0
  await accountPass(app)
  let passedAt = from
  for (;;) {
    const due = (await store.nextDueAt()) ?? Number.POSITIVE_INFINITY
    const next = Math.min(due, reviewEndsAt(await store.standing(), clock.now()))
    if (next > to) break
    await clock.waitUntil(next, signal)
    if (next < due || clock.now() - passedAt >= PASS_MS) {
      await accountPass(app)
      passedAt = clock.now()
    }
    if (next < due) continue
    const { settled } = await deliverDue(app, { signal })
    if (signal.aborted) throw new MailctlError('interrupted', `interrupted at ${new Date(clock.now()).toISOString()}`)
    attempted += settled
    progress(clock.now())
    if (settled === 0) break // held by another process, which will see to it
  }
  await clock.waitUntil(to, signal)
  await accountPass(app)
  return { from, to, attempted }
}
