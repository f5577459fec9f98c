/** Quota, statistics, and whether the account sends. SES facts: api-v1 "Account and statistics". */
import { pauseSending, readAccountState, resumeSending } from '../../operations/account-state.ts'
import { sendStatistics } from '../../operations/send-statistics.ts'
import { action, type QueryAction } from './action.ts'
import { Double } from './xml.ts'

export const accountActions: readonly QueryAction[] = [
  action('GetSendQuota', async ({ app }) => {
    const { account, sentLast24Hours } = await readAccountState(app)
    return {
      Max24HourSend: new Double(account.max24HourSend),
      MaxSendRate: new Double(account.maxSendRate),
      SentLast24Hours: new Double(sentLast24Hours),
    }
  }),
  action('GetSendStatistics', async ({ app }) => ({
    SendDataPoints: (await sendStatistics(app)).map(({ at, deliveryAttempts, bounces, complaints, rejects }) => ({
      Timestamp: new Date(at),
      DeliveryAttempts: deliveryAttempts,
      Bounces: bounces,
      Complaints: complaints,
      Rejects: rejects,
    })),
  })),
  action('GetAccountSendingEnabled', async ({ app }) => ({ Enabled: (await app.store.account()).sendingEnabled })),
  action('UpdateAccountSendingEnabled', async ({ app, input }) => {
    if (input.flag('Enabled') ?? false) await resumeSending(app, 'review')
    else await pauseSending(app)
    return null
  }),
]
