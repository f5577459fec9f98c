/** Works the queue by hand: makes waiting recipients due and tries each of them once. Held recipients stay held. */
import { MailctlError } from '../base/errors.ts'
import { type DeliverApp, deliverDue } from './deliver-due.ts'

export interface FlushRequest {
  /** Only this message. */
  readonly messageId?: string
  readonly signal: AbortSignal
  /** Told after each pass how many recipients have been tried. */
  readonly progress: (tried: number, of: number) => void
}

export interface Flushed {
  /** Recipients that got an outcome. */
  readonly attempted: number
  readonly stats: Awaited<ReturnType<DeliverApp['store']['queueStats']>>
}

/** @throws MailctlError not-found, store-unavailable, interrupted */
export async function flushQueue(app: DeliverApp, { messageId, signal, progress }: FlushRequest): Promise<Flushed> {
  const { store, clock } = app
  if (messageId !== undefined && (await store.message(messageId)) === undefined)
    throw new MailctlError('not-found', `no message ${messageId}`)
  const due = await store.makeDue(clock.now(), messageId)
  let attempted = 0
  for (;;) {
    const { settled } = await deliverDue(app, { signal, ...(messageId !== undefined && { messageId }) })
    if (signal.aborted) throw new MailctlError('interrupted', 'interrupted; what was not tried is due again')
    if (settled === 0) break
    attempted += settled
    progress(attempted, Math.max(due, attempted))
  }
  return { attempted, stats: await store.queueStats() }
}
