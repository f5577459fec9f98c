/**
 * Changes the HTML of a message that is in memory, wherever it stands in the tree of parts. A part that was changed is encoded anew: base64 as
 * base64, everything else as quoted-printable. All other octets stay as they are. HTML is looked at as latin1, which every charset
 * of mail agrees with as far as tags and addresses go; parts in others (UTF-16, ISO-2022) stay, as do attachments, and whatever is signed or
 * encrypted. RFC 2045, RFC 2046 §5.1, RFC 1847.
 */
import { parseStructured } from './content-type.ts'
import { findField, type Header, headerField, parseHeader, serializeHeader, withField } from './header.ts'
import { decodeWhole } from './transfer-encoding.ts'

export interface MessageInMemory {
  readonly header: Header
  readonly body: Buffer
}

type Change = (html: string) => string

const MAX_DEPTH = 10
const UNLIKE_ASCII = /^(?:utf-?(?:7|16|32)|iso-2022|hz-|csiso2022)/i

/** @returns the same object when nothing was changed */
export const changeHtmlParts = (message: MessageInMemory, change: Change): MessageInMemory => changed(message, change, 0)

function changed(part: MessageInMemory, change: Change, depth: number): MessageInMemory {
  const { value: type, parameters } = parseStructured(findField(part.header, 'Content-Type')?.value ?? '')
  if (type === 'multipart/signed' || type === 'multipart/encrypted' || depth > MAX_DEPTH) return part
  if (type.startsWith('multipart/')) {
    const body = changedParts(part.body, parameters.get('boundary') ?? '', inner => changed(inner, change, depth + 1))
    return body === part.body ? part : { ...part, body }
  }
  const disposition = findField(part.header, 'Content-Disposition')?.value ?? ''
  if (type !== 'text/html' || /^\s*attachment\b/i.test(disposition) || UNLIKE_ASCII.test(parameters.get('charset') ?? '')) return part
  const encoding = findField(part.header, 'Content-Transfer-Encoding')?.value.trim().toLowerCase() ?? ''
  const html = decodeWhole(part.body, encoding).toString('latin1')
  const next = change(html)
  if (next === html) return part
  const octets = Buffer.from(next, 'latin1')
  if (encoding === 'base64') return { ...part, body: base64Lines(octets) }
  const header = withField(part.header, headerField('Content-Transfer-Encoding', 'quoted-printable'))
  return { header, body: Buffer.from(quotedPrintable(octets), 'latin1') }
}

/** @returns the same Buffer when no part was changed */
function changedParts(body: Buffer, boundary: string, change: (part: MessageInMemory) => MessageInMemory): Buffer {
  if (boundary === '') return body
  const pieces: Buffer[] = []
  let kept = 0
  for (const { start, end } of partsIn(body, `--${boundary}`)) {
    const part = readPart(body.subarray(start, end))
    const next = part && change(part)
    if (next === undefined || next === part) continue
    pieces.push(body.subarray(kept, start), serializeHeader(next.header), withoutLastLineEnd(next.body))
    kept = end
  }
  return pieces.length === 0 ? body : Buffer.concat([...pieces, body.subarray(kept)])
}

/** Where the parts lie, without the line end that belongs to the delimiter behind them. */
function partsIn(body: Buffer, delimiter: string): { readonly start: number; readonly end: number }[] {
  const parts: { start: number; end: number }[] = []
  let start = -1
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + delimiter.length)) {
    if (at > 0 && body[at - 1] !== 0x0a) continue
    const after = body.subarray(at + delimiter.length, at + delimiter.length + 2).toString('latin1')
    const lineEnd = body.indexOf('\r\n', at + delimiter.length)
    // A longer boundary that begins like this one is another.
    if (after !== '--' && !/^[ \t\r]/.test(after)) continue
    if (start >= 0) parts.push({ start, end: Math.max(start, at - 2) })
    if (after === '--' || lineEnd < 0) return parts
    start = lineEnd + 2
  }
  return parts
}

/** @returns undefined for what is no part that can be read */
function readPart(octets: Buffer): MessageInMemory | undefined {
  if (octets.subarray(0, 2).toString('latin1') === '\r\n') return { header: [], body: octets.subarray(2) }
  const end = octets.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  try {
    return { header: parseHeader(octets.subarray(0, end + 2)), body: octets.subarray(end + 4) }
  } catch {
    return undefined
  }
}

const withoutLastLineEnd = (body: Buffer): Buffer => (body.subarray(-2).toString('latin1') === '\r\n' ? body.subarray(0, -2) : body)

const base64Lines = (octets: Buffer): Buffer => Buffer.from(`${octets.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n')}\r\n`, 'latin1')

/** RFC 2045 §6.7: lines of at most 76 characters; line ends stay line ends. */
function quotedPrintable(octets: Buffer): string {
  const text = octets.toString('latin1')
  const lines = text.split('\r\n').map(line => {
    const encoded = line
      .replace(/[^\t -<>-~]/g, octet => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
      .replace(/[\t ]$/, blank => (blank === ' ' ? '=20' : '=09'))
    return encoded.replace(/(?:=[0-9A-F]{2}|[^=]){1,73}(?=.{4})/g, '$&=\r\n')
  })
  const last = lines.at(-1)
  return last === '' ? lines.join('\r\n') : `${lines.join('\r\n')}\r\n`
}
