/** Certificates of the box: one authority per account, made once and kept in `lab.db`; receivers get theirs when they are first asked for TLS. */
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Database } from '../base/database.ts'
import { type CertificateAndKey, issueCertificate, makeAuthority } from '../wire/certificate.ts'
import type { TlsStyle } from './policy.ts'

export function labAuthority(database: Database): CertificateAndKey {
  const stored = (): CertificateAndKey | undefined => {
    const row = database.prepare('SELECT certificate, key FROM authority WHERE one = 1').get()
    return row && { certificate: String(row.certificate), key: String(row.key) }
  }
  const known = stored()
  if (known !== undefined) return known
  const made = makeAuthority('mailctl lab')
  database.prepare('INSERT OR IGNORE INTO authority (one, certificate, key) VALUES (1, ?, ?)').run(made.certificate, made.key)
  // Another process may have been first.
  return stored() ?? made
}

/** @param style `none` is not asked for */
export function contextFor(style: TlsStyle, hostName: string, database: Database): SecureContext {
  // No certificate: every handshake ends in an alert.
  if (style === 'broken') return createSecureContext({})
  const { certificate, key } = issueCertificate(labAuthority(database), [hostName])
  if (style !== 'old') return createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' })
  return createSecureContext({ cert: certificate, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
}
