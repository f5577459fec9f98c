/** The queue as its owner sees it: what is in it, how much, and for whom. */
import { MailctlError } from '../base/errors.ts'
import type { QueueDestination, QueueFilter, QueuePage, QueueStats } from '../ports/queue.ts'
import type { StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'

type StoreApp = Pick<App, 'store'>

export interface QueueSummary extends QueueStats {
  /** The domains that most is queued for, first. */
  readonly destinations: readonly QueueDestination[]
}

export async function summariseQueue({ store }: StoreApp, { limit }: { readonly limit: number }): Promise<QueueSummary> {
  return { ...(await store.queueStats()), destinations: await store.queueDestinations(limit) }
}

/** A page of recipients, the oldest first. @throws MailctlError not-found (the filter's message), usage (`after` is no place in the queue) */
export async function listQueue(
  { store }: StoreApp,
  ask: QueueFilter & { readonly limit: number; readonly after?: string },
): Promise<QueuePage> {
  await checkMessage({ store }, ask)
  return await store.queue(ask)
}

/** @throws MailctlError not-found */
export async function queuedMessage({ store }: StoreApp, id: string): Promise<StoredMessage> {
  const message = await store.message(id)
  if (!message) throw new MailctlError('not-found', `there is no message ${id}`, { hint: 'mailctl queue list shows what waits.' })
  return message
}

/** A message that does not exist is another answer than one of which nothing waits. @throws MailctlError not-found */
export async function checkMessage({ store }: StoreApp, { messageId }: QueueFilter): Promise<void> {
  if (messageId !== undefined) await queuedMessage({ store }, messageId)
}
