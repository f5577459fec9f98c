/** The account in SES's spelling. */
import type { ProductionCase } from '../account/production-access.ts'
import type { AccountState } from './account-state.ts'

/** SES `SendQuota`. */
export const quotaView = ({ account, sentLast24Hours }: AccountState) => ({
  Max24HourSend: account.max24HourSend,
  MaxSendRate: account.maxSendRate,
  SentLast24Hours: sentLast24Hours,
})

/** SES `Details`: there once production access was asked for. */
const detailsView = ({ details, review }: ProductionCase) => ({
  MailType: details.mailType ?? undefined,
  WebsiteURL: details.websiteUrl ?? undefined,
  ContactLanguage: details.contactLanguage ?? undefined,
  UseCaseDescription: details.useCase ?? undefined,
  AdditionalContactEmailAddresses: details.additionalContacts.length > 0 ? details.additionalContacts : undefined,
  ReviewDetails: { Status: review.status, CaseId: review.caseId },
})

/** SES GetAccount, and why the account stands as it does. New addresses of our own would be warmed up: nobody can switch that off yet. */
export const accountView = (state: AccountState) => ({
  DedicatedIpAutoWarmupEnabled: true,
  EnforcementStatus: state.account.enforcementStatus,
  ProductionAccessEnabled: state.account.productionAccess,
  SendQuota: quotaView(state),
  SendingEnabled: state.account.sendingEnabled,
  Details: state.productionCase && detailsView(state.productionCase),
  EnforcementReason: state.account.enforcementReason,
  SuppressionAttributes: { SuppressedReasons: state.account.suppressedReasons },
  AccountId: state.account.accountId,
  Region: state.account.region,
})
