/** DANE (RFC 7672) with zones that BIND has signed and a BIND that validates: from the question for the MX to the receiver's answer. */
import { createHash, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createResolver } from '../../src/adapters/resolver.ts'
import { createTransport } from '../../src/adapters/transport.ts'
import { type Route, route } from '../../src/delivery/route.ts'
import { issueCertificate, makeAuthority } from '../../src/wire/certificate.ts'
import { deliveryOf } from '../support/outgoing.ts'
import { type SignedDns, startSignedDns } from '../support/signed-dns.ts'
import { type SinkOptions, startSink } from '../support/sink.ts'

const authority = makeAuthority('an authority that nobody trusts')
const leaf = issueCertificate(authority, ['mx.chain.signed.test'])
const tls = { key: leaf.key, cert: `${leaf.certificate}${authority.certificate}` }
const hashed = (pem: string): string => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')

/** A domain with one mail host on this machine. */
const host = (domain: string, ...tlsa: string[]): string =>
  [`${domain} IN MX 10 mx.${domain}`, `mx.${domain} IN A 127.0.0.1`, ...tlsa.map(record => `_25._tcp.mx.${domain} IN TLSA ${record}`)].join(
    '\n',
  )

const RIGHT = `3 0 1 ${hashed(leaf.certificate)}`
const WRONG = `3 0 1 ${hashed(authority.certificate)}`

let dns: SignedDns
beforeAll(async () => {
  const signed = [
    host('exact', RIGHT),
    host('chain', `2 0 1 ${hashed(authority.certificate)}`),
    host('wrong', WRONG),
    host('useless', `1 0 1 ${hashed(leaf.certificate)}`),
    host('without'),
  ]
  dns = await startSignedDns({
    'signed.test': { signed: 'signed', records: signed.join('\n') },
    'plain.test': { signed: 'unsigned', records: host('wrong', WRONG) },
    'forged.test': { signed: 'forged', records: host('exact', RIGHT) },
  })
})
afterAll(() => dns?.stop())

async function routeTo(domain: string): Promise<Route> {
  const resolver = createResolver({ network: 'live', resolver: dns.resolver, labServer: () => Promise.reject(new Error('no lab')) })
  return await route(
    {
      lookup: (name, type) => resolver.lookup(name, type),
      stsPolicyOf: async () => ({ kind: 'none' }),
      chance: () => 0,
      settings: { network: 'live', hostname: 'mta.example.test', relay: [] },
    },
    domain,
    'x',
  )
}

/** The attempt at the way that DNS gave, with only the port another. @returns what the route demands and what came of it */
async function tried(domain: string, receiver: SinkOptions = { tls }) {
  const way = await routeTo(domain)
  if (way.kind === 'none') throw new Error(way.outcome.reply)
  const [hop, ...others] = way.hops
  if (hop === undefined || others.length > 0) throw new Error('not one hop')
  const sink = await startSink(receiver)
  const transport = createTransport({ network: 'live', lab: { door: () => Promise.reject(new Error('no door was expected')) } })
  onTestFinished(async () => {
    await transport.close()
    await sink.close()
  })
  const { outcomes } = await transport.attempt({ ...hop, port: sink.port }, deliveryOf())
  return {
    demand: hop.tls,
    said: `${outcomes[0]?.action} ${outcomes[0]?.status}`,
    secure: sink.messages.map(message => message.secure),
    hasEnvelope: sink.commands.some(command => command.startsWith('MAIL')),
  }
}

test.each([
  ['the certificate itself', 'exact.signed.test'],
  ['an authority in its chain, for the name', 'chain.signed.test'],
])('a validated record that announces %s: delivered under TLS', async (_, domain) => {
  expect(await tried(domain)).toEqual({ demand: 'dane', said: 'delivered 2.0.0', secure: [true], hasEnvelope: true })
})

test('a validated record that announces another certificate: the message waits, and the host hears nothing of it', async () => {
  expect(await tried('wrong.signed.test')).toEqual({ demand: 'dane', said: 'delayed 4.7.5', secure: [], hasEnvelope: false })
})

test('a validated record, and a host that offers no TLS: the message waits', async () => {
  expect(await tried('exact.signed.test', {})).toEqual({ demand: 'dane', said: 'delayed 4.7.4', secure: [], hasEnvelope: false })
})

test('a validated record of no use to SMTP: any certificate, but no clear text', async () => {
  expect(await tried('useless.signed.test')).toMatchObject({ demand: 'encrypted', said: 'delivered 2.0.0', secure: [true] })
})

test.each([
  ['a signed zone that validly has no record', 'without.signed.test'],
  ['an unsigned zone, whatever its records say', 'wrong.plain.test'],
])('%s: TLS where offered', async (_, domain) => {
  expect(await tried(domain)).toMatchObject({ demand: 'opportunistic', said: 'delivered 2.0.0', secure: [true] })
  expect(await tried(domain, {})).toMatchObject({ demand: 'opportunistic', said: 'delivered 2.0.0', secure: [false] })
})

test('a zone that fails validation: no host is known, and the message waits', async () => {
  expect(await routeTo('exact.forged.test')).toMatchObject({ kind: 'none', outcome: { action: 'delayed', status: '4.4.3' } })
})
