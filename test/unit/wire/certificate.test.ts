import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { issueCertificate, makeAuthority } from '../../../src/wire/certificate.ts'

const authority = makeAuthority('Lab authority')

test('the authority signs itself and its leaves; names and addresses are all there', () => {
  const ca = new X509Certificate(authority.certificate)
  const leaf = new X509Certificate(
    issueCertificate(authority, ['mx.example.test', 'other.test', '127.0.0.1', '2001:db8::ff:1']).certificate,
  )
  expect(ca.ca).toBe(true)
  expect(ca.verify(ca.publicKey)).toBe(true)
  expect(leaf.ca).toBe(false)
  expect(leaf.checkIssued(ca)).toBe(true)
  expect(leaf.verify(ca.publicKey)).toBe(true)
  expect(leaf.subjectAltName).toBe('DNS:mx.example.test, DNS:other.test, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:FF:1')
  expect(leaf.checkHost('mx.example.test')).toBe('mx.example.test')
  expect(leaf.checkHost('evil.test')).toBeUndefined()
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect([leaf.validFrom, leaf.validTo]).toEqual(['Jan  1 00:00:00 1970 GMT', 'Dec 31 23:59:59 9999 GMT'])
  expect(leaf.serialNumber).not.toBe(new X509Certificate(issueCertificate(authority, ['a.test']).certificate).serialNumber)
})

test('given dates are kept, on both sides of 2050', () => {
  const validity = { notBefore: Date.UTC(2049, 11, 31, 23, 59, 58), notAfter: Date.UTC(2050, 0, 1, 0, 0, 1) }
  const leaf = new X509Certificate(issueCertificate(authority, ['a.test'], validity).certificate)
  expect([leaf.validFrom, leaf.validTo]).toEqual(['Dec 31 23:59:58 2049 GMT', 'Jan  1 00:00:01 2050 GMT'])
})

test('a host name too long for a common name stands in subjectAltName alone', () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.test`
  const leaf = new X509Certificate(issueCertificate(authority, [name]).certificate)
  expect(leaf.subject ?? '').toBe('')
  expect(leaf.checkHost(name)).toBe(name)
})

/** A handshake in which the client trusts `ca` alone; resolves with the protocol. */
function handshake(ca: string, servername: string): Promise<string | null> {
  const { certificate, key } = issueCertificate(authority, ['mx.example.test'])
  return new Promise((resolve, reject) => {
    const server = createServer({ cert: certificate, key }, socket => socket.end())
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new TypeError('no port')
      const client = connect({ host: '127.0.0.1', port: address.port, ca, servername }, () => {
        const protocol = client.getProtocol()
        client.destroy()
        server.close()
        resolve(protocol)
      })
      client.on('error', error => {
        server.close()
        reject(error)
      })
    })
  })
}

test('a TLS client that trusts the authority accepts the leaf under its name only', async () => {
  expect(await handshake(authority.certificate, 'mx.example.test')).toBe('TLSv1.3')
  await expect(handshake(authority.certificate, 'evil.test')).rejects.toThrow(/altnames/)
  await expect(handshake(makeAuthority('Lab authority').certificate, 'mx.example.test')).rejects.toThrow()
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

test.skipIf(!hasOpenssl)('openssl verifies the chain strictly and reads every field (skipped where openssl is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  try {
    const at = (name: string, text: string): string => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    }
    const ca = at('ca.pem', authority.certificate)
    const leaf = at('leaf.pem', issueCertificate(authority, ['mx.example.test', '127.0.0.1']).certificate)
    const strict = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'mx.example.test', '-CAfile', ca, leaf]
    const verified = spawnSync('openssl', strict, { encoding: 'utf8' })
    expect(`${verified.stdout}${verified.stderr}`).toContain('leaf.pem: OK')
    const text = spawnSync('openssl', ['x509', '-noout', '-text', '-in', leaf], { encoding: 'utf8' }).stdout
    for (const part of [
      'Version: 3',
      'ecdsa-with-SHA256',
      'prime256v1',
      'CA:FALSE',
      'Digital Signature',
      'TLS Web Server Authentication',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain('DNS:mx.example.test, IP Address:127.0.0.1')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
