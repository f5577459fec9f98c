/** TLSA records against certificates that were made for this: RFC 7672 §3, RFC 7671 §5. */
import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { daneMismatch, isUsable, type Tlsa } from '../../../src/mail/dane.ts'
import { ALWAYS, issueCertificate, makeAuthority } from '../../../src/wire/certificate.ts'

const NOW = Date.UTC(2026, 0, 1)
const read = ({ certificate }: { readonly certificate: string }): X509Certificate => new X509Certificate(certificate)
const authority = makeAuthority('an authority')
const stranger = makeAuthority('an authority')
const mx = read(issueCertificate(authority, ['mx.example.test']))
const other = read(issueCertificate(authority, ['other.test']))
const old = read(issueCertificate(authority, ['mx.example.test'], { notBefore: NOW - 2_000, notAfter: NOW - 1_000 }))
const root = read(authority)
const oldRoot = makeAuthority('gone', { notBefore: NOW - 2_000, notAfter: NOW - 1_000 })
const underOldRoot = read(issueCertificate(oldRoot, ['mx.example.test'], ALWAYS))

const spki = (certificate: X509Certificate): Buffer => certificate.publicKey.export({ type: 'spki', format: 'der' })
const hashed = (algorithm: string, octets: Buffer): Buffer => createHash(algorithm).update(octets).digest()
/** The record that announces a certificate. */
function tlsa(usage: number, selector: number, matching: number, certificate: X509Certificate): Tlsa {
  const octets = selector === 0 ? certificate.raw : spki(certificate)
  return { usage, selector, matching, data: matching === 0 ? octets : hashed(matching === 1 ? 'sha256' : 'sha512', octets) }
}
const names = ['mx.example.test', 'example.test']
const failure = (chain: readonly X509Certificate[], ...records: Tlsa[]): string | undefined =>
  daneMismatch(chain, { records, names }, NOW)?.failure

describe('the host itself (3)', () => {
  const cases = [0, 1].flatMap(selector => [0, 1, 2].map(matching => [selector, matching] as const))
  test.each(cases)('3 %i %i announces its certificate and no other', (selector, matching) => {
    expect(failure([mx, root], tlsa(3, selector, matching, mx))).toBeUndefined()
    expect(failure([mx, root], tlsa(3, selector, matching, other))).toBe('validation-failure')
    expect(failure([mx, root], tlsa(3, selector, matching, root))).toBe('validation-failure')
  })

  test('neither names nor dates count', () => {
    expect(failure([other], tlsa(3, 1, 1, other))).toBeUndefined()
    expect(failure([old], tlsa(3, 1, 1, old))).toBeUndefined()
  })

  test('one of several records is enough, as while keys change', () => {
    expect(failure([mx], tlsa(3, 1, 1, other), tlsa(3, 1, 1, mx))).toBeUndefined()
  })
})

describe('an authority (2)', () => {
  test('in the chain, by any selector and matching', () => {
    for (const selector of [0, 1])
      for (const matching of [0, 1, 2]) expect(failure([mx, root], tlsa(2, selector, matching, root))).toBeUndefined()
  })

  test('whole in the record, and missing from the chain', () => {
    expect(failure([mx], tlsa(2, 0, 0, root))).toBeUndefined()
    expect(failure([mx], tlsa(2, 1, 0, root))).toBeUndefined()
    expect(failure([mx], tlsa(2, 0, 1, root))).toBe('validation-failure')
  })

  test('of the same name with another key is another', () => {
    const impostor = read(issueCertificate(stranger, ['mx.example.test']))
    expect(failure([impostor, read(stranger)], tlsa(2, 0, 1, root))).toBe('validation-failure')
    expect(failure([impostor, root], tlsa(2, 0, 1, root))).toBe('validation-failure')
    expect(failure([impostor], tlsa(2, 0, 0, root))).toBe('validation-failure')
    expect(failure([impostor], tlsa(2, 1, 0, root))).toBe('validation-failure')
  })

  test('must have signed for one of the names, at this time', () => {
    expect(failure([other, root], tlsa(2, 0, 1, root))).toBe('certificate-host-mismatch')
    expect(failure([old, root], tlsa(2, 0, 1, root))).toBe('certificate-expired')
    expect(failure([underOldRoot, read(oldRoot)], tlsa(2, 0, 1, read(oldRoot)))).toBe('validation-failure')
    expect(failure([underOldRoot], tlsa(2, 0, 0, read(oldRoot)))).toBe('validation-failure')
  })

  test('is no host: a host that announces itself so is not believed', () => {
    expect(failure([mx], tlsa(2, 1, 1, mx))).toBe('validation-failure')
  })

  test('that is octets of nothing matches nothing', () => {
    const nonsense = { matching: 0, data: Buffer.from('no certificate') }
    expect(failure([mx, root], { usage: 2, selector: 0, ...nonsense }, { usage: 2, selector: 1, ...nonsense })).toBe('validation-failure')
  })
})

test('a host without a certificate matches nothing', () => {
  expect(failure([], tlsa(3, 1, 1, mx))).toBe('validation-failure')
})

test.each<[string, Tlsa, boolean]>([
  ['3 1 1', tlsa(3, 1, 1, mx), true],
  ['2 0 2', tlsa(2, 0, 2, mx), true],
  ['0 0 1', tlsa(0, 0, 1, mx), false],
  ['1 1 1', tlsa(1, 1, 1, mx), false],
  ['a selector of its own', { ...tlsa(3, 1, 1, mx), selector: 2 }, false],
  ['a matching of its own', { ...tlsa(3, 1, 1, mx), matching: 3 }, false],
  ['a hash that is too short', { ...tlsa(3, 1, 1, mx), data: Buffer.alloc(31) }, false],
  ['no data', { ...tlsa(3, 1, 0, mx), data: Buffer.alloc(0) }, false],
])('%s is of use: %s', (_, record, expected) => {
  expect(isUsable(record)).toBe(expected)
})
