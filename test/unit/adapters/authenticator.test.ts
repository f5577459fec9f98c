import dns from 'node:dns'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAuthenticator } from '../../../src/adapters/authenticator.ts'
import type { AuthenticationQuery, AuthenticationReport } from '../../../src/ports/authenticator.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Resolver } from '../../../src/ports/resolver.ts'
import { HARD_CASES, type HardCase, SIGNING_DOMAIN, signedBy, signedMessage, signingKeys } from '../../support/dkim-cases.ts'
import { type DnsMap, dnsMap } from '../../support/dns-map.ts'

const { rsa, ed25519 } = signingKeys()
const ZONE: DnsMap = {
  'r1._domainkey.sender.example TXT': rsa.record,
  'e1._domainkey.sender.example TXT': ed25519.record,
  'sender.example TXT': 'v=spf1 mx -all',
  'sender.example MX': '10 mail.sender.example',
  'mail.sender.example A': '192.0.2.1',
  '_dmarc.sender.example TXT': 'v=DMARC1; p=quarantine',
}
const CLIENT: AuthenticationQuery = { ip: '192.0.2.1', helo: 'mail.sender.example', mailFrom: 'b@sender.example' }
const clock: Clock = { kind: 'virtual', now: () => Date.parse('2026-01-02T00:00:00Z'), waitUntil: async () => {} }

function authenticate(message: Buffer, query: AuthenticationQuery = CLIENT, zone = ZONE): Promise<AuthenticationReport> {
  const { lookup } = dnsMap(zone)
  const resolver: Resolver = { lookup, lookupAuthoritative: lookup, proof: 'dns', takeNotices: () => [], close: async () => {} }
  return createAuthenticator({ resolver, clock }).authenticate(() => Readable.from([message], { objectMode: false }), query)
}
const hard = (name: string): HardCase => HARD_CASES.find(each => each.name === name) as HardCase
const plain = hard('plain')

afterEach(() => vi.restoreAllMocks())

describe('the authenticator', () => {
  test('tells all verdicts, and never asks the system resolver or prints', async () => {
    const asked = [
      vi.spyOn(dns.promises, 'resolve').mockRejectedValue(new Error('a real lookup')),
      vi.spyOn(dns, 'lookup').mockImplementation(() => {
        throw new Error('a real lookup')
      }),
      vi.spyOn(console, 'log'),
      vi.spyOn(console, 'error'),
    ]
    const report = await authenticate(signedMessage(await signedBy([rsa, ed25519], plain), plain))
    expect(report).toEqual({
      spf: { domain: SIGNING_DOMAIN, result: 'pass', detail: expect.stringContaining('designates 192.0.2.1') },
      dkim: [
        { domain: SIGNING_DOMAIN, selector: 'r1', result: 'pass', detail: 'rsa-sha256, 2048 bits' },
        { domain: SIGNING_DOMAIN, selector: 'e1', result: 'pass', detail: 'ed25519-sha256' },
      ],
      dmarc: { domain: SIGNING_DOMAIN, result: 'pass', policy: 'quarantine' },
      arc: null,
    })
    for (const spy of asked) expect(spy).not.toHaveBeenCalled()
  })

  test('without the address of the client SPF is none, and DKIM alone carries DMARC', async () => {
    const report = await authenticate(signedMessage(await signedBy([rsa], plain), plain), {})
    expect(report).toMatchObject({ spf: { result: 'none' }, dmarc: { result: 'pass' } })
    const unsigned = await authenticate(signedMessage([], plain), {})
    expect(unsigned).toMatchObject({ dkim: [], dmarc: { result: 'fail' } })
  })

  test('takes messages with LF line ends, as files have them', async () => {
    const message = signedMessage(await signedBy([rsa], plain), plain)
    const report = await authenticate(Buffer.from(message.toString('latin1').replace(/\r\n/g, '\n'), 'latin1'))
    expect(report.dkim.map(({ result }) => result)).toEqual(['pass'])
  })

  test('DMARC does not pass with a second From, although DKIM does', async () => {
    const twice = Buffer.concat([Buffer.from('From: eve@sender.example\r\n'), signedMessage([], plain)])
    expect((await authenticate(twice)).dmarc).toEqual({ domain: '', result: 'permerror', policy: '' })
  })

  test.each([
    ['J. Doe <ann@sender.example>'],
    ['"Doe, J." <ann@SENDER.example>'],
    ['=?utf-8?q?J=C3=B6rg?= <ann@sender.example>'],
    [Buffer.from('Jörg <ann@sender.example>').toString('latin1')],
    ['ann@sender.example (Ann)'],
    ['Ann\r\n <ann@sender.example>'],
  ])('reads the author of From: %s', async from => {
    const report = await authenticate(Buffer.from(`From: ${from}\r\n\r\nx\r\n`, 'latin1'))
    expect(report.dmarc).toEqual({ domain: SIGNING_DOMAIN, result: 'pass', policy: 'quarantine' })
  })

  test('a DNS server that does not answer makes temporary errors', async () => {
    const silent: DnsMap = { 'r1._domainkey.sender.example TXT': 'fail', 'sender.example TXT': 'fail', '_dmarc.sender.example TXT': 'fail' }
    const report = await authenticate(signedMessage(await signedBy([rsa], plain), plain), CLIENT, silent)
    expect([report.spf?.result, report.dkim[0]?.result, report.dmarc?.result]).toEqual(['temperror', 'temperror', 'temperror'])
  })

  test('a domain without an organization and one without a record have no DMARC', async () => {
    expect((await authenticate(Buffer.from('From: a@localhost\r\n\r\n'))).dmarc).toEqual({
      domain: 'localhost',
      result: 'none',
      policy: '',
    })
    expect((await authenticate(Buffer.from('From: a@other.example\r\n\r\n'))).dmarc?.result).toBe('none')
  })

  test('reads an ARC chain, and sees when the body was changed below it', async () => {
    const { sealMessage } = await import('mailauth/lib/arc/index.js')
    const message = signedMessage([], plain)
    // mailauth's types leave out `cv` and `authResults`, so this is no literal argument.
    const sealing = {
      algorithm: 'rsa-sha256',
      signingDomain: SIGNING_DOMAIN,
      selector: 'r1',
      privateKey: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      signTime: new Date('2026-01-01T00:00:00Z'),
      cv: 'none',
      authResults: 'mx.sender.example; spf=pass',
    }
    const seal = await sealMessage(message, sealing)
    expect((await authenticate(Buffer.concat([seal, message]))).arc?.result).toBe('pass')
    expect((await authenticate(Buffer.concat([seal, message, Buffer.from('more\r\n')]))).arc?.result).toBe('fail')
  })

  test('reads a large message', async () => {
    const large = hard('25 MB')
    const report = await authenticate(signedMessage(await signedBy([rsa], large), large))
    expect(report.dkim.map(({ result }) => result)).toEqual(['pass'])
  })
})
