/** The rules of a look-alike, applied: which of them fits what is known of a client and its message. Plain data in, plain data out. */
import type { ProviderRule } from './provider.ts'

/** What may be known; at an earlier step less is. */
export interface Facts {
  /** The address has a name, and the name has the address. RFC 1912 §2.1 */
  readonly reverseDns?: boolean
  readonly tls?: boolean
  /** `pass fail softfail neutral none temperror permerror` */
  readonly spf?: string
  /** `pass` when one signature does. */
  readonly dkim?: string
  readonly dmarc?: string
  /** `none quarantine reject`; `''` without a record. */
  readonly dmarcPolicy?: string
  /** Addresses in From. */
  readonly authors?: number
  readonly messageId?: boolean
  /** Has fields of mail to a list: List-Unsubscribe, List-Id or Precedence. */
  readonly marketing?: boolean
  /** RFC 8058 */
  readonly oneClick?: boolean
  /** The domain in From sends so much, or once did. */
  readonly bulk?: boolean
  readonly ipRate?: 'open' | 'exceeded'
  readonly domainRate?: 'open' | 'exceeded'
  /** Client, sender and recipient together. */
  readonly triple?: 'new' | 'known'
  /** Parts of one, over a week. */
  readonly complaintRate?: number
  readonly ipUnknownRate?: number
}

/** A value, one of several, not a value, or above a number or a limit of the provider by its name. */
export type Condition = string | number | boolean | { readonly not: string | number | boolean } | { readonly over: number | string }

/** @returns the first rule of which every condition holds; what is not known fulfils none */
export function firstRule(
  rules: readonly ProviderRule[],
  facts: Facts,
  limits: Readonly<Record<string, number>>,
): ProviderRule | undefined {
  return rules.find(({ when }) => Object.entries(when).every(([name, condition]) => holds(condition, facts[name as keyof Facts], limits)))
}

function holds(condition: Condition, fact: Facts[keyof Facts], limits: Readonly<Record<string, number>>): boolean {
  if (fact === undefined) return false
  if (typeof condition !== 'object') return fact === condition
  if ('not' in condition) return fact !== condition.not
  const limit = typeof condition.over === 'number' ? condition.over : limits[condition.over]
  return limit !== undefined && typeof fact === 'number' && fact > limit
}
