/**
 * What a received message reports, when it is a report: a delivery report (RFC 3464), a feedback report (RFC 5965) or an automatic answer
 * (RFC 3834). Reads the machine-readable parts only; a message that merely talks about a failure is no report. Bounded: the caller gives
 * the first octets of the message, and parts, nesting and fields have limits.
 */
import { decodeText } from './encoded-word.ts'
import { findField, type Header, parseHeader } from './header.ts'

export interface ReportedRecipient {
  readonly address: string
  /** `failed`, `delayed`, `delivered` …; `''` where the report has none. */
  readonly action: string
  /** Enhanced status code; `''` where the report has none. */
  readonly status: string
  /** As written, the type in front: `smtp; 550 5.1.1 …`. */
  readonly diagnosticCode: string
}

export interface MailReport {
  readonly kind: 'DSN' | 'ARF' | 'AUTO_REPLY'
  readonly recipients: readonly ReportedRecipient[]
  /** `abuse`, `fraud` …; null unless ARF. */
  readonly feedbackType: string | null
}

/** How much of a message is looked at; reports are small, and what they return of the original comes last. */
export const REPORT_PREFIX_BYTES = 1024 * 1024
const MAX_DEPTH = 5
const MAX_PARTS = 100

/** @param message its first octets with CRLF line ends  @returns null when it is no report */
export function readReport(message: Buffer): MailReport | null {
  const parts = new Map<string, string>()
  collectParts(message, parts, { depth: 0, count: 0 })
  const feedback = parts.get('message/feedback-report')
  if (feedback !== undefined) return readFeedback(feedback, parts)
  const delivery = parts.get('message/delivery-status') ?? parts.get('message/global-delivery-status')
  if (delivery !== undefined) return { kind: 'DSN', recipients: readDeliveryStatus(delivery), feedbackType: null }
  const { header } = splitPart(message)
  if (!isAutomaticAnswer(header)) return null
  return { kind: 'AUTO_REPLY', recipients: [], feedbackType: null }
}

/** RFC 3834 §5; `auto-generated` is a message nobody asked for, not an answer. */
const isAutomaticAnswer = (header: Header): boolean => /^auto-(replied|notified)\b/i.test(findField(header, 'Auto-Submitted')?.value ?? '')

function splitPart(part: Buffer): { header: Header; body: Buffer } {
  const headless = part.subarray(0, 2).toString('latin1') === '\r\n'
  const end = headless ? 0 : part.indexOf('\r\n\r\n')
  const block = headless ? Buffer.alloc(0) : end < 0 ? part : part.subarray(0, end + 2)
  const body = headless ? part.subarray(2) : end < 0 ? Buffer.alloc(0) : part.subarray(end + 4)
  try {
    return { header: parseHeader(block), body }
  } catch {
    return { header: [], body }
  }
}

/** Decoded text of the parts that reports are made of, by type; the first of a type counts. */
function collectParts(part: Buffer, found: Map<string, string>, place: { readonly depth: number; count: number }): void {
  place.count += 1
  if (place.depth > MAX_DEPTH || place.count > MAX_PARTS) return
  const { header, body } = splitPart(part)
  const contentType = findField(header, 'Content-Type')?.value ?? 'text/plain'
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type.startsWith('multipart/')) {
    const boundary = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(contentType)
    const delimiter = (boundary?.[1] ?? boundary?.[2] ?? '').replace(/\\(.)/g, '$1')
    if (delimiter !== '')
      for (const inner of partsBetween(body, delimiter)) collectParts(inner, found, { ...place, depth: place.depth + 1 })
    return
  }
  if (/^(message\/|text\/rfc822-headers)/.test(type) && !found.has(type)) found.set(type, decodeBody(header, body))
}

function partsBetween(body: Buffer, boundary: string): Buffer[] {
  const text = body.toString('latin1')
  const delimiter = `--${boundary}`
  const parts: Buffer[] = []
  let start = -1
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

function decodeBody(header: Header, body: Buffer): string {
  const encoding = (findField(header, 'Content-Transfer-Encoding')?.value ?? '').toLowerCase()
  if (encoding === 'base64') return Buffer.from(body.toString('latin1'), 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body.toString('utf8')
  const octets = body
    .toString('latin1')
    .replace(/[ \t]*=\r\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1').toString('utf8')
}

/** Groups of fields with empty lines between them; a group that is no header is skipped. */
function fieldGroups(text: string): Header[] {
  return text
    .replace(/\r?\n/g, '\r\n')
    .split(/(?:\r\n){2,}/)
    .filter(group => group.trim() !== '')
    .flatMap(group => {
      try {
        return [parseHeader(Buffer.from(`${group.trim()}\r\n`, 'latin1'))]
      } catch {
        return []
      }
    })
}

const fieldValue = (header: Header, name: string): string => decodeText(findField(header, name)?.value ?? '')

/** `rfc822; ann@example.com` without its type. RFC 3464 §2.1.2. */
const withoutType = (value: string): string =>
  value
    .replace(/^[^;@]*;\s*/, '')
    .replace(/^<|>$/g, '')
    .trim()

function readDeliveryStatus(text: string): ReportedRecipient[] {
  return fieldGroups(text).flatMap(group => {
    const address = withoutType(fieldValue(group, 'Final-Recipient') || fieldValue(group, 'Original-Recipient'))
    if (address === '') return []
    const status = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(fieldValue(group, 'Status'))?.[0] ?? ''
    return [{ address, action: fieldValue(group, 'Action').toLowerCase(), status, diagnosticCode: fieldValue(group, 'Diagnostic-Code') }]
  })
}

function readFeedback(text: string, parts: ReadonlyMap<string, string>): MailReport {
  const [fields = []] = fieldGroups(text)
  const named = fields.filter(({ name }) => /^(original-rcpt-to|removal-recipient)$/i.test(name)).map(({ value }) => withoutType(value))
  const original = parts.get('message/rfc822') ?? parts.get('text/rfc822-headers') ?? ''
  const addressed = named.length > 0 ? named : recipientsOfOriginal(original)
  return {
    kind: 'ARF',
    recipients: [...new Set(addressed)].map(address => ({ address, action: '', status: '', diagnosticCode: '' })),
    feedbackType: fieldValue(fields, 'Feedback-Type').toLowerCase() || 'other',
  }
}

function recipientsOfOriginal(original: string): string[] {
  const { header } = splitPart(Buffer.from(original.replace(/\r?\n/g, '\r\n'), 'utf8'))
  return [...(findField(header, 'To')?.value ?? '').matchAll(/[^\s<>,;"]+@[^\s<>,;"]+/g)].map(([address]) => address)
}
