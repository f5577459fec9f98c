/** Verified identities as records, and which of them speaks for an address. SES facts: concepts §3 and §4. */
import type { ResourceTag } from './resource-tags.ts'

export type VerificationStatus = 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE' | 'NOT_STARTED'
export type VerificationErrorType = 'SERVICE_ERROR' | 'DNS_SERVER_ERROR' | 'HOST_NOT_FOUND' | 'TYPE_NOT_FOUND' | 'INVALID_VALUE'
/** Where a proof came from: `lab` counts in lab and relay, `dns` everywhere. */
export type Proof = 'lab' | 'dns'
export type DkimKeyLength = 'RSA_1024_BIT' | 'RSA_2048_BIT'
/** How the records of keys are planned and published; verification accepts TXT and CNAME alike. `byo`: a TXT record of a caller's key. */
export type DkimMethod = 'txt' | 'cname' | 'byo'

/** Domains and addresses together. SES fact: concepts §3. */
export const MAX_IDENTITIES = 10_000

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
    /** Whether the owner chose `signingEnabled`. An address that was not asked does what its domain does; a domain's setting is its own. */
    readonly signingChosen: boolean
    /** Of `tokens`: how the search for their records stands. */
    readonly status: VerificationStatus
    /** When that search, or the grace after they went, began. */
    readonly startedAt: number
    readonly origin: 'AWS_SES' | 'EXTERNAL'
    readonly method: DkimMethod
    /** Selectors. Three for AWS_SES: the first signs, the others wait for rotation. One for EXTERNAL. Empty for an address identity. */
    readonly tokens: readonly string[]
    /** Of `tokens`. */
    readonly keyLength: DkimKeyLength
    readonly lastKeyGeneratedAt: number | null
    /** Those of `tokens` that were not found in DNS yet. They never sign. */
    readonly unproved: readonly string[]
    /** The key that signs: the first of `tokens`, or, until that is found in DNS, the one that signed before. null: none was ever found. */
    readonly signing: SigningKey | null
    /** Keys that signed before. Their records stay published until mail that they signed has arrived everywhere. */
    readonly retired: readonly RetiredKey[]
    readonly lengthChangedAt: number | null
    /** The latest change to 1024 bits. */
    readonly downgradedAt: number | null
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
  /** Types of notification that carry the message's header fields, whether or not there is a topic to tell: `Bounce`. Absent: none. */
  readonly headersInNotifications?: readonly string[]
  /** The code of a pending address verification and when it lapses; null otherwise. */
  readonly token: { readonly value: string; readonly expiresAt: number } | null
  /** In the order in which they were given. */
  readonly tags: readonly ResourceTag[]
  /** When its records are looked for again; null: not before its owner asks. */
  readonly nextCheckAt: number | null
}

export interface SigningKey {
  readonly token: string
  readonly method: DkimMethod
  readonly keyLength: DkimKeyLength
}

export interface RetiredKey {
  readonly token: string
  readonly method: DkimMethod
  readonly retiredAt: number
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

export interface InheritedSettings {
  readonly configurationSet: string | null
  readonly mailFrom: Identity['mailFrom']
  /** Of the nearest identity there is, as every identity has it. */
  readonly feedbackForwarding: boolean
}

/**
 * What holds for mail from this address: of each setting the one nearest to it, so an address before its domain and a subdomain before its
 * parent. An identity counts from its creation, verified or not. SES fact: concepts §3.
 * @param identities at least those among `coveringNames(address)` that exist
 */
export function settingsFor(address: string, identities: readonly Identity[]): InheritedSettings {
  const found: { configurationSet: string | null; mailFrom: Identity['mailFrom']; feedbackForwarding?: boolean } = {
    configurationSet: null,
    mailFrom: null,
  }
  for (const name of coveringNames(address)) {
    const identity = identities.find(one => one.name === name)
    if (identity === undefined) continue
    found.configurationSet ??= identity.configurationSet
    found.mailFrom ??= identity.mailFrom
    found.feedbackForwarding ??= identity.feedbackForwarding
  }
  return { ...found, feedbackForwarding: found.feedbackForwarding ?? true }
}
