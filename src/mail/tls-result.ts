/** How TLS went with a mail host, in the words of TLS reports. RFC 8460 §4.3. */

export const TLS_FAILURES = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
] as const
export type TlsFailure = (typeof TLS_FAILURES)[number]
export type TlsResult = 'success' | TlsFailure

/** Which kind of policy a domain had. `no-policy-found`: neither DANE nor MTA-STS. */
export type TlsPolicyType = 'tlsa' | 'sts' | 'no-policy-found'

/** What `DEPTH_ZERO_SELF_SIGNED_CERT` and the other words of OpenSSL and Node for a failed handshake count as. */
export function tlsFailureOf(code: string | undefined): TlsFailure {
  const own = TLS_FAILURES.find(failure => failure === code)
  if (own !== undefined) return own
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') return 'certificate-host-mismatch'
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'certificate-expired'
  // What else is said of certificates has no prefix; errors of the protocol and of the socket do.
  return code === undefined || /^E[A-Z]+$|^ERR_/.test(code) ? 'validation-failure' : 'certificate-not-trusted'
}
