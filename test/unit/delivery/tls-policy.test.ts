import { describe, expect, test } from 'vitest'
import { type Route, route } from '../../../src/delivery/route.ts'
import type { DnsAnswer, DnsRecord } from '../../../src/mail/dns-record.ts'
import type { FoundStsPolicy } from '../../../src/ports/sts-policies.ts'

/** Answers by `name TYPE`; each validated unless the key is among `insecure`. */
interface World {
  readonly zone?: Readonly<Record<string, readonly string[] | 'failure'>>
  readonly insecure?: readonly string[]
  /** Name → what it is a CNAME of. */
  readonly alias?: Readonly<Record<string, string>>
  readonly sts?: FoundStsPolicy
}

const HASH = '11'.repeat(32)
const MX: NonNullable<World['zone']> = { 'example.test MX': ['10 mx.test'], 'mx.test A': ['192.0.2.1'] }

async function routed({ zone = {}, insecure = [], alias = {}, sts }: World): Promise<{ found: Route; asked: string[] }> {
  const asked: string[] = []
  const lookup = async (name: string, type: 'MX' | 'A' | 'AAAA' | 'TLSA'): Promise<DnsAnswer> => {
    asked.push(`${name} ${type}`)
    const target = alias[name]
    const end = target ?? name
    const chain = target === undefined ? [] : [target]
    const values = { ...MX, ...zone }[`${end} ${type}`]
    if (values === 'failure') return { kind: 'failure', reason: 'servfail', detail: 'SERVFAIL', server: '' }
    if (values === undefined) return { kind: 'no-data', chain, server: '' }
    const records = values.map((value): DnsRecord => {
      const [first = '', second = '', third = '', fourth = ''] = value.split(' ')
      const owner = { name: end, ttl: 60 }
      if (type === 'MX') return { ...owner, type, preference: Number(first), exchange: second }
      if (type !== 'TLSA') return { ...owner, type, address: value }
      return { ...owner, type, usage: Number(first), selector: Number(second), matching: Number(third), data: Buffer.from(fourth, 'hex') }
    })
    return { kind: 'found', records, chain, authenticated: !insecure.includes(`${name} ${type}`), server: '' }
  }
  const settings = { network: 'live', hostname: 'mta.here.test', relay: [] } as const
  const stsPolicyOf = async (): Promise<FoundStsPolicy> => sts ?? { kind: 'none' }
  return { found: await route({ lookup, chance: () => 0, settings, stsPolicyOf }, 'example.test', 'key'), asked }
}

/** `host demand policy`, or the outcome. */
const shown = ({ found }: { found: Route }): string[] =>
  found.kind === 'none'
    ? [found.outcome.reply]
    : found.hops.map(({ hostName, tls, policy }) => `${hostName} ${tls} ${policy?.type}: ${policy?.words}`)

const enforced = (...mx: string[]): FoundStsPolicy => ({ kind: 'policy', policy: { mode: 'enforce', mx, maxAgeSeconds: 60 } })

describe('DANE', () => {
  const tlsa = { '_25._tcp.mx.test TLSA': [`3 1 1 ${HASH}`, `1 1 1 ${HASH}`] }

  test('a usable record of a validated host is demanded, with the names an authority may sign for', async () => {
    const { found } = await routed({ zone: tlsa })
    expect(found).toMatchObject({
      kind: 'hops',
      hops: [
        {
          tls: 'dane',
          dane: { records: [{ usage: 3, selector: 1, matching: 1, data: Buffer.from(HASH, 'hex') }], names: ['mx.test', 'example.test'] },
          policy: { domain: 'example.test', type: 'tlsa', words: 'DANE of mx.test' },
        },
      ],
    })
  })

  test.each(['example.test MX', 'mx.test A', '_25._tcp.mx.test TLSA'])('does not count when %s was not validated', async insecure => {
    expect(shown(await routed({ zone: tlsa, insecure: [insecure] }))).toEqual([
      'mx.test opportunistic no-policy-found: no policy of the domain',
    ])
  })

  test('is not asked about for a host that was not validated', async () => {
    const { asked } = await routed({ zone: tlsa, insecure: ['mx.test A'] })
    expect(asked.filter(question => question.endsWith('TLSA'))).toEqual([])
  })

  test('a host with records that are of no use still has TLS', async () => {
    expect(shown(await routed({ zone: { '_25._tcp.mx.test TLSA': [`0 0 1 ${HASH}`] } }))).toEqual([
      'mx.test encrypted tlsa: DANE of mx.test, no usable TLSA record',
    ])
  })

  test('a host whose records cannot be had is passed over; the next one is tried', async () => {
    const zone = {
      'example.test MX': ['10 mx.test', '20 two.test'],
      'two.test A': ['192.0.2.2'],
      '_25._tcp.mx.test TLSA': 'failure',
    } as const
    const { found } = await routed({ zone })
    expect(shown({ found })).toEqual(['two.test opportunistic no-policy-found: no policy of the domain'])
    expect(found.skipped).toEqual([
      {
        host: 'mx.test',
        words: 'the TLSA records of mx.test could not be had: SERVFAIL',
        session: { domain: 'example.test', policy: 'tlsa', host: 'mx.test', result: 'dnssec-invalid' },
      },
    ])
  })

  test('mail waits when the records of no host can be had', async () => {
    expect(shown(await routed({ zone: { '_25._tcp.mx.test TLSA': 'failure' } }))).toEqual([
      '451 4.7.5 No mail host of example.test may be used: the TLSA records of mx.test could not be had: SERVFAIL',
    ])
  })

  test('behind a CNAME the last name is asked first, then the one in the MX', async () => {
    const alias = { 'mx.test': 'real.test' }
    const zone = { 'real.test A': ['192.0.2.1'] }
    const at = async (name: string) => await routed({ alias, zone: { ...zone, [`_25._tcp.${name} TLSA`]: [`2 0 1 ${HASH}`] } })
    const real = await at('real.test')
    expect(real.found).toMatchObject({ hops: [{ tls: 'dane', dane: { names: ['real.test', 'mx.test', 'example.test'] } }] })
    const first = await at('mx.test')
    expect(first.found).toMatchObject({ hops: [{ tls: 'dane', dane: { names: ['mx.test', 'example.test'] } }] })
    expect(first.asked.filter(question => question.endsWith('TLSA'))).toEqual(['_25._tcp.real.test TLSA', '_25._tcp.mx.test TLSA'])
  })

  test('a domain without MX is its own host', async () => {
    const { found } = await routed({
      zone: { 'example.test MX': [], 'example.test A': ['192.0.2.9'], '_25._tcp.example.test TLSA': [`3 1 1 ${HASH}`] },
    })
    expect(found).toMatchObject({ hops: [{ hostName: 'example.test', tls: 'dane', dane: { names: ['example.test'] } }] })
  })

  test('wins over MTA-STS, which then neither forbids the host nor asks for another certificate', async () => {
    expect(shown(await routed({ zone: tlsa, sts: enforced('other.test') }))).toEqual(['mx.test dane tlsa: DANE of mx.test'])
  })
})

describe('MTA-STS', () => {
  const two = { 'example.test MX': ['10 mx.test', '20 two.test'], 'two.test A': ['192.0.2.2'] }

  test('enforced: only hosts that it names, with a certificate that holds', async () => {
    const { found } = await routed({ zone: two, sts: enforced('two.test') })
    expect(shown({ found })).toEqual(['two.test required sts: MTA-STS of example.test (enforce)'])
    expect(found.skipped?.map(({ host, session }) => [host, session.result])).toEqual([['mx.test', 'validation-failure']])
  })

  test('enforced, and no host is named: mail waits', async () => {
    expect(shown(await routed({ zone: two, sts: enforced('*.test.example') }))).toEqual([
      expect.stringMatching(/^451 4\.7\.5 No mail host of example\.test may be used: mx\.test is not among the hosts of the MTA-STS/),
    ])
  })

  test('in testing: nothing changes but what is counted', async () => {
    const sts: FoundStsPolicy = { kind: 'policy', policy: { mode: 'testing', mx: ['mx.test'], maxAgeSeconds: 60 } }
    const { found } = await routed({ zone: two, sts })
    expect(shown({ found })).toEqual([
      'mx.test opportunistic sts: MTA-STS of example.test (testing)',
      'two.test opportunistic sts: MTA-STS of example.test (testing), which does not name two.test',
    ])
    expect(found.kind === 'hops' && found.hops.map(({ policy }) => policy?.failure)).toEqual([undefined, 'validation-failure'])
  })

  test('taken back: none', async () => {
    const sts: FoundStsPolicy = { kind: 'policy', policy: { mode: 'none', mx: [], maxAgeSeconds: 60 } }
    expect(shown(await routed({ sts }))).toEqual(['mx.test opportunistic no-policy-found: no policy of the domain'])
  })

  test('that could not be had holds up no mail, and is counted', async () => {
    const { found } = await routed({ sts: { kind: 'failed', failure: 'sts-policy-fetch-error', detail: 'the server answered 404' } })
    expect(shown({ found })).toEqual([
      'mx.test opportunistic no-policy-found: no policy of the domain: its MTA-STS could not be had, the server answered 404',
    ])
    expect(found.skipped).toEqual([
      {
        host: '',
        words: 'the server answered 404',
        session: { domain: 'example.test', policy: 'sts', host: '', result: 'sts-policy-fetch-error' },
      },
    ])
  })
})
