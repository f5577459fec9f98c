import packets from 'dns-packet'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type DnsQuery, query } from '../../src/wire/dns.ts'
import { decodePacket, decodeRecord } from '../../src/wire/dns-codec.ts'
import { assertLoopback } from '../../src/wire/loopback.ts'
import { type Behaviour, framed, reply, type ScriptedDns, scriptedDns, txtAnswer } from '../support/dns.ts'

const open: ScriptedDns[] = []
const server = async (behaviour: Behaviour): Promise<ScriptedDns> => {
  const made = await scriptedDns(behaviour)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

const ask = (servers: readonly ScriptedDns[], more: Partial<DnsQuery> = {}) =>
  query({ name: 'shop.test', type: 'TXT', servers, guard: assertLoopback, mode: 'recursive', timeoutMs: 150, totalMs: 4_000, ...more })
const texts = (answer: Awaited<ReturnType<typeof query>>): string[] =>
  answer.kind === 'found' ? answer.records.map(record => (record.type === 'TXT' ? record.text : record.type)) : [answer.kind]

const SOA = {
  type: 'SOA',
  name: 'shop.test',
  ttl: 60,
  class: 'IN',
  data: { mname: 'ns.shop.test', rname: 'hostmaster.shop.test', serial: 9, refresh: 1, retry: 1, expire: 1, minimum: 1 },
} as const
const cname = (name: string, target: string) => ({ type: 'CNAME', name, ttl: 60, class: 'IN', data: target }) as const

describe('answers', () => {
  it('joins the strings of one record and keeps records apart, in any order among strangers', async () => {
    const dns = await server({
      udp: asked => [
        reply(asked, {
          answers: [txtAnswer('other.test', 'no'), txtAnswer('shop.test', 'a'.repeat(255), 'b'), txtAnswer('SHOP.test', 'c')],
        }),
      ],
    })
    expect(texts(await ask([dns]))).toEqual([`${'a'.repeat(255)}b`, 'c'])
  })

  it('gives octets above 127 as latin1', async () => {
    const dns = await server({
      udp: asked => [
        reply(asked, { answers: [{ type: 'TXT', name: 'shop.test', ttl: 1, class: 'IN', data: [Buffer.from([0xff, 0xc3, 0x00])] }] }),
      ],
    })
    expect(texts(await ask([dns]))).toEqual(['\u00ff\u00c3\u0000'])
  })

  it('decodes each type of ours', async () => {
    const answers = [
      { type: 'A', name: 'shop.test', ttl: 1, class: 'IN', data: '192.0.2.1' },
      { type: 'MX', name: 'shop.test', ttl: 1, class: 'IN', data: { preference: 5, exchange: 'MX.Shop.Test' } },
      { type: 'MX', name: 'shop.test', ttl: 1, class: 'IN', data: { preference: 0, exchange: '.' } },
      {
        type: 'TLSA',
        name: 'shop.test',
        ttl: 1,
        class: 'IN',
        data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('ab') },
      },
      SOA,
    ] as const
    const dns = await server({ udp: asked => [reply(asked, { answers: [...answers] })] })
    expect(await ask([dns], { type: 'A' })).toMatchObject({ records: [{ address: '192.0.2.1', ttl: 1 }] })
    expect(await ask([dns], { type: 'MX' })).toMatchObject({
      records: [
        { preference: 5, exchange: 'mx.shop.test' },
        { preference: 0, exchange: '' },
      ],
    })
    expect(await ask([dns], { type: 'TLSA' })).toMatchObject({
      records: [{ usage: 3, selector: 1, matching: 1, data: Uint8Array.from([97, 98]) }],
    })
    expect(await ask([dns], { type: 'SOA' })).toMatchObject({
      records: [{ primary: 'ns.shop.test', admin: 'hostmaster.shop.test', serial: 9 }],
    })
  })

  it('tells no data from no name, with the SOA', async () => {
    const noData = await server({ udp: asked => [reply(asked, { authorities: [SOA] })] })
    const noName = await server({ udp: asked => [reply(asked, { authorities: [SOA], rcode: 3 })] })
    expect(await ask([noData])).toMatchObject({ kind: 'no-data', soa: { type: 'SOA', serial: 9 }, server: `127.0.0.1:${noData.port}` })
    expect(await ask([noName])).toMatchObject({ kind: 'no-name', soa: { name: 'shop.test' } })
  })

  it('reports AD', async () => {
    const dns = await server({
      udp: asked => [
        reply(asked, { answers: [txtAnswer('shop.test', 'x')], flags: packets.AUTHENTIC_DATA | packets.AUTHORITATIVE_ANSWER }),
      ],
    })
    expect(await ask([dns])).toMatchObject({ kind: 'found', authenticated: true })
  })
})

describe('CNAMEs', () => {
  it('follows a chain inside an answer, in any order', async () => {
    const answers = [txtAnswer('c.test', 'end'), cname('b.test', 'c.test'), cname('shop.test', 'b.test')]
    const dns = await server({ udp: asked => [reply(asked, { answers })] })
    expect(await ask([dns])).toMatchObject({ kind: 'found', chain: ['b.test', 'c.test'], records: [{ name: 'c.test', text: 'end' }] })
    expect(dns.asked).toHaveLength(1)
  })

  it('asks on where an answer ends in a CNAME, at the servers of the new name', async () => {
    const first = await server({ udp: asked => [reply(asked, { answers: [cname('shop.test', 'key.far.test')] })] })
    const second = await server({ udp: asked => [reply(asked, { answers: [txtAnswer('key.far.test', 'far')] })] })
    const answer = await ask([first], { mode: 'authoritative', serversFor: async () => [second] })
    expect(answer).toMatchObject({ kind: 'found', chain: ['key.far.test'], server: `127.0.0.1:${second.port}` })
    expect(second.asked).toEqual(['udp:key.far.test TXT'])
  })

  it('gives the CNAME itself when asked for it', async () => {
    const dns = await server({ udp: asked => [reply(asked, { answers: [cname('shop.test', 'b.test')] })] })
    expect(await ask([dns], { type: 'CNAME' })).toMatchObject({ kind: 'found', records: [{ target: 'b.test' }], chain: [] })
  })

  it.each([
    ['inside one answer', () => [cname('shop.test', 'b.test'), cname('b.test', 'shop.test')]],
    ['of one name to itself', () => [cname('shop.test', 'shop.test')]],
    ['over several questions', (name: string) => [cname(name, name === 'shop.test' ? 'b.test' : 'shop.test')]],
  ])('sees a loop %s', async (_, answers) => {
    const dns = await server({ udp: asked => [reply(asked, { answers: answers(asked.questions?.[0]?.name ?? '') })] })
    expect(await ask([dns])).toMatchObject({ kind: 'failure', reason: 'loop' })
  })

  it('gives up on an endless chain', async () => {
    const dns = await server({
      udp: (asked, count) => [reply(asked, { answers: [cname(asked.questions?.[0]?.name ?? '', `n${count}.test`)] })],
    })
    expect(await ask([dns])).toMatchObject({ kind: 'failure', reason: 'loop' })
    expect(dns.asked.length).toBeLessThan(20)
  })
})

describe('truncation', () => {
  const truncated = (asked: Parameters<typeof reply>[0]) => [
    reply(asked, { flags: packets.TRUNCATED_RESPONSE | packets.AUTHORITATIVE_ANSWER }),
  ]
  it('asks again over TCP', async () => {
    const dns = await server({ udp: truncated, tcp: asked => framed(reply(asked, { answers: [txtAnswer('shop.test', 'long')] })) })
    expect(texts(await ask([dns]))).toEqual(['long'])
    expect(dns.asked).toEqual(['udp:shop.test TXT', 'tcp:shop.test TXT'])
    expect(dns.ids[0]).not.toBe(dns.ids[1])
  })

  it.each<[string, Behaviour['tcp'], string]>([
    ['closes at once', () => undefined, 'malformed'],
    ['sends rubbish', () => framed(Buffer.from('rubbish, not DNS')), 'malformed'],
    ['answers another question', asked => framed(reply({ ...asked, questions: [{ name: 'evil.test', type: 'TXT' }] })), 'malformed'],
    ['sends half an answer and stops', asked => framed(reply(asked)).subarray(0, 10), 'timeout'],
  ])('fails when TCP %s', async (_, tcp, reason) => {
    const dns = await server({ udp: truncated, ...(tcp ? { tcp } : {}) })
    expect(await ask([dns], { totalMs: 800 })).toMatchObject({ kind: 'failure', reason })
  })
})

describe('forged and failing servers', () => {
  it.each<[string, (asked: Parameters<typeof reply>[0]) => Buffer]>([
    ['another id', asked => reply({ ...asked, id: ((asked.id ?? 0) + 1) & 0xffff }, { answers: [txtAnswer('shop.test', 'forged')] })],
    [
      'another name',
      asked => reply({ ...asked, questions: [{ name: 'evil.test', type: 'TXT' }] }, { answers: [txtAnswer('shop.test', 'forged')] }),
    ],
    [
      'another type',
      asked => reply({ ...asked, questions: [{ name: 'shop.test', type: 'A' }] }, { answers: [txtAnswer('shop.test', 'forged')] }),
    ],
    ['no question', asked => reply({ ...asked, questions: [] }, { answers: [txtAnswer('shop.test', 'forged')] })],
    ['rubbish', () => Buffer.from('\u0001\u0002rubbish')],
    ['a question instead of an answer', asked => packets.encode({ type: 'query', id: asked.id ?? 0, questions: asked.questions ?? [] })],
  ])('waits for the true answer behind one with %s', async (_, forged) => {
    const dns = await server({ udp: asked => [forged(asked), reply(asked, { answers: [txtAnswer('shop.test', 'true')] })] })
    expect(texts(await ask([dns]))).toEqual(['true'])
    const onlyForged = await server({ udp: asked => [forged(asked)] })
    expect(await ask([onlyForged], { totalMs: 300 })).toMatchObject({ kind: 'failure', reason: 'malformed' })
  })

  it('takes an answer whose question differs in letter case', async () => {
    const dns = await server({
      udp: asked => [reply({ ...asked, questions: [{ name: 'ShOp.TeSt', type: 'TXT' }] }, { answers: [txtAnswer('sHoP.test', 'x')] })],
    })
    expect(texts(await ask([dns]))).toEqual(['x'])
  })

  it('leaves out records of another class and with names that cannot be', async () => {
    const answers = [{ ...txtAnswer('shop.test', 'chaos'), class: 'CH' as const }, txtAnswer('shop.test', 'internet')]
    const dns = await server({ udp: asked => [reply(asked, { answers })] })
    expect(texts(await ask([dns]))).toEqual(['internet'])
  })

  it('asks the next server when the first is silent, and uses a new port and id each time', async () => {
    const silent = await server({})
    const good = await server({ udp: asked => [reply(asked, { answers: [txtAnswer('shop.test', 'x')] })] })
    expect(texts(await ask([silent, good]))).toEqual(['x'])
    for (let i = 0; i < 8; i += 1) await ask([good])
    expect(new Set(good.sources).size).toBeGreaterThan(4)
    expect(new Set(good.ids).size).toBeGreaterThan(4)
  })

  it('comes back to a server that lost the first packet', async () => {
    const dns = await server({
      udp: (asked, count) => (count === 1 ? [] : [reply(asked, { answers: [txtAnswer('shop.test', 'second')] })]),
    })
    expect(texts(await ask([dns]))).toEqual(['second'])
  })

  it.each([
    ['SERVFAIL', { rcode: 2 }, 'servfail'],
    ['REFUSED', { rcode: 5 }, 'refused'],
    ['a lame referral', { flags: 0 }, 'lame'],
  ])('tries another after %s and reports it when there is none', async (_, parts, reason) => {
    const bad = await server({ udp: asked => [reply(asked, parts)] })
    const silent = await server({})
    const good = await server({ udp: asked => [reply(asked, { answers: [txtAnswer('shop.test', 'x')] })] })
    expect(texts(await ask([bad, good]))).toEqual(['x'])
    expect(await ask([silent, bad], { totalMs: 700 })).toMatchObject({ kind: 'failure', reason, server: `127.0.0.1:${bad.port}` })
  })

  it('does not take a cache for the zone itself', async () => {
    const cache = await server({
      udp: asked => [reply(asked, { answers: [txtAnswer('shop.test', 'old')], flags: packets.RECURSION_AVAILABLE })],
    })
    expect(texts(await ask([cache]))).toEqual(['old'])
    expect(await ask([cache], { mode: 'authoritative' })).toMatchObject({ kind: 'failure', reason: 'lame' })
  })

  it('speaks without EDNS to a server that knows none', async () => {
    const dns = await server({
      udp: asked => [
        (asked.additionals ?? []).length > 0
          ? reply({ ...asked, questions: [] }, { rcode: 1 })
          : reply(asked, { answers: [txtAnswer('shop.test', 'plain')] }),
      ],
    })
    expect(texts(await ask([dns]))).toEqual(['plain'])
  })

  it('keeps to its total time', async () => {
    const silent = await Promise.all([server({}), server({}), server({})])
    const started = performance.now()
    expect(await ask(silent, { timeoutMs: 200, totalMs: 500 })).toMatchObject({ kind: 'failure', reason: 'timeout' })
    expect(performance.now() - started).toBeLessThan(1_500)
  })

  it('hears of a closed port at once', async () => {
    const gone = await scriptedDns({})
    await gone.close()
    const answer = await ask([gone], { timeoutMs: 2_000, totalMs: 2_000 })
    expect(answer).toMatchObject({ kind: 'failure', reason: 'timeout', detail: expect.stringContaining('ECONNREFUSED') })
  })
})

describe('guards', () => {
  it('asks nobody off loopback when told so', async () => {
    await expect(ask([{ address: '192.0.2.1', port: 53 } as ScriptedDns])).rejects.toMatchObject({ code: 'forbidden' })
  })

  it.each(['', 'a..b', `${'x'.repeat(64)}.test`, 'bücher.test', `${'abcd.'.repeat(51)}test`])('does not send the name %j', async name => {
    const dns = await server({})
    expect(await ask([dns], { name })).toMatchObject({ kind: 'failure', reason: 'malformed' })
    expect(dns.asked).toEqual([])
  })
})

describe('decoding', () => {
  const whole = reply(
    { ...packets.decode(packets.encode({ questions: [{ name: 'shop.test', type: 'TXT' }] })), id: 7 },
    { answers: [txtAnswer('shop.test', 'v=DKIM1; p=abc'), cname('a.test', 'b.test')], authorities: [SOA] },
  )
  it('survives any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), octets => {
        for (const record of decodePacket(Buffer.from(octets))?.answers ?? []) decodeRecord(record)
      }),
      { numRuns: 2_000 },
    )
  })
  it('survives any change to a real answer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(whole.length),
        (changes, cut) => {
          const octets = Buffer.from(whole.subarray(0, cut || whole.length))
          for (const [at, value] of changes) if (at < octets.length) octets[at] = value
          const packet = decodePacket(octets)
          for (const record of [...(packet?.answers ?? []), ...(packet?.authorities ?? [])]) decodeRecord(record)
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
