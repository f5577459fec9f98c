/** A writer of DER, as much as X.509 needs. ITU-T X.690. Values are built inside out from Buffers; nothing is parsed. */

const tagged = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content])
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff)
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tagged(0x31, ...parts)
export const octetString = (content: Uint8Array): Buffer => tagged(0x04, content)
export const utf8String = (text: string): Buffer => tagged(0x0c, Buffer.from(text))
export const boolean = (value: 'true' | 'false'): Buffer => tagged(0x01, Buffer.from([value === 'true' ? 0xff : 0x00]))
/** `[n] EXPLICIT`. */
export const explicit = (n: number, content: Uint8Array): Buffer => tagged(0xa0 | n, content)
/** `[n] IMPLICIT` over a primitive type. */
export const implicit = (n: number, content: Uint8Array): Buffer => tagged(0x80 | n, content)

/** @param magnitude unsigned, big endian */
export function integer(magnitude: Uint8Array): Buffer {
  let from = 0
  while (from < magnitude.length - 1 && magnitude[from] === 0) from += 1
  const significant = magnitude.subarray(from)
  return tagged(0x02, (significant[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), significant)
}

/** @param unused how many low bits of the last octet do not count */
export const bitString = (content: Uint8Array, unused = 0): Buffer => tagged(0x03, Buffer.from([unused]), content)

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const octets: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    octets.push(...groups)
  }
  return tagged(0x06, Buffer.from(octets))
}

/** UTCTime up to 2049, GeneralizedTime from 2050: RFC 5280 §4.1.2.5. @param at epoch milliseconds, 1970 to 9999 */
export function time(at: number): Buffer {
  const digits = new Date(at).toISOString().slice(0, 19).replace(/[-T:]/g, '')
  return digits < '2050' ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tagged(0x18, Buffer.from(`${digits}Z`))
}
