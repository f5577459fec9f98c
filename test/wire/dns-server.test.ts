import { createSocket } from 'node:dgram'
import { createConnection } from 'node:net'
import packets, { type DecodedPacket } from 'dns-packet'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../src/wire/dns.ts'
import { type DnsServer, startDnsServer } from '../../src/wire/dns-server.ts'
import { assertLoopback } from '../../src/wire/loopback.ts'
import { Zone } from '../../src/wire/zone.ts'
import { framed } from '../support/dns.ts'

let dns: DnsServer
beforeAll(async () => {
  const zone = new Zone({ apexes: ['shop.test'], server: 'ns.shop.test' })
  zone.add([
    { type: 'TXT', name: 'shop.test', ttl: 60, text: 'v=spf1 -all' },
    { type: 'TXT', name: 'long.shop.test', ttl: 60, text: 'k'.repeat(700) },
    { type: 'TXT', name: 'huge.shop.test', ttl: 60, text: 'h'.repeat(3_000) },
    { type: 'CNAME', name: 'alias.shop.test', ttl: 60, target: 'long.shop.test' },
  ])
  const answer = (question: { name: string; type: string }) => {
    if (question.name === 'broken.shop.test') throw new Error('broken on purpose')
    return zone.lookup(question)
  }
  dns = await startDnsServer({ host: '127.0.0.1', port: 0, answer, idleMs: 300, maxConnections: 4 })
})
afterAll(() => dns.close())

/** One datagram there, one back; undefined after a silence that a later question ends. */
function exchange(...sent: Buffer[]): Promise<DecodedPacket[]> {
  return new Promise(resolve => {
    const replies: DecodedPacket[] = []
    const socket = createSocket('udp4')
    const last = packets.encode({ id: 0xfffe, questions: [{ name: 'shop.test', type: 'TXT' }] })
    socket.on('message', octets => {
      const packet = packets.decode(octets)
      if (packet.id !== 0xfffe) return void replies.push(packet)
      socket.close()
      resolve(replies)
    })
    for (const octets of sent) socket.send(octets, dns.port, '127.0.0.1')
    socket.send(last, dns.port, '127.0.0.1')
  })
}
const rcode = (packet: DecodedPacket | undefined): number => (packet?.flags ?? 0) & 0xf
const question = (name: string, more: object = {}): Buffer => packets.encode({ id: 7, questions: [{ name, type: 'TXT' }], ...more })
const typed = (type: number): Buffer => {
  const octets = question('shop.test')
  octets.writeUInt16BE(type, octets.length - 4)
  return octets
}
const edns = (udpPayloadSize: number) => ({
  additionals: [
    { type: 'OPT' as const, name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
  ],
})

function stream(...sent: Buffer[]): Promise<Buffer> {
  return new Promise(resolve => {
    const parts: Buffer[] = []
    const socket = createConnection({ host: '127.0.0.1', port: dns.port })
    socket.on('data', chunk => parts.push(chunk))
    socket.on('error', () => {})
    socket.once('close', () => resolve(Buffer.concat(parts)))
    for (const octets of sent) socket.write(octets)
  })
}

describe('over UDP', () => {
  it('answers with AA, the question as it was typed, and RD copied', async () => {
    const [packet] = await exchange(question('ShOp.test', { flags: packets.RECURSION_DESIRED }))
    expect(packet).toMatchObject({ id: 7, flag_qr: true, flag_aa: true, flag_rd: true, flag_ra: false, flag_tc: false })
    expect(packet?.questions?.[0]?.name).toBe('ShOp.test')
    expect(packet?.additionals).toEqual([])
  })

  it('adds the SOA to negative answers', async () => {
    const [packet] = await exchange(question('none.shop.test'))
    expect(rcode(packet)).toBe(3)
    expect(packet?.authorities).toMatchObject([{ type: 'SOA', name: 'shop.test' }])
  })

  it('does not claim authority for other zones', async () => {
    const [packet] = await exchange(question('other.test'))
    expect([rcode(packet), packet?.flag_aa]).toEqual([5, false])
  })

  it('cuts at 512 octets, or at what EDNS offers up to 1232', async () => {
    const [plain] = await exchange(question('long.shop.test'))
    expect(plain).toMatchObject({ flag_tc: true, answers: [] })
    const [offered] = await exchange(question('long.shop.test', edns(1232)))
    expect(offered).toMatchObject({ flag_tc: false, additionals: [{ type: 'OPT', udpPayloadSize: 1232 }] })
    const [tiny] = await exchange(question('long.shop.test', edns(100)))
    expect(tiny?.flag_tc).toBe(true)
    const [greedy] = await exchange(question('huge.shop.test', edns(65_000)))
    expect(greedy?.flag_tc).toBe(true)
  })

  it.each([
    ['no question', packets.encode({ id: 7 }), 1],
    [
      'two questions',
      packets.encode({
        id: 7,
        questions: [
          { name: 'a.test', type: 'A' },
          { name: 'b.test', type: 'A' },
        ],
      }),
      1,
    ],
    ['half a question', question('shop.test').subarray(0, 20), 1],
    ['an update', packets.encode({ id: 7, flags: 5 << 11, questions: [{ name: 'shop.test', type: 'SOA' }] }), 4],
    ['ANY', typed(255), 4],
    ['AXFR', packets.encode({ id: 7, questions: [{ name: 'shop.test', type: 'AXFR' }] }), 4],
    ['class CH', packets.encode({ id: 7, questions: [{ name: 'shop.test', type: 'TXT', class: 'CH' }] }), 5],
    ['a failing zone', question('broken.shop.test'), 2],
  ])('refuses %s', async (_, octets, code) => {
    const [packet] = await exchange(octets)
    expect([packet?.id, rcode(packet)]).toEqual([7, code])
  })

  it('says nothing to an answer or to less than a header', async () => {
    const answer = packets.encode({ type: 'response', id: 7, questions: [{ name: 'shop.test', type: 'TXT' }] })
    expect(await exchange(answer, Buffer.alloc(0), Buffer.from([0, 7, 0, 0, 0]))).toEqual([])
  })

  it('answers types it does not know with no data', async () => {
    const [packet] = await exchange(typed(65))
    expect([rcode(packet), packet?.authorities?.length]).toEqual([0, 1])
  })
})

describe('over TCP', () => {
  it('answers several questions of one connection, cut anywhere, in order', async () => {
    const octets = Buffer.concat([framed(question('huge.shop.test')), framed(question('none.shop.test'))])
    const received = await stream(octets.subarray(0, 1), octets.subarray(1, 30), octets.subarray(30))
    const first = packets.decode(received.subarray(2))
    expect(first.answers).toHaveLength(1)
    expect(first.flag_tc).toBe(false)
    expect(rcode(packets.decode(received.subarray(2 + received.readUInt16BE(0) + 2)))).toBe(3)
  })

  it('closes on idle clients and on senseless lengths', async () => {
    expect(await stream()).toHaveLength(0)
    expect(await stream(Buffer.from([0xff, 0xff, 1, 2, 3]))).toHaveLength(0)
    expect(await stream(Buffer.from([0, 0]))).toHaveLength(0)
  })

  it('does not let a dribbling client stay', async () => {
    const socket = createConnection({ host: '127.0.0.1', port: dns.port })
    socket.on('error', () => {})
    const started = performance.now()
    const dribble = setInterval(() => socket.write(Buffer.from([0])), 50)
    socket.write(Buffer.from([0x0f]))
    await new Promise(closed => socket.once('close', closed))
    clearInterval(dribble)
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  it('keeps to its number of connections', async () => {
    const sockets = Array.from({ length: 4 }, () => createConnection({ host: '127.0.0.1', port: dns.port }))
    const closed = sockets.map(socket => new Promise(done => socket.once('close', done)))
    await Promise.all(sockets.map(socket => new Promise(done => socket.once('connect', done))))
    expect(await stream(framed(question('shop.test')))).toHaveLength(0)
    await Promise.all(closed)
    expect((await stream(framed(question('shop.test')))).length).toBeGreaterThan(12)
  })
})

describe('with our own client', () => {
  const ask = (name: string) => query({ name, type: 'TXT', servers: [dns], guard: assertLoopback, mode: 'authoritative' })
  it('gets large answers and CNAMEs whole', async () => {
    expect(await ask('huge.shop.test')).toMatchObject({ kind: 'found', records: [{ text: 'h'.repeat(3_000) }] })
    expect(await ask('alias.shop.test')).toMatchObject({ kind: 'found', chain: ['long.shop.test'], records: [{ text: 'k'.repeat(700) }] })
    expect(await ask('none.shop.test')).toMatchObject({ kind: 'no-name' })
  })
})

describe('against rubbish', () => {
  it('stays alive and correct', async () => {
    const real = question('shop.test', edns(1232))
    const mutated = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 5 }).map(changes => {
      const octets = Buffer.from(real)
      for (const [at, value] of changes) octets[at] = value
      return octets
    })
    const samples = [...fc.sample(fc.uint8Array({ maxLength: 100 }), 300).map(octets => Buffer.from(octets)), ...fc.sample(mutated, 500)]
    for (let at = 0; at < samples.length; at += 50) await exchange(...samples.slice(at, at + 50))
    for (const octets of samples.slice(0, 20)) await stream(framed(octets))
    const [packet] = await exchange(question('shop.test'))
    expect([rcode(packet), packet?.answers?.length]).toEqual([0, 1])
  })
})

describe('closing', () => {
  it('ends open connections and frees the port', async () => {
    const server = await startDnsServer({ host: '127.0.0.1', port: 0, answer: () => ({ rcode: 'NOERROR', answers: [], authorities: [] }) })
    const socket = createConnection({ host: '127.0.0.1', port: server.port })
    await new Promise(connected => socket.once('connect', connected))
    const ended = new Promise(closed => socket.once('close', closed))
    socket.on('error', () => {})
    await Promise.all([server.close(), server.close()])
    await ended
    const again = await startDnsServer({
      host: '127.0.0.1',
      port: server.port,
      answer: () => ({ rcode: 'NOERROR', answers: [], authorities: [] }),
    })
    await expect(
      startDnsServer({ host: '127.0.0.1', port: again.port, answer: () => ({ rcode: 'NOERROR', answers: [], authorities: [] }) }),
    ).rejects.toMatchObject({ code: 'unreachable' })
    await again.close()
  })
})
