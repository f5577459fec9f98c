/** A certificate for `mx.example.test` and `localhost`, and the authority behind it, made anew for each test file. */
import { issueCertificate, makeAuthority } from '../../src/wire/certificate.ts'

export const CERTIFICATE_NAME = 'mx.example.test'

const authority = makeAuthority('mailctl test authority')
const leaf = issueCertificate(authority, [CERTIFICATE_NAME, 'localhost'])

/** PEM. */
export const ca = authority.certificate
export const certificate = { key: leaf.key, cert: leaf.certificate }
