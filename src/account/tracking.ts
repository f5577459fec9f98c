/**
 * Where links and pictures that tell of clicks and opens would point: options of a configuration set. SES facts: api-v2 "Configuration sets" (texts verbatim), concepts §11.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { parseAddress } from '../mail/address.ts'
import { isVerified, type SenderQuestion } from './admit.ts'
import { coveringNames } from './identity.ts'

export const HTTPS_POLICIES = ['REQUIRE', 'REQUIRE_OPEN_ONLY', 'OPTIONAL'] as const
export type HttpsPolicy = (typeof HTTPS_POLICIES)[number]

export interface TrackingOptions {
  /** A domain of the account's own. */
  readonly customRedirectDomain: string
  /** `OPTIONAL`: opens by http, clicks by the scheme of their link. */
  readonly httpsPolicy: HttpsPolicy
}

/** What is absent stays; a domain of null clears all of it. */
export interface TrackingChange {
  readonly customRedirectDomain?: string | null
  readonly httpsPolicy?: HttpsPolicy
}

/** @throws MailctlError bad-data: a policy without a domain, or no name of a domain */
export function changedTracking(before: TrackingOptions | undefined, change: TrackingChange): TrackingOptions | undefined {
  const { customRedirectDomain = before?.customRedirectDomain ?? null, httpsPolicy } = change
  if (customRedirectDomain === null) {
    if (httpsPolicy === undefined) return undefined
    throw new MailctlError('bad-data', 'HttpsPolicy needs a CustomRedirectDomain', {
      hint: 'Give --redirect-domain with it: a domain of yours that links lead to.',
    })
  }
  return { customRedirectDomain: domainOf(customRedirectDomain), httpsPolicy: httpsPolicy ?? before?.httpsPolicy ?? 'OPTIONAL' }
}

/** As identities are written: lower case, A-labels. */
function domainOf(text: string): string {
  try {
    return parseAddress(`x@${text}`).domain
  } catch {
    throw new MailctlError('bad-data', `'${printable(text)}' is not a domain`, { hint: 'Write click.example.com.' })
  }
}

/** The names whose identities `checkTracking` needs to see. */
export const namesForTracking = ({ customRedirectDomain }: TrackingOptions): string[] =>
  coveringNames(`x@${customRedirectDomain}`).filter(name => !name.includes('@'))

/** Verified itself or under a domain that is. @throws MailctlError bad-data */
export function checkTracking(
  { customRedirectDomain }: TrackingOptions,
  { identities, network }: Pick<SenderQuestion, 'identities' | 'network'>,
  now: number,
): void {
  if (identities.some(identity => identity.type === 'DOMAIN' && isVerified(identity, network, now))) return
  throw new MailctlError('bad-data', `Domain ${customRedirectDomain} is not verified under this account.`, {
    hint: `Run mailctl verify domain ${customRedirectDomain}.`,
  })
}
