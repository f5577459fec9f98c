/** Quota, statistics, and whether the account sends. SES facts: api-v1 "Account and statistics". */
import { pauseSending, readAccountState, resumeSending } from '../../operations/account-state.ts'
import type { SesCall } from '../ses/operation.ts'
import { action, type QueryAction } from './action.ts'
import { Double } from './xml.ts'

const POINT_MS = 15 * 60_000
/** The finest that is counted. */
const SPAN_MS = 10 * 60_000
const TWO_WEEKS_MS = 14 * 86_400_000

const MEMBERS: Readonly<Record<string, 'DeliveryAttempts' | 'Bounces' | 'Complaints' | 'Rejects'>> = {
  Send: 'DeliveryAttempts',
  Bounce: 'Bounces',
  Complaint: 'Complaints',
  Reject: 'Rejects',
}

/** What is counted in spans of ten minutes is put to the quarter of an hour in which the span begins. */
async function statistics({ app }: SesCall): Promise<object> {
  const now = app.clock.now()
  const points = new Map<number, { Timestamp: Date; DeliveryAttempts: number; Bounces: number; Complaints: number; Rejects: number }>()
  for (const { at, type, recipients } of await app.store.activity({ from: now - TWO_WEEKS_MS, until: now + SPAN_MS, spanMs: SPAN_MS })) {
    const member = MEMBERS[type]
    if (member === undefined) continue
    const start = Math.floor(at / POINT_MS) * POINT_MS
    const point = points.get(start) ?? { Timestamp: new Date(start), DeliveryAttempts: 0, Bounces: 0, Complaints: 0, Rejects: 0 }
    point[member] += recipients
    points.set(start, point)
  }
  return { SendDataPoints: [...points.values()] }
}

export const accountActions: readonly QueryAction[] = [
  action('GetSendQuota', async ({ app }) => {
    const { account, sentLast24Hours } = await readAccountState(app)
    return {
      Max24HourSend: new Double(account.max24HourSend),
      MaxSendRate: new Double(account.maxSendRate),
      SentLast24Hours: new Double(sentLast24Hours),
    }
  }),
  action('GetSendStatistics', statistics),
  action('GetAccountSendingEnabled', async ({ app }) => ({ Enabled: (await app.store.account()).sendingEnabled })),
  action('UpdateAccountSendingEnabled', async ({ app, input }) => {
    if (input.flag('Enabled') ?? false) await resumeSending(app, 'review')
    else await pauseSending(app)
    return null
  }),
]
