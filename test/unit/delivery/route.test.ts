import { describe, expect, test } from 'vitest'
import { type Route, route } from '../../../src/delivery/route.ts'
import type { DnsAnswer, DnsRecord } from '../../../src/mail/dns-record.ts'
import { SIMULATOR_DOMAIN } from '../../../src/mail/mailbox-simulator.ts'
import type { Settings } from '../../../src/ports/settings.ts'

/** A zone as a map: `name TYPE` → values (`10 mx.example`, addresses), or the word for what is wrong. A name without any entry is NXDOMAIN. */
type Zone = Readonly<Record<string, readonly string[] | 'failure' | 'no-data'>>

function lookupIn(zone: Zone, asked: string[]) {
  return async (name: string, type: 'MX' | 'A' | 'AAAA' | 'TLSA'): Promise<DnsAnswer> => {
    asked.push(`${name} ${type}`)
    const values = zone[`${name} ${type}`]
    const server = '192.0.2.53'
    if (values === 'failure') return { kind: 'failure', reason: 'servfail', detail: 'SERVFAIL', server }
    if (values === 'no-data') return { kind: 'no-data', chain: [], server }
    if (values === undefined)
      return { kind: Object.keys(zone).some(key => key.startsWith(`${name} `)) ? 'no-data' : 'no-name', chain: [], server }
    const records = values.map((value): DnsRecord => {
      if (type === 'TLSA') throw new Error('TLSA was asked of a zone that nobody validated')
      if (type !== 'MX') return { type, name, ttl: 60, address: value }
      const [preference, exchange = ''] = value.split(' ')
      return { type, name, ttl: 60, preference: Number(preference), exchange }
    })
    return { kind: 'found', records, chain: [], authenticated: false, server }
  }
}

interface Case {
  readonly zone: Zone
  readonly domain?: string
  readonly settings?: Partial<Settings>
  readonly chance?: (key: string) => number
}

async function routed({ zone, domain = 'example.test', settings, chance = () => 0 }: Case): Promise<{ found: Route; asked: string[] }> {
  const asked: string[] = []
  const all = { network: 'live', hostname: 'mta.here.test', relay: [], ...settings } as const
  const stsPolicyOf = async () => ({ kind: 'none' }) as const
  return { found: await route({ lookup: lookupIn(zone, asked), chance, settings: all, stsPolicyOf }, domain, 'key'), asked }
}

/** Hops as `host address`, or the outcome as `action status`. */
const shown = ({ found }: { found: Route }): string[] =>
  found.kind === 'hops'
    ? found.hops.map(hop => [hop.hostName, hop.address, hop.rival].filter(Boolean).join(' '))
    : [`${found.outcome.action} ${found.outcome.status}`]

const host = (name: string, ...addresses: string[]): Zone => ({
  [`${name} A`]: addresses.filter(address => !address.includes(':')),
  [`${name} AAAA`]: addresses.filter(address => address.includes(':')),
})

describe('by MX', () => {
  const cases: readonly (readonly [string, Case, readonly string[]])[] = [
    [
      'hosts go by preference',
      {
        zone: {
          'example.test MX': ['20 b.test', '10 a.test', '30 c.test'],
          ...host('a.test', '192.0.2.1'),
          ...host('b.test', '192.0.2.2'),
          ...host('c.test', '192.0.2.3'),
        },
      },
      ['a.test 192.0.2.1', 'b.test 192.0.2.2', 'c.test 192.0.2.3'],
    ],
    [
      'an address of each family makes a hop, IPv6 first, two at most',
      {
        zone: {
          'example.test MX': ['10 a.test'],
          ...host('a.test', '192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1', '2001:db8::2', '2001:db8::3'),
        },
      },
      ['a.test 2001:db8::1 192.0.2.1', 'a.test 2001:db8::2 192.0.2.2'],
    ],
    [
      'in the lab each address is a hop, IPv4 first',
      { zone: host('example.test', '127.0.0.1', '::1'), settings: { network: 'lab' } },
      ['example.test 127.0.0.1', 'example.test ::1'],
    ],
    ['null MX', { zone: { 'example.test MX': ['0 '], ...host('example.test', '192.0.2.1') } }, ['failed 5.1.10']],
    ['null MX written as a dot', { zone: { 'example.test MX': ['0 .'] } }, ['failed 5.1.10']],
    [
      'a null MX beside a real one says nothing',
      { zone: { 'example.test MX': ['0 .', '10 a.test'], ...host('a.test', '192.0.2.1') } },
      ['a.test 192.0.2.1'],
    ],
    ['without MX the domain itself', { zone: host('example.test', '192.0.2.1') }, ['example.test 192.0.2.1']],
    ['no such domain', { zone: {} }, ['failed 5.1.2']],
    ['neither MX nor address', { zone: { 'example.test TXT': ['x'] } }, ['failed 5.4.4']],
    ['DNS is silent about the MX', { zone: { 'example.test MX': 'failure', ...host('example.test', '192.0.2.1') } }, ['delayed 4.4.3']],
    [
      'a host without address is passed over',
      { zone: { 'example.test MX': ['10 gone.test', '20 a.test'], ...host('a.test', '192.0.2.1') } },
      ['a.test 192.0.2.1'],
    ],
    ['no host has an address', { zone: { 'example.test MX': ['10 gone.test', '20 also.test'] } }, ['failed 5.4.4']],
    [
      'no host has an address, and for one DNS was silent',
      { zone: { 'example.test MX': ['10 gone.test', '20 a.test'], 'a.test A': 'failure', 'a.test AAAA': 'no-data' } },
      ['delayed 4.4.3'],
    ],
    [
      'an address of one family is enough when the other is silent',
      { zone: { 'example.test MX': ['10 a.test'], 'a.test A': ['192.0.2.1'], 'a.test AAAA': 'failure' } },
      ['a.test 192.0.2.1'],
    ],
    [
      'we are the best MX',
      { zone: { 'example.test MX': ['10 MTA.here.test', '10 a.test'], ...host('a.test', '192.0.2.1') } },
      ['failed 5.4.6'],
    ],
    [
      'we are a backup MX: only better hosts',
      {
        zone: {
          'example.test MX': ['10 a.test', '20 mta.here.test', '20 b.test', '30 c.test'],
          ...host('a.test', '192.0.2.1'),
          ...host('b.test', '192.0.2.2'),
          ...host('c.test', '192.0.2.3'),
        },
      },
      ['a.test 192.0.2.1'],
    ],
    ['we are the domain', { zone: host('mta.here.test', '192.0.2.1'), domain: 'mta.here.test' }, ['failed 5.4.6']],
    ['address literals', { zone: {}, domain: '[192.0.2.1]' }, ['failed 5.1.2']],
    [
      'two names of one address are one host',
      { zone: { 'example.test MX': ['10 a.test', '20 b.test'], ...host('a.test', '192.0.2.1'), ...host('b.test', '192.0.2.1') } },
      ['a.test 192.0.2.1'],
    ],
    [
      'in the lab each name has a door of its own',
      {
        zone: { 'example.test MX': ['10 a.test', '20 b.test'], ...host('a.test', '127.0.0.1'), ...host('b.test', '127.0.0.1') },
        settings: { network: 'lab' },
      },
      ['a.test 127.0.0.1', 'b.test 127.0.0.1'],
    ],
  ]
  test.each(cases)('%s', async (_, given, expected) => {
    expect(shown(await routed(given))).toEqual(expected)
  })

  test('hosts of equal preference are shuffled by chance, and by nothing else', async () => {
    const zone = {
      'example.test MX': ['10 a.test', '10 b.test', '5 c.test'],
      ...host('a.test', '192.0.2.1'),
      ...host('b.test', '192.0.2.2'),
      ...host('c.test', '192.0.2.3'),
    }
    const first = (letter: string) => (key: string) => (key.includes(` ${letter}.`) ? 0.1 : 0.9)
    expect(shown(await routed({ zone, chance: first('a') }))).toEqual(['c.test 192.0.2.3', 'a.test 192.0.2.1', 'b.test 192.0.2.2'])
    expect(shown(await routed({ zone, chance: first('b') }))).toEqual(['c.test 192.0.2.3', 'b.test 192.0.2.2', 'a.test 192.0.2.1'])
  })

  test('a null MX is final without asking for addresses', async () => {
    const { asked } = await routed({ zone: { 'example.test MX': ['0 .'], ...host('example.test', '192.0.2.1') } })
    expect(asked).toEqual(['example.test MX'])
  })

  test('hops go to port 25, opportunistically secure, through the lab only in the lab', async () => {
    const zone = host('example.test', '127.0.0.1')
    for (const [network, via] of [
      ['live', 'network'],
      ['lab', 'lab'],
    ] as const) {
      const { found } = await routed({ zone, settings: { network } })
      expect(found).toEqual({
        kind: 'hops',
        site: 'example.test',
        hops: [
          {
            hostName: 'example.test',
            address: '127.0.0.1',
            port: 25,
            via,
            tls: 'opportunistic',
            policy: { domain: 'example.test', type: 'no-policy-found', words: 'no policy of the domain' },
          },
        ],
      })
    }
  })
})

describe('by relay', () => {
  const relay = [
    { scheme: 'smtps', host: 'one.test', port: 465, user: 'u', password: 'p' },
    { scheme: 'smtp', host: '[2001:db8::9]', port: 25 },
    { scheme: 'smtp', host: 'two.test', port: 587, user: 'u', password: 'p' },
  ] as const

  test('smarthosts in order, each with its port, its TLS and its login; the domain is not looked up', async () => {
    const { found, asked } = await routed({
      zone: { ...host('one.test', '192.0.2.1'), ...host('two.test', '192.0.2.2') },
      settings: { network: 'relay', relay },
    })
    const auth = { user: 'u', password: 'p' }
    expect(found).toEqual({
      kind: 'hops',
      site: 'relay one.test:465 [2001:db8::9]:25 two.test:587',
      hops: [
        { hostName: 'one.test', address: '192.0.2.1', port: 465, via: 'network', tls: 'implicit', auth },
        { hostName: '2001:db8::9', address: '2001:db8::9', port: 25, via: 'network', tls: 'opportunistic' },
        { hostName: 'two.test', address: '192.0.2.2', port: 587, via: 'network', tls: 'required', auth },
      ],
    })
    expect(asked.some(question => question.includes('example.test'))).toBe(false)
  })

  test.each([
    ['none is configured', {}, [], 'delayed 4.3.5'],
    ['its name does not exist', {}, relay.slice(0, 1), 'delayed 4.4.4'],
    ['DNS is silent', { 'one.test A': 'failure' }, relay.slice(0, 1), 'delayed 4.4.3'],
  ] as const)('a relay that cannot be found never bounces mail: %s', async (_, zone, hosts, expected) => {
    expect(shown(await routed({ zone, settings: { network: 'relay', relay: hosts } }))).toEqual([expected])
  })
})

test.each(['lab', 'relay', 'live'] as const)('the simulator is on loopback in %s mode, without any question to DNS', async network => {
  const { found, asked } = await routed({ zone: {}, domain: SIMULATOR_DOMAIN, settings: { network } })
  expect(found.kind === 'hops' && found.hops.map(({ via, address }) => ({ via, address }))).toEqual([{ via: 'lab', address: '127.0.0.1' }])
  expect(asked).toEqual([])
})
