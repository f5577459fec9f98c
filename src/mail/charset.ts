/**
 * Octets of a named character set to text. Never throws: an unknown name is read as UTF-8 where that fits and as windows-1252 where it
 * does not, which is what mail readers do with undeclared 8-bit text.
 */

/** Names that mail uses and the WHATWG table behind TextDecoder does not know. */
const ALIASES: Readonly<Record<string, string>> = {
  'iso-8859-8-e': 'iso-8859-8',
  'ansi_x3.4-1986': 'us-ascii',
  cp932: 'shift_jis',
  cp936: 'gbk',
  cp949: 'euc-kr',
  cp950: 'big5',
  cp866: 'ibm866',
  cp65001: 'utf-8',
  '8bit': 'utf-8',
  binary: 'utf-8',
  'unicode-1-1-utf-8': 'utf-8',
}

/** No name of a character set is longer; what claims to be one is not looked at. */
const LONGEST_NAME = 100

export function decodeCharset(bytes: Uint8Array, charset: string): string {
  if (charset.length > LONGEST_NAME) return decodeUndeclared(bytes)
  const name = charset
    .trim()
    .toLowerCase()
    .replace(/^["']+|["']+$/g, '')
  if (name === '' || name === 'us-ascii' || name === 'ascii') return decodeUndeclared(bytes)
  if (name === 'utf-7' || name === 'unicode-1-1-utf-7') return decodeUtf7(bytes)
  const label =
    ALIASES[name] ?? name.replace(/^(?:cp|x-cp|ms)-?(125\d|874)$/, 'windows-$1').replace(/^(?:latin|iso8859)[-_]?(\d+)$/, 'iso-8859-$1')
  const decoder = decoderFor(label)
  if (decoder?.encoding === 'windows-1252') return decodeWindows1252(bytes)
  return decoder === undefined ? decodeUndeclared(bytes) : decoder.decode(bytes)
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 when the octets are valid UTF-8, else windows-1252. */
export function decodeUndeclared(bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes)
  } catch {
    return decodeWindows1252(bytes)
  }
}

/** 0x80 to 0x9f of windows-1252; the five octets that it leaves open stay C1 controls, as in the WHATWG table. */
const C1 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** By hand: some releases of Node decode windows-1252 as plain latin1. */
function decodeWindows1252(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, octet => C1[octet.charCodeAt(0) - 0x80] ?? octet)
}

function decoderFor(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label)
  } catch {
    return undefined
  }
}

/** RFC 2152: `+` opens base64 of UTF-16BE, anything outside the alphabet closes it, a closing `-` is swallowed, `+-` is a plus. */
function decodeUtf7(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  return text.replace(/\+([A-Za-z0-9+/]*)-?/g, (_, base64: string) => {
    if (base64 === '') return '+'
    const units = Buffer.from(base64, 'base64')
    const even = units.subarray(0, units.length & ~1)
    return Buffer.from(even).swap16().toString('utf16le')
  })
}
