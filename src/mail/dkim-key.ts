/**
 * DKIM public keys as DNS holds them: RFC 6376 §3.6.1 and §6.1.2, RFC 8463 §4. A record is checked against the signature that names it;
 * what does not fit is refused with the reason. Sizes are bounded, so that a foreign key cannot make us compute for long.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { parseBase64, parseTags, parseWords, Refused } from './dkim-tags.ts'

/** Longer RSA keys are not computed with. DNS answers of that size are no honest keys. */
const MAX_RSA_BITS = 8192

/** What the signature says about the key it wants. */
export interface KeyUse {
  readonly keyType: 'rsa' | 'ed25519'
  readonly hash: 'sha256' | 'sha1'
  /** Domain of `d=` and domain part of `i=`, lower case. */
  readonly domain: string
  readonly identityDomain: string
  readonly minRsaBits: number
}

export interface UsableKey {
  readonly publicKey: KeyObject
  /** `t=y`: the domain tests DKIM. RFC 6376 §3.6.1: treated no better and no worse. */
  readonly isTesting: boolean
}

/** @param record the strings of one TXT record, joined  @throws Refused permerror, policy (weak key) */
export function usableKey(record: string, use: KeyUse): UsableKey {
  const tags = parseTags(record, 'the key record')
  const version = tags.get('v')
  if (version !== undefined && (version !== 'DKIM1' || tags.keys().next().value !== 'v')) {
    throw new Refused('permerror', 'the key record is not of version DKIM1')
  }
  const hashes = tags.get('h')
  if (hashes !== undefined && !parseWords(hashes).includes(use.hash)) throw new Refused('permerror', `the key is not for ${use.hash}`)
  if ((tags.get('k') ?? 'rsa').toLowerCase() !== use.keyType) throw new Refused('permerror', `the key is not of type ${use.keyType}`)
  const services = parseWords(tags.get('s') ?? '*')
  if (!services.includes('*') && !services.includes('email')) throw new Refused('permerror', 'the key is not for mail')
  const flags = parseWords(tags.get('t') ?? '')
  if (flags.includes('s') && use.identityDomain !== use.domain) throw new Refused('permerror', 'the key does not allow i= in a subdomain')
  const data = tags.get('p')
  if (data === undefined) throw new Refused('permerror', 'the key record has no p=')
  if (data === '') throw new Refused('permerror', 'the key is revoked')
  const octets = parseBase64(data)
  const publicKey = octets && (use.keyType === 'rsa' ? rsaKey(octets) : ed25519Key(octets))
  if (!publicKey) throw new Refused('permerror', `the key record holds no ${use.keyType} key`)
  const bits = publicKey.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < use.minRsaBits) throw new Refused('policy', `the RSA key has ${bits} bits, fewer than ${use.minRsaBits}`)
  if (bits !== undefined && bits > MAX_RSA_BITS) throw new Refused('policy', `the RSA key has ${bits} bits, more than ${MAX_RSA_BITS}`)
  return { publicKey, isTesting: flags.includes('y') }
}

/** SubjectPublicKeyInfo is what the world publishes, RSAPublicKey what the RFC says. */
function rsaKey(octets: Buffer): KeyObject | undefined {
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      const key = createPublicKey({ key: octets, format: 'der', type })
      if (key.asymmetricKeyType === 'rsa') return key
    } catch {
      // The other form is tried next.
    }
  }
  return undefined
}

/** RFC 8463 §4.2: the 32 octets of the key alone. */
function ed25519Key(octets: Buffer): KeyObject | undefined {
  if (octets.length !== 32) return undefined
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: octets.toString('base64url') }, format: 'jwk' })
}
