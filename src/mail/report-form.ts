/**
 * The form of all reports: the multipart/report of RFC 6522 with words for people, fields for programs, and the header of the original.
 *
 * Promises 7-bit text with CRLF line ends and lines of at most 998 octets, whatever the far side said or the original carried; says
 * `Auto-Submitted: auto-replied` (RFC 3834), so that no robot answers. Pure: moment and ids are given.
 */
import { formatDate } from './date.ts'

export interface ReportForm {
  readonly from: string
  readonly to: string
  readonly subject: string
  /** Of the report itself, without angle brackets; also makes the boundary. */
  readonly headerMessageId: string
  /** Epoch milliseconds. */
  readonly date: number
  readonly type: 'delivery-status' | 'feedback-report'
  /** Lines for people, each ending in CRLF. */
  readonly text: string
  /** Fields of the `message/…` part, each ending in CRLF. */
  readonly status: string
  /** The header block of the original, with or without its closing empty line. */
  readonly originalHead: Buffer
}

/** More of the original's header is left out, at a field's border. */
const MAX_ORIGINAL_OCTETS = 64 * 1024
const MAX_TEXT = 900

/** @returns the header block with its closing empty line, and the body */
export function reportForm(form: ReportForm): { readonly head: Buffer; readonly body: Buffer } {
  const boundary = `report-${form.headerMessageId.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 60)}`
  const head = [
    `From: ${asciiLine(form.from)}`,
    `To: ${asciiLine(form.to)}`,
    `Subject: ${asciiLine(form.subject)}`,
    `Date: ${formatDate(form.date)}`,
    `Message-ID: <${asciiLine(form.headerMessageId)}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${form.type};\r\n boundary="${boundary}"`,
    '',
    '',
  ].join('\r\n')
  const parts = [
    `Content-Type: text/plain; charset=us-ascii\r\n\r\n${form.text}`,
    `Content-Type: message/${form.type}\r\n\r\n${form.status}`,
    originalPart(form.originalHead),
  ]
  const body = `${parts.map(part => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
  return { head: Buffer.from(head, 'latin1'), body: Buffer.from(body, 'latin1') }
}

/** Only the header: the body may be large or private. 8-bit or overlong lines make it quoted-printable. */
function originalPart(head: Buffer): string {
  const text = `${cutAtField(head.toString('latin1').replace(/(\r\n)+$/, ''))}\r\n`
  const isPlain = /^[\x09\x0a\x0d\x20-\x7e]*$/.test(text) && text.split('\r\n').every(line => line.length <= 998)
  if (isPlain) return `Content-Type: text/rfc822-headers\r\n\r\n${text}`
  return `Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(text)}`
}

function cutAtField(text: string): string {
  if (text.length <= MAX_ORIGINAL_OCTETS) return text
  const cut = text.slice(0, MAX_ORIGINAL_OCTETS)
  const border = [...cut.matchAll(/\r\n(?![ \t])/g)].at(-1)?.index
  return cut.slice(0, border ?? MAX_ORIGINAL_OCTETS)
}

/** RFC 2045 §6.7, of latin1 octets with CRLF line ends. */
function quotedPrintable(text: string): string {
  const hex = (octet: string): string => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return text
    .split('\r\n')
    .map(line => {
      const escaped = line.replace(/[^\x09\x20-\x3c\x3e-\x7e]|[\t ]$/g, hex)
      return (escaped.match(/(?:=[0-9A-F]{2}|[^=]){1,24}/g) ?? []).join('=\r\n')
    })
    .join('\r\n')
}

/** Remote or stored text as one line of printable ASCII. */
export function asciiLine(text: string): string {
  const line = text.replace(/[^\x20-\x7e]/g, '?')
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}...` : line
}
