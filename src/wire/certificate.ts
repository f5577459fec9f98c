/**
 * X.509 v3 certificates for our own listeners: a small authority and what it issues, EC P-256 with SHA-256. RFC 5280, 5480, 6125.
 *
 * Serial numbers and keys come from the operating system. The authority may sign servers only (path length 0); a leaf is for server
 * authentication and names its hosts and addresses in subjectAltName.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import * as der from './der.ts'

export interface CertificateAndKey {
  /** PEM. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly key: string
}

/** Epoch milliseconds. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** 1970 to the end of 9999, which RFC 5280 §4.1.2.5 reads as "no end": good under any clock. */
export const ALWAYS: Validity = { notBefore: 0, notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) }

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const

/** Longest common name. RFC 5280 appendix A. */
const MAX_COMMON_NAME = 64
const algorithm = der.sequence(der.objectIdentifier(OID.ecdsaWithSha256))

const distinguishedName = (commonName: string): Buffer =>
  commonName === '' ? der.sequence() : der.sequence(der.set(der.sequence(der.objectIdentifier(OID.commonName), der.utf8String(commonName))))

type Criticality = 'critical' | 'plain'
const extension = (oid: string, criticality: Criticality, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(oid), ...(criticality === 'critical' ? [der.boolean('true')] : []), der.octetString(value))

const publicKeyInfo = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
/** Any value that differs from key to key will do: RFC 5280 §4.2.1.2. */
const keyId = (spki: Buffer): Buffer => createHash('sha256').update(spki).digest().subarray(0, 20)

interface Draft {
  readonly subject: string
  readonly subjectKey: KeyObject
  readonly issuer: Buffer
  readonly issuerKey: KeyObject
  readonly validity: Validity
  readonly extensions: readonly Buffer[]
}

function signed({ subject, subjectKey, issuer, issuerKey, validity, extensions }: Draft): string {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const subjectSpki = publicKeyInfo(subjectKey)
  const issuerId = keyId(publicKeyInfo(createPublicKey(issuerKey)))
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    algorithm,
    issuer,
    der.sequence(der.time(validity.notBefore), der.time(validity.notAfter)),
    distinguishedName(subject),
    subjectSpki,
    der.explicit(
      3,
      der.sequence(
        ...extensions,
        extension(OID.subjectKeyId, 'plain', der.octetString(keyId(subjectSpki))),
        extension(OID.authorityKeyId, 'plain', der.sequence(der.implicit(0, issuerId))),
      ),
    ),
  )
  const certificate = der.sequence(toBeSigned, algorithm, der.bitString(sign('sha256', toBeSigned, issuerKey)))
  const lines = certificate.toString('base64').replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
}

const newKeyPair = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** @param commonName 1 to 64 characters */
export function makeAuthority(commonName: string, validity: Validity = ALWAYS): CertificateAndKey {
  const { publicKey, privateKey } = newKeyPair()
  const certificate = signed({
    subject: commonName,
    subjectKey: publicKey,
    issuer: distinguishedName(commonName),
    issuerKey: privateKey,
    validity,
    extensions: [
      extension(OID.basicConstraints, 'critical', der.sequence(der.boolean('true'), der.integer(Buffer.from([0])))),
      extension(OID.keyUsage, 'critical', der.bitString(Buffer.from([0b0000_0110]), 1)), // keyCertSign, cRLSign
    ],
  })
  return { certificate, key: pemOf(privateKey) }
}

/** @param names host names and IP literals, at least one; the first host name is also the common name when it fits */
export function issueCertificate(authority: CertificateAndKey, names: readonly string[], validity: Validity = ALWAYS): CertificateAndKey {
  const { publicKey, privateKey } = newKeyPair()
  const hosts = names.filter(name => isIP(name) === 0)
  const subject = hosts[0] !== undefined && hosts[0].length <= MAX_COMMON_NAME ? hosts[0] : ''
  const alternatives = names.map(name =>
    isIP(name) === 0 ? der.implicit(2, Buffer.from(name, 'latin1')) : der.implicit(7, addressOctets(name)),
  )
  const certificate = signed({
    subject,
    subjectKey: publicKey,
    issuer: distinguishedName(commonNameOf(authority.certificate)),
    issuerKey: createPrivateKey(authority.key),
    validity,
    extensions: [
      extension(OID.basicConstraints, 'critical', der.sequence()),
      extension(OID.keyUsage, 'critical', der.bitString(Buffer.from([0b1000_0000]), 7)), // digitalSignature
      extension(OID.extendedKeyUsage, 'plain', der.sequence(der.objectIdentifier(OID.serverAuth))),
      extension(OID.subjectAltName, subject === '' ? 'critical' : 'plain', der.sequence(...alternatives)),
    ],
  })
  return { certificate, key: pemOf(privateKey) }
}

/** A certificate with an RSA key of 2048 bits for signatures that others check: of an authority of its own, whose key is thrown away. */
export async function makeSigningCertificate(commonName: string): Promise<CertificateAndKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const authority = makeAuthority(commonName)
  const certificate = signed({
    subject: commonName,
    subjectKey: publicKey,
    issuer: distinguishedName(commonName),
    issuerKey: createPrivateKey(authority.key),
    validity: ALWAYS,
    extensions: [
      extension(OID.basicConstraints, 'critical', der.sequence()),
      extension(OID.keyUsage, 'critical', der.bitString(Buffer.from([0b1000_0000]), 7)), // digitalSignature
    ],
  })
  return { certificate, key: pemOf(privateKey) }
}

/** Of an authority made here: its subject is one common name. */
const commonNameOf = (certificate: string): string => new X509Certificate(certificate).subject.replace(/^CN=/, '')

/** The 4 or 16 octets of an IP literal. */
function addressOctets(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const mapped = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) => {
    const group = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16)
    return `${group(a, b)}:${group(c, d)}`
  })
  const [head = '', tail] = mapped.split('::')
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map(part => Number.parseInt(part, 16)))
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
  return Buffer.from(all.flatMap(group => [group >> 8, group & 0xff]))
}
