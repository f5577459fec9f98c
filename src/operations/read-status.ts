/** One screen's worth of the account: what it may do, who may send, what waits, what happened in the last 24 hours. */
import type { Identity } from '../account/identity.ts'
import type { QueueStats } from '../ports/queue.ts'
import { type AccountState, reviewAccountState } from './account-state.ts'
import type { App } from './app.ts'

const DAY_MS = 86_400_000

export interface Status extends AccountState {
  readonly identities: readonly Identity[]
  readonly queue: QueueStats
  /** By SES event type. */
  readonly eventsLast24Hours: Readonly<Record<string, number>>
  readonly clock: { readonly kind: 'system' | 'virtual'; readonly now: number }
}

export async function readStatus(app: Pick<App, 'store' | 'clock'>): Promise<Status> {
  const now = app.clock.now()
  return {
    ...(await reviewAccountState(app)),
    identities: await app.store.identities(),
    queue: await app.store.queueStats(),
    eventsLast24Hours: await app.store.eventCounts(now - DAY_MS),
    clock: { kind: app.clock.kind, now },
  }
}
