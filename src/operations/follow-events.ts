/** The event log as it grows. Whether there is something new is asked by whether another process has written, which costs microseconds. */
import { setTimeout as delay } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import type { EventFilter, LoggedEvent } from '../ports/store.ts'
import type { App } from './app.ts'

export interface FollowAsk {
  /** With `since`, what is logged already from then on comes first. */
  readonly filter: Omit<EventFilter, 'after' | 'limit' | 'last'>
  /** Real time, whatever the account's clock. Absent: until something else ends it. */
  readonly timeoutMs?: number
  /** It ends after so many events. */
  readonly limit?: number
  readonly signal: AbortSignal
  /** Nobody reads any more. */
  readonly isGone: () => boolean
}

const ASK_AGAIN_MS = 50
/** Events in memory. */
const PAGE = 500

/** In order of the log, each once. @throws MailctlError interrupted, store-unavailable */
export async function* followEvents({ store }: Pick<App, 'store'>, ask: FollowAsk): AsyncGenerator<LoggedEvent> {
  const { filter, timeoutMs = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY, signal, isGone } = ask
  const endAt = performance.now() + timeoutMs
  const othersWrote = store.watchOthers()
  let after = filter.since === undefined ? await store.lastEventId() : undefined
  let given = 0
  for (let isFull = true; ; ) {
    if (isFull || othersWrote()) {
      const upTo = await store.lastEventId()
      const page = await store.events({ ...filter, ...(after !== undefined && { after }), limit: PAGE })
      isFull = page.length === PAGE
      after = isFull ? (page.at(-1)?.id ?? after) : Math.max(upTo, page.at(-1)?.id ?? 0)
      for (const event of page) {
        yield event
        given += 1
        if (given === limit || isGone()) return
      }
      if (isFull) continue
    }
    if (signal.aborted) throw new MailctlError('interrupted', 'interrupted')
    const left = endAt - performance.now()
    if (left <= 0 || isGone()) return
    await delay(Math.min(ASK_AGAIN_MS, left), undefined, { signal }).catch(() => undefined)
  }
}
