/**
 * DANE for SMTP: whether a host's certificate is the one that its TLSA records announce. RFC 7672 §3, RFC 6698 §2.1, RFC 7671 §5.
 *
 * DANE-EE(3) pins the host's own certificate or key: neither names nor dates count. DANE-TA(2) pins an authority: then the chain must
 * lead there, and dates and one of the names must be right. PKIX-TA(0) and PKIX-EE(1) are not for SMTP. Pure; throws never.
 */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import type { DnsRecord } from './dns-record.ts'
import type { TlsFailure } from './tls-result.ts'

export type Tlsa = Pick<Extract<DnsRecord, { type: 'TLSA' }>, 'usage' | 'selector' | 'matching' | 'data'>

export interface DaneRule {
  /** Usable ones, at least one. */
  readonly records: readonly Tlsa[]
  /** What an authority's certificate may be for; the first is the TLSA base domain, sent as SNI. §3.2.2 */
  readonly names: readonly string[]
}

/** Longer chains are not walked. */
const MAX_CHAIN = 10
const DIGEST_BYTES: Readonly<Record<number, number>> = { 1: 32, 2: 64 }

/** §3.1: those that an SMTP client can use. */
export const isUsable = ({ usage, selector, matching, data }: Tlsa): boolean =>
  (usage === 2 || usage === 3) &&
  (selector === 0 || selector === 1) &&
  matching <= 2 &&
  data.length > 0 &&
  (matching === 0 || data.length === DIGEST_BYTES[matching])

export interface Mismatch {
  readonly failure: TlsFailure
  readonly words: string
}

/** @param chain as the host sent it, its own certificate first  @returns what is wrong; undefined: the certificate is good */
export function daneMismatch(chain: readonly X509Certificate[], { records, names }: DaneRule, now: number): Mismatch | undefined {
  const [leaf] = chain
  if (leaf === undefined) return { failure: 'validation-failure', words: 'the host sent no certificate' }
  if (records.some(record => record.usage === 3 && announces(record, leaf))) return undefined
  const authorities = records.filter(({ usage }) => usage === 2)
  if (authorities.length === 0 || !leadsTo(chain.slice(0, MAX_CHAIN), authorities, now))
    return { failure: 'validation-failure', words: 'the certificate matches no TLSA record' }
  if (!names.some(name => leaf.checkHost(name) !== undefined))
    return { failure: 'certificate-host-mismatch', words: `the certificate is not for ${names.join(' or ')}` }
  return isValidAt(leaf, now) ? undefined : { failure: 'certificate-expired', words: 'the certificate is not valid now' }
}

/** Each certificate signed by the next, up to one that a record announces. */
function leadsTo(chain: readonly X509Certificate[], authorities: readonly Tlsa[], now: number): boolean {
  for (const [depth, certificate] of chain.entries()) {
    if (depth > 0 && authorities.some(record => announces(record, certificate))) return true
    // The authority may be whole in the record and missing from the chain. RFC 7671 §5.2.2
    if (authorities.some(record => isSignedBy(certificate, record, now))) return true
    const issuer = chain[depth + 1]
    if (issuer === undefined || !issuer.ca || !isValidAt(issuer, now)) return false
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false
  }
  return false
}

function announces({ selector, matching, data }: Tlsa, certificate: X509Certificate): boolean {
  const octets = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' })
  const found =
    matching === 0
      ? octets
      : createHash(matching === 1 ? 'sha256' : 'sha512')
          .update(octets)
          .digest()
  return found.equals(data)
}

function isSignedBy(certificate: X509Certificate, { selector, matching, data }: Tlsa, now: number): boolean {
  if (matching !== 0) return false
  try {
    if (selector === 1) return certificate.verify(createPublicKey({ key: Buffer.from(data), type: 'spki', format: 'der' }))
    const authority = new X509Certificate(data)
    return authority.ca && isValidAt(authority, now) && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
  } catch {
    return false // no certificate and no key: nothing can have been signed by it
  }
}

const isValidAt = ({ validFrom, validTo }: X509Certificate, now: number): boolean =>
  Date.parse(validFrom) <= now && now <= Date.parse(validTo)
