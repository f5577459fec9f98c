/** Works the queue by hand: makes waiting recipients due and tries each of them once. Held recipients stay held. */
import { MailctlError } from '../base/errors.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliverApp } from './deliver-group.ts'

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

/** How many recipients a flush would try. @throws MailctlError not-found */
export async function countFlushable({ store }: Pick<DeliverApp, 'store'>, messageId: string | undefined): Promise<number> {
  if (messageId === undefined) {
    const { queued, deferred } = await store.queueStats()
    return queued + deferred
  }
  const message = await store.message(messageId)
  if (message === undefined) throw noMessage(messageId)
  return message.recipients.filter(({ state }) => state === 'queued' || state === 'deferred').length
}

const noMessage = (id: string): MailctlError =>
  new MailctlError('not-found', `there is no message ${id}`, { hint: 'mailctl queue list shows what waits.' })

/** @throws MailctlError not-found, store-unavailable, interrupted */
export async function flushQueue(app: DeliverApp, { messageId, signal, progress }: FlushRequest): Promise<Flushed> {
  const { store, clock } = app
  if (messageId !== undefined && (await store.message(messageId)) === undefined) throw noMessage(messageId)
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
