/** The account in SES's spelling, for `--json`. */
import type { AccountState } from '../operations/account-state.ts'

/** SES `SendQuota`. */
export const quotaJson = ({ account, sentLast24Hours }: AccountState) => ({
  Max24HourSend: account.max24HourSend,
  MaxSendRate: account.maxSendRate,
  SentLast24Hours: sentLast24Hours,
})

/** SES GetAccount. */
export const accountJson = (state: AccountState) => ({
  EnforcementStatus: state.account.enforcementStatus,
  ProductionAccessEnabled: state.account.productionAccess,
  SendQuota: quotaJson(state),
  SendingEnabled: state.account.sendingEnabled,
  AccountId: state.account.accountId,
  Region: state.account.region,
})
