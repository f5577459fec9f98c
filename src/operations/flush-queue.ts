/**
 * Works the queue by hand: tries what waits once, whenever its next attempt was due, and has the lab's receivers send back what they have to
 * say by now. Held recipients stay held.
 */
import { MailctlError } from '../base/errors.ts'
import type { QueueFilter, QueueStats } from '../ports/queue.ts'
import type { App } from './app.ts'
import { deliverGroups } from './deliver-due.ts'
import { type DeliverApp, LEASE_MS } from './deliver-group.ts'
import { checkMessage } from './queue.ts'
import { reviewStanding } from './reputation.ts'

/** Recipients tried at once. */
const CONCURRENCY = 10
const WAITING = ['queued', 'deferred'] as const

export interface FlushRequest {
  readonly filter: QueueFilter
  readonly signal: AbortSignal
  /** Told after each pass how many recipients have been tried. */
  readonly progress: (tried: number, of: number) => void
}

export interface Flushed {
  /** Recipients that got an outcome. */
  readonly attempted: number
  readonly stats: QueueStats
}

/** How many recipients a flush would try. @throws MailctlError not-found */
export async function countFlushable({ store }: Pick<DeliverApp, 'store'>, filter: QueueFilter): Promise<number> {
  await checkMessage({ store }, filter)
  return await store.queueCount({ ...filter, states: WAITING.filter(state => filter.states?.includes(state) ?? true) })
}

/** @throws MailctlError not-found, store-unavailable, interrupted */
export async function flushQueue(app: DeliverApp & Pick<App, 'lab'>, { filter, signal, progress }: FlushRequest): Promise<Flushed> {
  const { store } = app
  const waiting = await countFlushable(app, filter)
  let attempted = 0
  let after: string | null = null
  for (;;) {
    const { leased, next }: Awaited<ReturnType<typeof store.leaseMatching>> = await store.leaseMatching({
      filter,
      leaseMs: LEASE_MS,
      limit: CONCURRENCY,
      ...(after !== null && { after }),
    })
    if (next === null) break
    attempted += (await deliverGroups(app, leased, signal)).settled
    if (signal.aborted) throw new MailctlError('interrupted', 'interrupted; what was not tried still waits')
    progress(attempted, Math.max(waiting, attempted))
    after = next
  }
  await app.lab.reports.sendDue()
  await reviewStanding(app)
  return { attempted, stats: await store.queueStats() }
}
