/**
 * Which domain signs for an address: the nearest one with working DKIM, for an address and a subdomain inherit it. A setting of their own
 * comes first: where one of them has signing switched off, nobody signs. SES fact: concepts §4 "Inheritance".
 */
import { coveringNames, type Identity, type SigningKey } from './identity.ts'

export interface SigningAuthority {
  readonly domain: string
  readonly key: SigningKey
}

/** @param identities at least those among `coveringNames(address)` that exist */
export function signingAuthorityFor(address: string, identities: readonly Identity[]): SigningAuthority | undefined {
  for (const name of coveringNames(address)) {
    const identity = identities.find(one => one.name === name)
    if (identity === undefined) continue
    const { type, dkim } = identity
    if (!dkim.signingEnabled && (type === 'DOMAIN' || dkim.signingChosen)) return undefined
    if (type === 'DOMAIN' && dkim.signing !== null) return { domain: identity.name, key: dkim.signing }
  }
  return undefined
}
