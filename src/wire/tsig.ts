/**
 * Transaction signatures: a request signed with a shared secret, and the answer checked against it. Works on wire octets, because the MAC
 * covers exactly those. The MAC is compared in constant time before anything in the answer is believed. RFC 8945 §4 and §5.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { TSIG_HASHES, type TsigKey } from './tsig-key.ts'

const TYPE_TSIG = 250
const CLASS_ANY = 255
/** Seconds by which clocks may differ. RFC 8945 §10. */
const FUDGE_SECONDS = 300

export interface Signed {
  readonly octets: Buffer
  /** Goes into the MAC of the answer. */
  readonly mac: Buffer
}

export type TsigVerdict =
  | { readonly kind: 'valid' }
  /** The answer carries no signature, or none that can be right. */
  | { readonly kind: 'invalid'; readonly detail: string }
  /** The server says what it holds against our signature; such answers may be unsigned, so they can only explain a failure. */
  | { readonly kind: 'refused'; readonly error: 'BADSIG' | 'BADKEY' | 'BADTIME' | 'BADTRUNC'; readonly serverTime?: number }

/** A name as wire octets, lower case, uncompressed. */
export function wireName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.')
  return Buffer.concat([
    ...labels.flatMap(label => [Buffer.from([label.length]), Buffer.from(label.toLowerCase(), 'latin1')]),
    Buffer.from([0]),
  ])
}

const uint16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff])
const uint48 = (value: number): Buffer => {
  const octets = Buffer.alloc(6)
  octets.writeUIntBE(value, 0, 6)
  return octets
}

interface Variables {
  readonly time: number
  readonly fudge: number
  readonly error: number
  readonly other: Buffer
}

/** RFC 8945 §4.3.3: what is digested beside the message. */
const variables = (key: TsigKey, { time, fudge, error, other }: Variables): Buffer =>
  Buffer.concat([
    wireName(key.name),
    uint16(CLASS_ANY),
    Buffer.alloc(4),
    wireName(key.algorithm),
    uint48(time),
    uint16(fudge),
    uint16(error),
    uint16(other.length),
    other,
  ])

const digest = (key: TsigKey, ...parts: readonly Buffer[]): Buffer => {
  const hmac = createHmac(TSIG_HASHES[key.algorithm], key.secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** @param message a whole DNS message without TSIG  @param now seconds since 1970, by the machine's clock as servers compare it with theirs */
export function sign(message: Buffer, key: TsigKey, now: number): Signed {
  const values = { time: now, fudge: FUDGE_SECONDS, error: 0, other: Buffer.alloc(0) }
  const mac = digest(key, message, variables(key, values))
  const data = Buffer.concat([
    wireName(key.algorithm),
    uint48(now),
    uint16(FUDGE_SECONDS),
    uint16(mac.length),
    mac,
    message.subarray(0, 2),
    uint16(0),
    uint16(0),
  ])
  const head = Buffer.concat([wireName(key.name), uint16(TYPE_TSIG), uint16(CLASS_ANY), Buffer.alloc(4), uint16(data.length)])
  const octets = Buffer.concat([message, head, data])
  octets.writeUInt16BE(octets.readUInt16BE(10) + 1, 10)
  return { octets, mac }
}

/** Checks the answer to a signed request. Never throws. @param now seconds since 1970 */
export function verify(
  answer: Buffer,
  key: TsigKey,
  { requestMac, now }: { readonly requestMac: Buffer; readonly now: number },
): TsigVerdict {
  try {
    return verified(answer, key, requestMac, now)
  } catch {
    return { kind: 'invalid', detail: 'the answer is not a whole DNS message' }
  }
}

function verified(answer: Buffer, key: TsigKey, requestMac: Buffer, now: number): TsigVerdict {
  const start = lastAdditional(answer)
  if (start === undefined) return { kind: 'invalid', detail: 'the answer is not signed' }
  const read = new Reader(answer, start)
  const name = read.name()
  const [type, klass] = [read.uint16(), read.uint16()]
  if (type !== TYPE_TSIG || klass !== CLASS_ANY) return { kind: 'invalid', detail: 'the answer is not signed' }
  const [ttlHigh, ttlLow, length] = [read.uint16(), read.uint16(), read.uint16()]
  if (ttlHigh !== 0 || ttlLow !== 0 || read.at + length !== answer.length)
    return { kind: 'invalid', detail: 'the signature is not the last record, or not well formed' }
  const algorithm = read.name()
  const time = read.uint48()
  const fudge = read.uint16()
  const mac = read.take(read.uint16())
  const originalId = read.take(2)
  const error = read.uint16()
  const other = read.take(read.uint16())
  if (read.at !== answer.length) return { kind: 'invalid', detail: 'the signature is not well formed' }
  const ERRORS: Readonly<Record<number, 'BADSIG' | 'BADKEY' | 'BADTIME' | 'BADTRUNC'>> = {
    16: 'BADSIG',
    17: 'BADKEY',
    18: 'BADTIME',
    22: 'BADTRUNC',
  }
  const refusal = ERRORS[error]
  if (refusal) return { kind: 'refused', error: refusal, ...(other.length === 6 ? { serverTime: other.readUIntBE(0, 6) } : {}) }
  if (name !== key.name || algorithm !== key.algorithm) return { kind: 'invalid', detail: 'the answer is signed with another key' }
  const message = Buffer.from(answer.subarray(0, start))
  message.writeUInt16BE(message.readUInt16BE(10) - 1, 10)
  originalId.copy(message, 0)
  const expected = digest(key, uint16(requestMac.length), requestMac, message, variables(key, { time, fudge, error, other }))
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected))
    return { kind: 'invalid', detail: 'the signature of the answer is wrong' }
  if (Math.abs(now - time) > fudge) return { kind: 'invalid', detail: 'the answer was signed at another time' }
  return { kind: 'valid' }
}

/** Where the last record of the additional section starts. */
function lastAdditional(message: Buffer): number | undefined {
  const counts = [4, 6, 8, 10].map(at => message.readUInt16BE(at))
  const [questions = 0, ...records] = counts
  if ((counts[3] ?? 0) === 0) return undefined
  const read = new Reader(message, 12)
  for (let left = questions; left > 0; left -= 1) {
    read.name()
    read.skip(4)
  }
  for (let left = records.reduce((sum, count) => sum + count, 0); left > 1; left -= 1) {
    read.name()
    read.skip(8)
    read.skip(read.uint16())
  }
  return read.at
}

/** Reads forward; every step beyond the end throws RangeError. */
class Reader {
  at: number
  readonly #octets: Buffer

  constructor(octets: Buffer, at: number) {
    this.#octets = octets
    this.at = at
  }

  uint16(): number {
    return this.take(2).readUInt16BE(0)
  }

  uint48(): number {
    return this.take(6).readUIntBE(0, 6)
  }

  skip(count: number): void {
    this.take(count)
  }

  take(count: number): Buffer {
    if (this.at + count > this.#octets.length) throw new RangeError('the message ends too early')
    this.at += count
    return this.#octets.subarray(this.at - count, this.at)
  }

  /** Lower case; pointers lead backwards only, so every name ends. RFC 1035 §4.1.4. */
  name(): string {
    const labels: string[] = []
    let at = this.at
    let end: number | undefined
    let before = at
    for (;;) {
      const length = this.#octets.readUInt8(at)
      if (length === 0) {
        this.at = end ?? at + 1
        return labels.join('.').toLowerCase()
      }
      if (length >= 0xc0) {
        const target = this.#octets.readUInt16BE(at) & 0x3fff
        end ??= at + 2
        if (target >= before) throw new RangeError('a name points forward')
        before = target
        at = target
        continue
      }
      if (length > 63 || at + 1 + length > this.#octets.length) throw new RangeError('not a name')
      labels.push(this.#octets.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
  }
}
