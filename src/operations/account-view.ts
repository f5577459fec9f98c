/** The account in SES's spelling. */
import type { ProductionCase } from '../account/production-access.ts'
import type { VdmAttributes } from '../account/vdm.ts'
import type { AccountState } from './account-state.ts'
import { vdmOptionsView } from './configuration-sets.ts'

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

/** What belongs to it is shown only while it is on. */
const vdmView = ({ enabled, ...options }: VdmAttributes) => {
  const { DashboardOptions: dashboard, GuardianOptions: guardian } = enabled === 'ENABLED' ? vdmOptionsView(options) : {}
  return { VdmEnabled: enabled, DashboardAttributes: dashboard, GuardianAttributes: guardian }
}

/** SES GetAccount, and why the account stands as it does. */
export const accountView = (state: AccountState) => ({
  DedicatedIpAutoWarmupEnabled: state.account.autoWarmup ?? true,
  EnforcementStatus: state.account.enforcementStatus,
  ProductionAccessEnabled: state.account.productionAccess,
  SendQuota: quotaView(state),
  SendingEnabled: state.account.sendingEnabled,
  Details: state.productionCase && detailsView(state.productionCase),
  EnforcementReason: state.account.enforcementReason,
  VdmAttributes: state.account.vdm && vdmView(state.account.vdm),
  SuppressionAttributes: { SuppressedReasons: state.account.suppressedReasons },
  AccountId: state.account.accountId,
  Region: state.account.region,
})
