/**
 * Encoded words, RFC 2047: text of any script inside ASCII header fields. Encoding gives words of at most 75 characters that never split
 * a character; decoding is lenient, joins adjacent words before the character set is applied, and never throws.
 */
import { isAscii } from 'node:buffer'
import { decodeCharset } from './charset.ts'

const WORD = /=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?([^?]*)\?=/gi
/** Octets of UTF-8 in one word: 75 − `=?UTF-8?B?` − `?=` is 63 characters of base64. */
const WORD_OCTETS = 45

/** Whether the text can stand in a field as it is: printable ASCII that nothing would take for an encoded word. */
export const isPlainText = (text: string): boolean => /^[\x20-\x7e]*$/.test(text) && !text.includes('=?')

/** Words joined by spaces, so that the field can be folded between them; plain ASCII text comes back as it is. */
export function encodeText(text: string): string {
  return isPlainText(text) ? text : encodeWords(text)
}

/** Always encoded words, also for ASCII. */
export function encodeWords(text: string): string {
  const words: string[] = []
  let octets: Buffer[] = []
  let length = 0
  for (const character of text) {
    const bytes = Buffer.from(character, 'utf8')
    if (length + bytes.length > WORD_OCTETS) {
      words.push(word(octets))
      octets = []
      length = 0
    }
    octets.push(bytes)
    length += bytes.length
  }
  if (length > 0) words.push(word(octets))
  return words.join(' ')
}

const word = (octets: readonly Buffer[]): string => `=?UTF-8?B?${Buffer.concat(octets).toString('base64')}?=`

interface Word {
  readonly charset: string
  readonly octets: Buffer
}

/**
 * Field octets (latin1) to text for display: encoded words decoded, white space between two of them dropped, raw 8-bit octets read as
 * UTF-8.
 */
export function decodeText(latin1: string): string {
  // Nearly every field is plain, and need not be looked at word by word.
  if (!latin1.includes('=?')) return decodeOctets(latin1)
  let out = ''
  let run: Word[] = []
  let last = 0
  for (const match of latin1.matchAll(WORD)) {
    const between = latin1.slice(last, match.index)
    if (run.length === 0 || /\S/.test(between)) {
      out += decodeRun(run) + decodeOctets(between)
      run = []
    }
    const [whole, charset = '', encoding = '', payload = ''] = match
    run.push({ charset: charset.toLowerCase(), octets: encoding.toLowerCase() === 'b' ? Buffer.from(payload, 'base64') : decodeQ(payload) })
    last = match.index + whole.length
  }
  return out + decodeRun(run) + decodeOctets(latin1.slice(last))
}

/** Neighbours of one character set are joined first: senders do split characters between words. */
function decodeRun(run: readonly Word[]): string {
  let out = ''
  for (let start = 0; start < run.length; ) {
    const charset = run[start]?.charset ?? ''
    let end = start
    while (end < run.length && run[end]?.charset === charset) end += 1
    out += decodeCharset(Buffer.concat(run.slice(start, end).map(({ octets }) => octets)), charset)
    start = end
  }
  return out
}

function decodeQ(payload: string): Buffer {
  const text = payload.replace(/_/g, ' ').replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}

/** Raw octets of a field are UTF-8 (RFC 6532); what is not is shown as U+FFFD rather than as a letter that somebody may have meant. */
const decodeOctets = (latin1: string): string => {
  const octets = Buffer.from(latin1, 'latin1')
  return isAscii(octets) ? latin1 : new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets)
}
