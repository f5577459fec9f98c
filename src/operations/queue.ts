/** The queue as its owner sees it: what waits, how much, and making it due at once. */
import { MailctlError } from '../base/errors.ts'
import type { QueueEntry, Store, StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'

export type QueueStats = Awaited<ReturnType<Store['queueStats']>>

export const queueStats = async ({ store }: Pick<App, 'store'>): Promise<QueueStats> => await store.queueStats()

/** Waiting recipients, at most `limit`. */
export const listQueue = async ({ store }: Pick<App, 'store'>, { limit }: { readonly limit: number }): Promise<QueueEntry[]> =>
  await store.queue(limit)

/** @throws MailctlError not-found */
export async function queuedMessage({ store }: Pick<App, 'store'>, id: string): Promise<StoredMessage> {
  const message = await store.message(id)
  if (!message) throw new MailctlError('not-found', `there is no message ${id}`, { hint: 'mailctl queue list shows what waits.' })
  return message
}
