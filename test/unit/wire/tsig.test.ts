import { createHmac } from 'node:crypto'
import packets from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeUpdate } from '../../../src/wire/dns-update.ts'
import { sign, verify, wireName } from '../../../src/wire/tsig.ts'
import { parseTsigKey, type TsigKey } from '../../../src/wire/tsig-key.ts'

const key: TsigKey = { name: 'k.test', algorithm: 'hmac-sha256', secret: Buffer.from('0123456789abcdef0123456789abcdef') }
const NOW = 1_800_000_000

/** A server's answer with TSIG, written here from RFC 8945 §4.2 and §5.3 alone, so that a mistake of ours is not made twice. */
function answerOf({
  requestMac,
  id = 7,
  rcode = 0,
  error = 0,
  time = NOW,
  with: signer = key,
}: {
  requestMac: Buffer
  id?: number
  rcode?: number
  error?: number
  time?: number
  with?: TsigKey
}): Buffer {
  const message = packets.encode({ type: 'response', id, flags: (5 << 11) | rcode, questions: [{ type: 'SOA', name: 'shop.test' }] })
  const number = (value: number, octets: number): Buffer => Buffer.from(value.toString(16).padStart(octets * 2, '0'), 'hex')
  const name = Buffer.from(`\u0001k\u0004test\u0000`, 'latin1')
  const algorithm = Buffer.from(`\u000bhmac-sha256\u0000`, 'latin1')
  const digested = [
    number(requestMac.length, 2),
    requestMac,
    message,
    name,
    number(255, 2),
    number(0, 4),
    algorithm,
    number(time, 6),
    number(300, 2),
    number(error, 2),
    number(0, 2),
  ]
  const mac = createHmac('sha256', signer.secret).update(Buffer.concat(digested)).digest()
  const data = Buffer.concat([
    algorithm,
    number(time, 6),
    number(300, 2),
    number(mac.length, 2),
    mac,
    number(id, 2),
    number(error, 2),
    number(0, 2),
  ])
  const whole = Buffer.concat([message, name, number(250, 2), number(255, 2), number(0, 4), number(data.length, 2), data])
  whole.writeUInt16BE(1, 10)
  return whole
}

const update = encodeUpdate(
  {
    zone: 'shop.test',
    absent: [{ name: 'a.shop.test', type: 'TXT' }],
    removeAll: [],
    remove: [],
    add: [{ type: 'TXT', name: 'a.shop.test', ttl: 60, text: 'x' }],
  },
  7,
)
const signed = sign(update, key, NOW)

describe('parseTsigKey', () => {
  const secret = Buffer.from('x//y?z>').toString('base64')
  it.each([
    ['as tsig-keygen writes it', `key "k.test" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`],
    ['with other order, case and comments', `# a key\n/* of ours */ key K.Test. { secret "${secret}"; // it\n algorithm "HMAC-SHA256"; };`],
  ])('reads a key %s', (_, text) => {
    expect(parseTsigKey(text)).toEqual({ name: 'k.test', algorithm: 'hmac-sha256', secret: Buffer.from(secret, 'base64') })
  })
  it('knows the long name of hmac-md5', () => {
    expect(parseTsigKey('key k { algorithm hmac-md5; secret "AAAA"; };').algorithm).toBe('hmac-md5.sig-alg.reg.int')
  })
  it.each([
    ['nothing', ''],
    ['no block', 'algorithm hmac-sha256;'],
    ['no secret', 'key k { algorithm hmac-sha256; };'],
    ['a secret that is no base64', 'key k { algorithm hmac-sha256; secret "SECRET!"; };'],
    ['an unknown algorithm', 'key k { algorithm hmac-foo; secret "U0VDUkVU"; };'],
    ['a prototype word', 'key k { algorithm constructor; secret "U0VDUkVU"; };'],
    ['an impossible name', 'key "a..b" { algorithm hmac-sha256; secret "U0VDUkVU"; };'],
    ['two keys', 'key a { algorithm hmac-sha256; secret "U0VDUkVU"; }; key b { algorithm hmac-sha256; secret "U0VDUkVU"; };'],
  ])('refuses %s, without quoting a secret', (_, text) => {
    expect(() => parseTsigKey(text)).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.not.stringMatching(/SECRET|U0VDUkVU/) }),
    )
  })
})

describe('sign', () => {
  it('adds one record that other decoders read', () => {
    const packet = packets.decode(signed.octets)
    expect(packet.additionals).toMatchObject([{ type: 'TSIG', name: 'k.test' }])
    expect(signed.octets.subarray(0, 10)).toEqual(update.subarray(0, 10))
    expect(signed.octets.subarray(12, update.length)).toEqual(update.subarray(12))
  })
})

describe('verify', () => {
  const check = (octets: Buffer, now = NOW) => verify(octets, key, { requestMac: signed.mac, now })
  it('takes the right answer within the fudge', () => {
    expect(check(answerOf({ requestMac: signed.mac }))).toEqual({ kind: 'valid' })
    expect(check(answerOf({ requestMac: signed.mac }), NOW + 300)).toEqual({ kind: 'valid' })
  })
  it.each<[string, Buffer]>([
    ['of another request', answerOf({ requestMac: Buffer.alloc(32) })],
    ['signed with another secret', answerOf({ requestMac: signed.mac, with: { ...key, secret: Buffer.from('other') } })],
    ['that is old', answerOf({ requestMac: signed.mac, time: NOW - 301 })],
    ['without a signature', packets.encode({ type: 'response', id: 7, flags: 5 << 11 })],
    ['that is empty', Buffer.alloc(0)],
    ['with octets behind', Buffer.concat([answerOf({ requestMac: signed.mac }), Buffer.from([0])])],
  ])('refuses an answer %s', (_, octets) => {
    expect(check(octets)).toMatchObject({ kind: 'invalid' })
  })
  it('reads what the server holds against us', () => {
    expect(check(answerOf({ requestMac: Buffer.alloc(0), error: 16, rcode: 9 }))).toEqual({ kind: 'refused', error: 'BADSIG' })
    expect(check(answerOf({ requestMac: Buffer.alloc(0), error: 17, rcode: 9 }))).toEqual({ kind: 'refused', error: 'BADKEY' })
  })
  it('never takes a changed answer, and never throws', () => {
    const right = answerOf({ requestMac: signed.mac })
    fc.assert(
      fc.property(fc.nat(right.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(right.length), (at, flip, cut) => {
        const octets = Buffer.from(right)
        octets[at] = (octets[at] ?? 0) ^ flip
        // The id is restored from the signature itself; whoever calls has compared it. Letter case of names is free.
        if (check(octets).kind === 'valid') expect(at < 2 || flip === 0x20).toBe(true)
        if (cut < right.length) expect(check(right.subarray(0, cut)).kind).toBe('invalid')
      }),
      { numRuns: 1_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), octets => void check(Buffer.from(octets))),
      { numRuns: 1_000 },
    )
  })
})

describe('encodeUpdate', () => {
  it('writes zone, conditions and changes as RFC 2136 §2 says', () => {
    const octets = encodeUpdate(
      {
        zone: 'shop.test',
        absent: [{ name: 'a.shop.test', type: 'CNAME' }],
        removeAll: [{ name: 'b.shop.test', type: 'TXT' }],
        remove: [{ type: 'MX', name: 'c.shop.test', ttl: 9, preference: 1, exchange: 'm.test' }],
        add: [{ type: 'CNAME', name: 'd.shop.test', ttl: 60, target: 't.test' }],
      },
      0x1234,
    )
    const at = (name: string, after: string): string => wireName(name).toString('hex') + after
    expect(octets.toString('hex')).toBe(
      [
        '12342800' + '0001' + '0001' + '0003' + '0000',
        at('shop.test', '00060001'),
        at('a.shop.test', '000500fe000000000000'),
        at('b.shop.test', '001000ff000000000000'),
        at('c.shop.test', `000f00fe00000000000a0001${wireName('m.test').toString('hex')}`),
        at('d.shop.test', `000500010000003c0008${wireName('t.test').toString('hex')}`),
      ].join(''),
    )
  })
})
