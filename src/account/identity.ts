/** Verified identities as records, and which of them speaks for an address. SES facts: concepts §3 and §4. */

export type VerificationStatus = 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE' | 'NOT_STARTED'
export type VerificationErrorType = 'SERVICE_ERROR' | 'DNS_SERVER_ERROR' | 'HOST_NOT_FOUND' | 'TYPE_NOT_FOUND' | 'INVALID_VALUE'
/** Where a proof came from: `lab` counts in lab and relay, `dns` everywhere. */
export type Proof = 'lab' | 'dns'
export type DkimKeyLength = 'RSA_1024_BIT' | 'RSA_2048_BIT'

export interface SoaRecord {
  readonly primaryNameServer: string
  readonly adminEmail: string
  readonly serialNumber: number
}

export interface Identity {
  /** A domain as lower-case A-labels, or an address whose domain part is. */
  readonly name: string
  readonly type: 'DOMAIN' | 'EMAIL_ADDRESS'
  readonly createdAt: number
  readonly verification: {
    readonly status: VerificationStatus
    readonly proof: Proof | null
    /** When the present search for the records, or the grace after they went, began: it ends 72 hours later. */
    readonly startedAt: number
    readonly lastCheckedAt: number | null
    readonly lastSuccessAt: number | null
    readonly errorType: VerificationErrorType | null
    readonly soa: SoaRecord | null
  }
  readonly dkim: {
    readonly signingEnabled: boolean
    readonly status: VerificationStatus
    readonly origin: 'AWS_SES' | 'EXTERNAL'
    /** How the records are planned and published; verification accepts TXT and CNAME alike. */
    readonly method: 'txt' | 'cname' | 'byo'
    /** Selectors. Three for AWS_SES: the first signs, the others wait for rotation. One for EXTERNAL. Empty for an address identity. */
    readonly tokens: readonly string[]
    readonly keyLength: DkimKeyLength
    readonly lastKeyGeneratedAt: number | null
  }
  readonly mailFrom: {
    readonly domain: string
    readonly status: 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE'
    readonly onFailure: 'USE_DEFAULT_VALUE' | 'REJECT_MESSAGE'
    /** When the search for its records, or the grace after they went, began. */
    readonly startedAt: number
  } | null
  readonly configurationSet: string | null
  readonly feedbackForwarding: boolean
  /** The code of a pending address verification and when it lapses; null otherwise. */
  readonly token: { readonly value: string; readonly expiresAt: number } | null
}

/** The zone that CNAME-style DKIM records point into. SES fact: the classic `dkim.amazonses.com`; outside the lab our own host name. */
export const signingHostedZone = (network: 'lab' | 'relay' | 'live', hostname: string): string =>
  network === 'lab' ? 'dkim.amazonses.com' : `dkim.${hostname}`

/** Names under which an identity could cover this address, strongest first: the address, it without `+label`, its domain, each parent domain. */
export function coveringNames(address: string): string[] {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = address.slice(at + 1).toLowerCase()
  const names = [`${local}@${domain}`]
  const plus = local.indexOf('+')
  if (plus > 0) names.push(`${local.slice(0, plus)}@${domain}`)
  for (let rest = domain; rest.includes('.'); rest = rest.slice(rest.indexOf('.') + 1)) names.push(rest)
  return names
}
