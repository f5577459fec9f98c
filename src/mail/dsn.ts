/**
 * A delivery status notification of our own: RFC 3464 in the multipart/report of RFC 6522, for recipients that failed or have waited long.
 *
 * The caller sends it with the null return path. Words of the failure form as SES has them (SES fact: simulator, feedback mails). Pure:
 * moment and ids are given.
 */
import { formatDate } from './date.ts'
import type { Outcome } from './outcome.ts'
import { asciiLine, reportForm } from './report-form.ts'

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

/** The `From` address of reports. Names under amazonses.com exist in the lab only. */
export const reporterAddress = (network: 'lab' | 'relay' | 'live', hostname: string): string =>
  `MAILER-DAEMON@${network === 'lab' ? 'amazonses.com' : hostname}`

/** @returns the header block with its closing empty line, and the body */
export function composeDsn(request: DsnRequest): { readonly head: Buffer; readonly body: Buffer } {
  const subject = `Delivery Status Notification (${request.kind === 'failed' ? 'Failure' : 'Delay'})`
  return reportForm({ ...request, subject, type: 'delivery-status', text: textOf(request), status: statusOf(request) })
}

function textOf({ kind, recipients }: DsnRequest): string {
  const opening =
    kind === 'failed'
      ? 'An error occurred while trying to deliver the mail to the following recipients:'
      : 'The mail to the following recipients has not been delivered yet; it will be tried again:'
  const lines = recipients.flatMap(({ address, outcome }) => [asciiLine(address), `    ${asciiLine(outcome.reply)}`])
  return [opening, ...lines, ''].join('\r\n')
}

function statusOf({ reportingMta, arrivedAt, kind, recipients }: DsnRequest): string {
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
  return blocks.join('\r\n')
}
