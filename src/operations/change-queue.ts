/**
 * Changes what is in the queue by hand, however much that is: in batches, so that the engine beside it gets its turn between two of them.
 * What is being tried is never touched, and what is accepted while this runs is not meant.
 */
import { setTimeout } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import { CHANGEABLE, type QueueChange } from '../mail/outcome.ts'
import type { QueueFilter } from '../ports/queue.ts'
import type { App } from './app.ts'
import { checkMessage } from './queue.ts'

type QueueApp = Pick<App, 'store' | 'clock'>

/** Recipients of one transaction. */
const BATCH = 500
/** Between two transactions: another process that waits for the lock asks for it again within that time. */
const PAUSE_MS = 20

export interface ChangeRequest {
  readonly change: QueueChange
  readonly filter: QueueFilter
  readonly signal: AbortSignal
  /** Told after each batch how many recipients have been changed. */
  readonly progress: (changed: number) => void
}

export interface QueueAffected {
  readonly changed: number
  /** Recipients that match and are being tried at this moment: left as they are. */
  readonly active: number
}

/** What a change would do. @throws MailctlError not-found */
export async function previewChange({ store }: QueueApp, change: QueueChange, filter: QueueFilter): Promise<QueueAffected> {
  await checkMessage({ store }, filter)
  const states = CHANGEABLE[change].filter(state => filter.states?.includes(state) ?? true)
  return { changed: await store.queueCount({ ...filter, states }), active: await countActive({ store }, change, filter) }
}

/** @throws MailctlError not-found, store-unavailable, interrupted (the batches so far are done) */
export async function changeQueue(app: QueueApp, { change, filter, signal, progress }: ChangeRequest): Promise<QueueAffected> {
  const { store, clock } = app
  await checkMessage(app, filter)
  const now = clock.now()
  const meant = { ...filter, acceptedUntil: Math.min(filter.acceptedUntil ?? now, now) }
  let changed = 0
  let after: string | null = null
  do {
    const batch: Awaited<ReturnType<typeof store.changeQueue>> = await store.changeQueue({
      change,
      filter: meant,
      now,
      limit: BATCH,
      ...(after !== null && { after }),
    })
    changed += batch.changed
    after = batch.next
    progress(changed)
    if (after !== null) await setTimeout(PAUSE_MS)
    if (signal.aborted) throw new MailctlError('interrupted', `interrupted after ${changed} recipients`)
  } while (after !== null)
  return { changed, active: await countActive(app, change, meant) }
}

/** What is held is not being tried, so a release has none. */
async function countActive({ store }: Pick<App, 'store'>, change: QueueChange, filter: QueueFilter): Promise<number> {
  return change === 'release' ? 0 : await store.queueCount({ ...filter, states: ['active'] })
}
