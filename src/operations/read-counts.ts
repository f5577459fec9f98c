/** What a monitor asks of an account every few seconds: counts that are kept, none that are made by looking at all there is. */
import type { Account } from '../account/account.ts'
import { SLOT_MS } from '../ports/activity.ts'
import type { QueueStats } from '../ports/queue.ts'
import { type AccountState, readAccountState } from './account-state.ts'
import type { App } from './app.ts'

export interface AccountCounts {
  readonly queue: QueueStats
  /** By SES type, since the ten minutes that `since` lies in. */
  readonly events: readonly { readonly type: string; readonly events: number; readonly recipients: number }[]
  readonly quota: Pick<Account, 'max24HourSend' | 'maxSendRate'> & Pick<AccountState, 'sentLast24Hours'>
  readonly standing: Account['enforcementStatus']
}

/** One span from then to any time there is. */
const EVER_MS = 1_000_000 * SLOT_MS

/** @param since epoch milliseconds */
export async function readAccountCounts(app: Pick<App, 'store' | 'clock'>, since: number): Promise<AccountCounts> {
  const { account, sentLast24Hours } = await readAccountState(app)
  const totals = new Map<string, { events: number; recipients: number }>()
  const from = since - (since % SLOT_MS)
  for (const { type, events, recipients } of await app.store.activity({ from, until: from + EVER_MS, spanMs: SLOT_MS })) {
    const total = totals.get(type) ?? { events: 0, recipients: 0 }
    totals.set(type, { events: total.events + events, recipients: total.recipients + recipients })
  }
  return {
    queue: await app.store.queueStats(),
    events: [...totals].map(([type, total]) => ({ type, ...total })),
    quota: { max24HourSend: account.max24HourSend, maxSendRate: account.maxSendRate, sentLast24Hours },
    standing: account.enforcementStatus,
  }
}
