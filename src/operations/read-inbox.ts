/** What the lab's receivers took: finding, waiting for, reading and clearing it. */
import { setTimeout as delay } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import type { InboxFilter, InboxMessage } from '../ports/lab.ts'
import type { App } from './app.ts'

/** Another process may be the one that delivers, so waiting is looking again. Real time, whatever the account's clock. */
const LOOK_AGAIN_MS = 100

/** Newest first. */
export const listInbox = async ({ lab }: Pick<App, 'lab'>, filter: InboxFilter): Promise<InboxMessage[]> => await lab.inbox.list(filter)

/** @throws MailctlError not-found */
export async function inboxMessage({ lab }: Pick<App, 'lab'>, id: string): Promise<InboxMessage> {
  const message = await lab.inbox.get(id)
  if (!message)
    throw new MailctlError('not-found', `there is no message ${id} in the inbox`, { hint: 'mailctl inbox list shows what there is.' })
  return message
}

export interface WaitForMail {
  readonly filter: InboxFilter
  readonly count: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Resolves as soon as `count` messages match, those already there included.  @throws MailctlError timed-out, interrupted */
export async function waitForMail(app: Pick<App, 'lab'>, { filter, count, timeoutMs, signal }: WaitForMail): Promise<InboxMessage[]> {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    const found = await app.lab.inbox.list({ ...filter, limit: Math.max(count, filter.limit ?? count) })
    if (found.length >= count) return found
    if (signal.aborted) throw new MailctlError('interrupted', 'interrupted')
    const left = giveUpAt - Date.now()
    if (left <= 0)
      throw new MailctlError('timed-out', `${found.length} of ${count} messages arrived in ${timeoutMs / 1000} s`, {
        hint: 'Wait longer with --timeout, or see what became of it: mailctl queue list.',
      })
    await delay(Math.min(LOOK_AGAIN_MS, left), undefined, { signal }).catch(() => undefined)
  }
}

export const clearInbox = async ({ lab }: Pick<App, 'lab'>): Promise<number> => await lab.inbox.clear()

/** What the lab's receivers remember of senders. */
export const forgetSenders = async ({ lab }: Pick<App, 'lab'>): Promise<void> => await lab.inbox.forgetSenders()
