/**
 * An expectation about the account, for scripts: what is there already counts, and what comes is waited for. On a virtual clock the wait does
 * what falls due on the way; while another process is at work, and on the system clock, it lasts as long in real time; reports of the lab's receivers are sent meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import { advanceClock } from './advance-clock.ts'
import type { App } from './app.ts'

export interface Expected {
  /** `exactly` is met as soon as there are so many. `none` only by the end of the time. */
  readonly quantity: { readonly kind: 'some' } | { readonly kind: 'none' } | { readonly kind: 'exactly'; readonly count: number }
  readonly withinMs: number
  readonly signal: AbortSignal
}

export interface Verdict<Found> {
  readonly isMet: boolean
  readonly found: readonly Found[]
  /** Recipients in the queue that nobody is delivering: why nothing came, perhaps. */
  readonly unattended: number
}

/** More need not be found to know. */
export const enough = ({ quantity }: Expected): number => (quantity.kind === 'exactly' ? quantity.count + 1 : 100)

/** How often it is asked whether another process has written, which costs microseconds. */
const ASK_AGAIN_MS = 50

export type ExpectApp = Parameters<typeof advanceClock>[0] & Pick<App, 'store' | 'clock'>

/** @param look finds at most `enough`  @throws MailctlError interrupted, and what `look` and advanceClock throw */
export async function expectFound<Found>(
  app: ExpectApp,
  expected: Expected,
  look: () => Promise<readonly Found[]>,
): Promise<Verdict<Found>> {
  const { store, clock } = app
  const { withinMs, signal } = expected
  const giveUpAt = performance.now() + withinMs
  const othersWrote = store.watchOthers()
  let found: readonly Found[] = []
  const isDecided = async (): Promise<boolean> => {
    found = await look()
    return judge(expected, found) !== undefined
  }
  let decided = await isDecided()
  if (!decided && clock.kind === 'virtual') {
    await advanceClock(app, { byMs: withinMs, signal, until: isDecided })
    decided = await isDecided()
  }
  if (!decided && (clock.kind === 'system' || (await store.othersAtWork()))) {
    for (let left = giveUpAt - performance.now(); !decided && left > 0; left = giveUpAt - performance.now()) {
      await delay(Math.min(ASK_AGAIN_MS, left), undefined, { signal }).catch(() => undefined)
      if (signal.aborted) throw new MailctlError('interrupted', 'interrupted')
      const sent = clock.kind === 'system' ? await app.lab.reports.sendDue() : 0
      decided = (othersWrote() || sent > 0) && (await isDecided())
    }
    if (!decided) decided = await isDecided()
  }
  const isMet = judge(expected, found) ?? expected.quantity.kind === 'none'
  return { isMet, found, unattended: isMet ? 0 : await unattended(app) }
}

/** @returns undefined: not decided yet */
function judge({ quantity }: Expected, found: readonly unknown[]): boolean | undefined {
  if (quantity.kind === 'none') return found.length > 0 ? false : undefined
  if (quantity.kind === 'some') return found.length > 0 ? true : undefined
  return found.length === quantity.count ? true : found.length > quantity.count ? false : undefined
}

async function unattended({ store }: Pick<App, 'store'>): Promise<number> {
  if (await store.othersAtWork()) return 0
  const { queued, deferred } = await store.queueStats()
  return queued + deferred
}
