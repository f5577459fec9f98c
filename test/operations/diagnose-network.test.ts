/** The real network as `doctor` sees it, with DNS and mail hosts played: host name, address, port 25 and IPv6. */
import { describe, expect, it } from 'vitest'
import {
  diagnoseHostname,
  diagnoseIpv6,
  diagnoseOutbound,
  diagnosePtr,
  diagnoseResolver,
  type NetworkApp,
} from '../../src/operations/diagnose-network.ts'
import type { Machine } from '../../src/ports/machine.ts'
import type { Greeting, Hop } from '../../src/ports/transport.ts'
import { type DnsMap, dnsMap } from '../support/dns-map.ts'

const { signal } = new AbortController()
const READY: Greeting = { ready: true, reply: '', transcript: [], tls: 'success' }
const CLOSED: Greeting = { ready: false, reply: '451 4.4.1 mx.mail.test: no answer within 30 s', transcript: [] }

interface World {
  readonly dns?: DnsMap
  readonly hostname?: string
  readonly network?: 'live' | 'relay'
  readonly pools?: ReadonlyMap<string, readonly string[]>
  readonly greet?: (hop: Hop) => Greeting
}

function appOf({ dns = {}, hostname = 'mta.example.com', network = 'live', pools = new Map(), greet = () => READY }: World): NetworkApp {
  return {
    settings: { network, hostname, relay: [], pools },
    resolver: { lookup: dnsMap(dns).lookup },
    ids: { chance: () => 0 },
    stsPolicies: { policyOf: async () => ({ kind: 'none' }) },
    transport: { greet: async (hop: Hop) => greet(hop) },
  } as unknown as NetworkApp
}
const machineWith = (...addresses: string[]): Machine => ({ addresses: () => addresses }) as unknown as Machine

const MAIL: DnsMap = { 'mail.test MX': '10 mx.mail.test', 'mx.mail.test A': '192.0.2.9', 'mx.mail.test AAAA': '2001:db8::9' }

describe('the resolver', () => {
  it('answers, knows nothing, or is silent', async () => {
    expect(await diagnoseResolver(appOf({ dns: MAIL }), 'mail.test')).toMatchObject({ status: 'PASS' })
    expect(await diagnoseResolver(appOf({}), 'mail.test')).toMatchObject({ status: 'WARN' })
    expect(await diagnoseResolver(appOf({ dns: { 'mail.test MX': 'fail' } }), 'mail.test')).toMatchObject({
      status: 'FAIL',
      evidence: 'map: silence',
      fix: expect.stringContaining('config set resolver'),
    })
  })
})

describe('the host name', () => {
  it.each<[what: string, world: World, status: string, addresses: readonly string[] | undefined]>([
    [
      'with an address',
      { dns: { 'mta.example.com A': '192.0.2.1', 'mta.example.com AAAA': '2001:db8::1' } },
      'PASS',
      ['192.0.2.1', '2001:db8::1'],
    ],
    ['without one', { dns: { 'mta.example.com MX': '10 x.test' } }, 'FAIL', []],
    ['that is no full name', { hostname: 'laptop' }, 'FAIL', []],
    ['that is no full name, behind a relay', { hostname: 'laptop', network: 'relay' }, 'WARN', []],
    ['of which DNS says nothing', { dns: { 'mta.example.com A': 'fail', 'mta.example.com AAAA': 'fail' } }, 'UNKNOWN', undefined],
  ])('%s', async (_, world, status, addresses) => {
    const found = await diagnoseHostname(appOf(world))
    expect({ status: found.diagnosis.status, addresses: found.addresses }).toEqual({ status, addresses })
  })
})

describe('the name of the address', () => {
  const named = (records: Readonly<Record<string, string>>): NetworkApp => {
    const { lookup } = dnsMap(Object.fromEntries(Object.entries(records).filter(([key]) => !key.endsWith(' PTR'))))
    const app = appOf({})
    return {
      ...app,
      resolver: {
        lookup: async (name: string, type: 'A') => {
          const target = records[`${name} ${type}`]
          if (type !== ('PTR' as string) || target === undefined) return await lookup(name, type)
          if (target === 'fail') return { kind: 'failure', reason: 'timeout', detail: 'silence', server: 'map' }
          return { kind: 'found', records: [{ type: 'PTR', name, ttl: 60, target }], chain: [], authenticated: false, server: 'map' }
        },
      },
    } as unknown as NetworkApp
  }
  const PTR = '1.2.0.192.in-addr.arpa PTR'
  it.each<[what: string, records: Readonly<Record<string, string>>, status: string, says: RegExp]>([
    [
      'leads back',
      { [PTR]: 'mta.example.com', 'mta.example.com A': '192.0.2.1' },
      'PASS',
      /192\.0\.2\.1 is called mta\.example\.com and back/,
    ],
    ['is missing', {}, 'FAIL', /has no name/],
    ['leads elsewhere', { [PTR]: 'mta.example.com', 'mta.example.com A': '192.0.2.7' }, 'FAIL', /does not lead back/],
    ['is not told', { [PTR]: 'fail' }, 'UNKNOWN', /did not say/],
  ])('%s', async (_, records, status, says) => {
    expect(await diagnosePtr(named(records), ['192.0.2.1'])).toMatchObject({ status, evidence: expect.stringMatching(says) })
  })

  it('is asked for the addresses of the pools, where there are any', async () => {
    const app = named({ [PTR]: 'mta.example.com', 'mta.example.com A': '192.0.2.1' })
    const pooled = { ...app, settings: { ...app.settings, pools: new Map([['own', ['192.0.2.5']]]) } }
    expect(await diagnosePtr(pooled, ['192.0.2.1'])).toMatchObject({ status: 'FAIL', evidence: expect.stringContaining('192.0.2.5') })
  })

  it('cannot be told without an address, and behind a relay', async () => {
    expect(await diagnosePtr(appOf({}), [])).toMatchObject({ status: 'UNKNOWN' })
    expect(await diagnosePtr(appOf({ network: 'relay' }), ['192.0.2.1'])).toMatchObject({ status: 'UNKNOWN' })
  })
})

describe('port 25', () => {
  it('is tried by IPv4 at the first mail host', async () => {
    const tried: Hop[] = []
    const greet = (hop: Hop): Greeting => {
      tried.push(hop)
      return READY
    }
    expect(await diagnoseOutbound(appOf({ dns: MAIL, greet }), 'mail.test', signal)).toMatchObject({
      status: 'PASS',
      evidence: 'mx.mail.test (192.0.2.9) lets us in at port 25, under TLS with a certificate that is right',
    })
    expect(tried).toMatchObject([{ address: '192.0.2.9', port: 25 }])
    expect(tried[0]).not.toHaveProperty('rival')
  })

  it('may be closed', async () => {
    expect(await diagnoseOutbound(appOf({ dns: MAIL, greet: () => CLOSED }), 'mail.test', signal)).toMatchObject({
      status: 'FAIL',
      evidence: expect.stringContaining('no answer within 30 s'),
      fix: expect.stringContaining('relay'),
    })
  })

  it('cannot be told where DNS names no mail host', async () => {
    expect(await diagnoseOutbound(appOf({}), 'mail.test', signal)).toMatchObject({ status: 'UNKNOWN' })
  })
})

describe('IPv6', () => {
  const ask = { domain: 'mail.test', signal }
  it('is tried where this machine has it', async () => {
    const greet = ({ address }: Hop): Greeting => (address === '2001:db8::9' ? READY : CLOSED)
    expect(await diagnoseIpv6(appOf({ dns: MAIL, greet }), machineWith('2001:db8::1'), ask)).toMatchObject({ status: 'PASS' })
  })
  it('is a warning where it does not work: mail goes by IPv4', async () => {
    expect(await diagnoseIpv6(appOf({ dns: MAIL, greet: () => CLOSED }), machineWith('2001:db8::1'), ask)).toMatchObject({ status: 'WARN' })
  })
  it('is not missed where there is none', async () => {
    expect(await diagnoseIpv6(appOf({ dns: MAIL }), machineWith('192.0.2.1'), ask)).toMatchObject({ status: 'PASS' })
  })
})
