/**
 * A delivery status notification of our own: RFC 3464 in the multipart/report of RFC 6522, for recipients that failed or have waited long.
 *
 * Promises 7-bit text with CRLF line ends and lines of at most 998 octets, whatever the far side said or the original carried; says
 * `Auto-Submitted: auto-replied` (RFC 3834), so that no robot answers. The caller sends it with the null return path. Words of the failure
 * form as SES has them (SES fact: simulator, feedback mails). Pure: moment and ids are given.
 */
import { formatDate } from './date.ts'
import type { Outcome } from './outcome.ts'

export interface DsnRecipient {
  readonly address: string
  readonly outcome: Outcome
  /** Epoch milliseconds. */
  readonly lastAttemptAt: number
  /** For a delay: until when delivery is tried. */
  readonly willRetryUntil?: number
}

export interface DsnRequest {
  readonly kind: 'failed' | 'delayed'
  /** The `From` address: see `reporterAddress`. */
  readonly from: string
  /** The return path of the original. */
  readonly to: string
  /** Host name of the reporting MTA. */
  readonly reportingMta: string
  /** Of the report itself, without angle brackets; also makes the boundary. */
  readonly headerMessageId: string
  /** Epoch milliseconds. */
  readonly date: number
  /** When we accepted the original. */
  readonly arrivedAt: number
  readonly recipients: readonly DsnRecipient[]
  /** The header block of the original, with or without its closing empty line. */
  readonly originalHead: Buffer
}

/** More of the original's header is left out, at a field's border. */
const MAX_ORIGINAL_OCTETS = 64 * 1024
const MAX_TEXT = 900

/** The `From` address of reports. Names under amazonses.com exist in the lab only. */
export const reporterAddress = (network: 'lab' | 'relay' | 'live', hostname: string): string =>
  `MAILER-DAEMON@${network === 'lab' ? 'amazonses.com' : hostname}`

/** @returns the header block with its closing empty line, and the body */
export function composeDsn(request: DsnRequest): { readonly head: Buffer; readonly body: Buffer } {
  const boundary = `report-${request.headerMessageId.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 60)}`
  const head = [
    `From: ${asciiLine(request.from)}`,
    `To: ${asciiLine(request.to)}`,
    `Subject: Delivery Status Notification (${request.kind === 'failed' ? 'Failure' : 'Delay'})`,
    `Date: ${formatDate(request.date)}`,
    `Message-ID: <${asciiLine(request.headerMessageId)}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"`,
    '',
    '',
  ].join('\r\n')
  const parts = [textPart(request), statusPart(request), originalPart(request.originalHead)]
  const body = `${parts.map(part => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
  return { head: Buffer.from(head, 'latin1'), body: Buffer.from(body, 'latin1') }
}

function textPart({ kind, recipients }: DsnRequest): string {
  const opening =
    kind === 'failed'
      ? 'An error occurred while trying to deliver the mail to the following recipients:'
      : 'The mail to the following recipients has not been delivered yet; it will be tried again:'
  const lines = recipients.flatMap(({ address, outcome }) => [asciiLine(address), `    ${asciiLine(outcome.reply)}`])
  return ['Content-Type: text/plain; charset=us-ascii', '', opening, ...lines, ''].join('\r\n')
}

function statusPart({ reportingMta, arrivedAt, kind, recipients }: DsnRequest): string {
  const aboutMessage = [`Reporting-MTA: dns; ${asciiLine(reportingMta)}`, `Arrival-Date: ${formatDate(arrivedAt)}`]
  const groups = recipients.map(({ address, outcome, lastAttemptAt, willRetryUntil }) => [
    `Final-Recipient: rfc822; ${asciiLine(address)}`,
    `Action: ${kind}`,
    `Status: ${outcome.status}`,
    ...(outcome.remote ? [`Remote-MTA: dns; ${asciiLine(outcome.remote.name)}`] : []),
    `Diagnostic-Code: smtp; ${asciiLine(outcome.reply)}`,
    `Last-Attempt-Date: ${formatDate(lastAttemptAt)}`,
    ...(kind === 'delayed' && willRetryUntil !== undefined ? [`Will-Retry-Until: ${formatDate(willRetryUntil)}`] : []),
  ])
  const blocks = [aboutMessage, ...groups].map(fields => `${fields.join('\r\n')}\r\n`)
  return `Content-Type: message/delivery-status\r\n\r\n${blocks.join('\r\n')}`
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
function asciiLine(text: string): string {
  const line = text.replace(/[^\x20-\x7e]/g, '?')
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}...` : line
}
