/** After a clock was set back: nothing waits longer than the longest wait between two tries, and what was never tried waits for nothing. */
import { longestWaitMs } from '../delivery/retry.ts'
import type { DeliverApp } from './deliver-group.ts'

/** At once, so that nobody waits long for the store when a whole queue is to be moved. */
const AT_ONCE = 1_000

/** @returns whether there may be more  @throws MailctlError store-unavailable */
export async function bringForward({ store, clock, settings }: Pick<DeliverApp, 'store' | 'clock' | 'settings'>): Promise<boolean> {
  const now = clock.now()
  return await store.bringForward({ now, latest: now + longestWaitMs(settings.retry), limit: AT_ONCE })
}
