/**
 * The parts that reports are made of, read as leniently as broken reports need it: lines that are no fields are skipped, a multipart whose
 * boundary never comes is text. Bounded: parts, nesting, fields and text have limits, and the time grows with the octets alone.
 */
import { decodeCharset } from './charset.ts'
import { parseStructured } from './content-type.ts'
import { decodeText } from './encoded-word.ts'
import { decodeWhole } from './transfer-encoding.ts'

export interface Field {
  /** In lower case. */
  readonly name: string
  /** Unfolded, octets as latin1. */
  readonly value: string
}

export interface ReportParts {
  readonly header: readonly Field[]
  /** Decoded, by type: the first `message/…` or `text/rfc822-headers` of each. */
  readonly enclosed: ReadonlyMap<string, string>
  /** What is there for a reader; HTML without its tags only where there is nothing else. */
  readonly text: string
}

const MAX_DEPTH = 5
const MAX_PARTS = 100
const MAX_TEXT = 256 * 1024
const MAX_HEADER = 256 * 1024
const MAX_FIELDS = 2_000
const MAX_VALUE = 8 * 1024

/** @param message with CRLF line ends */
export function reportParts(message: Buffer): ReportParts {
  const found: Found = { enclosed: new Map(), plain: [], html: [], count: 0 }
  collect(message, found, 0)
  const texts = found.plain.length > 0 ? found.plain : found.html.map(withoutTags)
  return { header: splitPart(message).header, enclosed: found.enclosed, text: texts.join('\n').slice(0, MAX_TEXT) }
}

export const fieldValue = (fields: readonly Field[], name: string): string =>
  decodeText(fields.find(field => field.name === name.toLowerCase())?.value ?? '')

/** Fields out of lines; a line that is neither a field nor goes on with one is left out. */
export function readFields(text: string): Field[] {
  const fields: { name: string; values: string[] }[] = []
  for (const line of text.split(/\r?\n/)) {
    const last = fields.at(-1)
    if (/^[ \t]/.test(line)) {
      if (last !== undefined && last.values.length < 100) last.values.push(line.slice(0, MAX_VALUE).trim())
      continue
    }
    const field = /^([!-9;-~]{1,80})[ \t]*:(.*)$/.exec(line.slice(0, MAX_VALUE))
    if (field === null) continue
    if (fields.length === MAX_FIELDS) break
    fields.push({ name: (field[1] ?? '').toLowerCase(), values: [(field[2] ?? '').trim()] })
  }
  return fields.map(({ name, values }) => ({ name, value: values.join(' ').slice(0, MAX_VALUE) }))
}

interface Found {
  readonly enclosed: Map<string, string>
  readonly plain: string[]
  readonly html: string[]
  count: number
}

function collect(part: Buffer, found: Found, depth: number): void {
  found.count += 1
  if (depth > MAX_DEPTH || found.count > MAX_PARTS) return
  const { header, body } = splitPart(part)
  const raw = header.find(({ name }) => name === 'content-type')?.value ?? ''
  const { value: type, parameters } = parseStructured(raw)
  if (type.startsWith('multipart/')) {
    const parts = partsBetween(body, parameters.get('boundary') ?? '')
    for (const inner of parts) collect(inner, found, depth + 1)
    if (parts.length === 0) found.plain.push(body.subarray(0, MAX_TEXT).toString('latin1'))
    return
  }
  const charset = parameters.get('charset') ?? ''
  if (/^(message\/|text\/rfc822-headers)/.test(type)) {
    if (!found.enclosed.has(type)) found.enclosed.set(type, decodeBody(header, body.subarray(0, MAX_TEXT), charset))
    return
  }
  if (type !== '' && !type.startsWith('text')) return
  const texts = type === 'text/html' ? found.html : found.plain
  if (texts.length < 10) texts.push(decodeBody(header, body.subarray(0, MAX_TEXT), charset))
}

export function splitPart(part: Buffer): { readonly header: readonly Field[]; readonly body: Buffer } {
  if (part.subarray(0, 2).toString('latin1') === '\r\n') return { header: [], body: part.subarray(2) }
  const end = part.indexOf('\r\n\r\n')
  const block = part.subarray(0, Math.min(end < 0 ? part.length : end, MAX_HEADER))
  return { header: readFields(block.toString('latin1')), body: end < 0 ? Buffer.alloc(0) : part.subarray(end + 4) }
}

function partsBetween(body: Buffer, boundary: string): Buffer[] {
  const text = body.toString('latin1')
  const delimiter = `--${boundary}`
  const parts: Buffer[] = []
  let start = -1
  if (boundary === '') return parts
  for (let at = text.indexOf(delimiter); at >= 0 && parts.length < MAX_PARTS; at = text.indexOf(delimiter, at + delimiter.length)) {
    if (at > 0 && text.charCodeAt(at - 1) !== 10) continue
    if (start >= 0) parts.push(body.subarray(start, Math.max(start, at - 2)))
    if (text.startsWith('--', at + delimiter.length)) return parts
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return parts
    start = lineEnd + 2
  }
  if (start >= 0 && parts.length < MAX_PARTS) parts.push(body.subarray(start))
  return parts
}

const decodeBody = (header: readonly Field[], body: Buffer, charset: string): string =>
  decodeCharset(decodeWhole(body, fieldValue(header, 'content-transfer-encoding')), charset || 'utf-8')

/** Line by line where the tags are blocks, so that patterns for lines hold. */
const withoutTags = (html: string): string =>
  html
    .replace(/<(style|script|head)\b[^>]{0,500}>/gi, '\u0001<')
    .split('\u0001')
    .map((piece, index) => (index === 0 ? piece : piece.slice(Math.max(0, piece.search(/<\/(style|script|head)/i)))))
    .join('')
    .replace(/<(?:br|\/p|\/div|\/tr|\/td|\/h\d|\/li)\b[^<>]{0,500}>/gi, '\n')
    .replace(/<[a-z!/][^<>]{0,2000}>/gi, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&nbsp;|&#160;/g, ' ')
    .replace(/&amp;/g, '&')
