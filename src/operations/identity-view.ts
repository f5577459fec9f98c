/** An identity in the words of SES: GetEmailIdentity's response and a row of ListEmailIdentities, timestamps as dates. */
import { isVerified } from '../account/admit.ts'
import type { Comparison } from '../account/compare-record.ts'
import type { PlannedRecord } from '../account/dns-plan.ts'
import { type Identity, signingHostedZone } from '../account/identity.ts'
import type { App } from './app.ts'

export interface CheckedRecord {
  readonly planned: PlannedRecord
  readonly comparison: Comparison
}

const moment = (at: number | null): Date | undefined => (at === null ? undefined : new Date(at))

/** `undefined` members are left out by JSON. */
export function identityView(identity: Identity, { settings, clock }: Pick<App, 'settings' | 'clock'>) {
  const { verification, dkim, mailFrom } = identity
  const isDomain = identity.type === 'DOMAIN'
  return {
    EmailIdentity: identity.name,
    IdentityType: identity.type,
    FeedbackForwardingStatus: identity.feedbackForwarding,
    VerifiedForSendingStatus: isVerified(identity, settings.network, clock.now()),
    DkimAttributes: {
      SigningEnabled: dkim.signingEnabled,
      Status: dkim.status,
      Tokens: dkim.origin === 'AWS_SES' ? dkim.tokens : undefined,
      SigningHostedZone: isDomain && dkim.origin === 'AWS_SES' ? signingHostedZone(settings.network, settings.hostname) : undefined,
      SigningAttributesOrigin: dkim.origin,
      NextSigningKeyLength: isDomain && dkim.origin === 'AWS_SES' ? dkim.keyLength : undefined,
      CurrentSigningKeyLength: isDomain ? (dkim.signing?.keyLength ?? dkim.keyLength) : undefined,
      LastKeyGenerationTimestamp: moment(dkim.lastKeyGeneratedAt),
    },
    MailFromAttributes: mailFrom
      ? { MailFromDomain: mailFrom.domain, MailFromDomainStatus: mailFrom.status, BehaviorOnMxFailure: mailFrom.onFailure }
      : undefined,
    Policies: {},
    Tags: identity.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ConfigurationSetName: identity.configurationSet ?? undefined,
    VerificationStatus: verification.status,
    VerificationInfo: {
      LastCheckedTimestamp: moment(verification.lastCheckedAt),
      LastSuccessTimestamp: moment(verification.lastSuccessAt),
      ErrorType: verification.errorType ?? undefined,
      SOARecord: verification.soa
        ? {
            PrimaryNameServer: verification.soa.primaryNameServer,
            AdminEmail: verification.soa.adminEmail,
            SerialNumber: verification.soa.serialNumber,
          }
        : undefined,
    },
  }
}
export type IdentityView = ReturnType<typeof identityView>

/** A row of ListEmailIdentities. */
export const identityRow = (identity: Identity, { settings, clock }: Pick<App, 'settings' | 'clock'>) => ({
  IdentityType: identity.type,
  IdentityName: identity.name,
  SendingEnabled: isVerified(identity, settings.network, clock.now()),
  VerificationStatus: identity.verification.status,
})
export type IdentityRow = ReturnType<typeof identityRow>

export const plannedView = ({ purpose, type, name, value }: PlannedRecord) => ({ Purpose: purpose, Type: type, Name: name, Value: value })

export const checkedView = ({ planned, comparison }: CheckedRecord) => ({
  ...plannedView(planned),
  Status: comparison.status,
  Found: comparison.found,
  Server: comparison.server,
  Detail: comparison.detail,
})
