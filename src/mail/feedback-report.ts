/**
 * What recipients' side sends back for a message it took: a complaint (RFC 5965) in the form of all reports, and an automatic answer
 * (RFC 3834). Made by the lab's receivers, and by us when a complaint is passed on to the sender. The caller sends them with the null
 * return path. Pure: moment and ids are given.
 */
import { formatDate } from './date.ts'
import { asciiLine, reportForm } from './report-form.ts'

export interface Complaint {
  readonly from: string
  readonly to: string
  /** Of the report itself, without angle brackets. */
  readonly headerMessageId: string
  /** Epoch milliseconds. */
  readonly date: number
  /** `abuse`, `fraud` …: RFC 5965 §7.3. */
  readonly feedbackType: string
  readonly userAgent: string
  /** Envelope of the original. */
  readonly originalMailFrom: string
  readonly recipients: readonly string[]
  /** When the original came, in epoch milliseconds. */
  readonly arrivedAt: number
  /** Who handed it over; absent where it is not known. */
  readonly sourceIp?: string
  readonly originalSubject: string
  readonly originalHead: Buffer
}

/** @returns the header block with its closing empty line, and the body */
export function composeComplaint(complaint: Complaint): { readonly head: Buffer; readonly body: Buffer } {
  const { feedbackType, userAgent, originalMailFrom, recipients, arrivedAt, sourceIp, originalSubject } = complaint
  const domain = originalMailFrom.slice(originalMailFrom.lastIndexOf('@') + 1)
  const status = [
    `Feedback-Type: ${asciiLine(feedbackType)}`,
    `User-Agent: ${asciiLine(userAgent)}`,
    'Version: 1',
    `Original-Mail-From: <${asciiLine(originalMailFrom)}>`,
    ...recipients.map(address => `Original-Rcpt-To: <${asciiLine(address)}>`),
    `Arrival-Date: ${formatDate(arrivedAt)}`,
    ...(domain === '' ? [] : [`Reported-Domain: ${asciiLine(domain)}`]),
    ...(sourceIp === undefined ? [] : [`Source-IP: ${asciiLine(sourceIp)}`]),
    '',
  ].join('\r\n')
  const text = ['This is an email abuse report for a message that was received by:', ...recipients.map(asciiLine), ''].join('\r\n')
  return reportForm({ ...complaint, subject: `FW: ${originalSubject}`, type: 'feedback-report', text, status })
}

export interface AutomaticAnswer {
  readonly from: string
  readonly to: string
  readonly headerMessageId: string
  readonly date: number
  /** Of the message that is answered. */
  readonly originalSubject: string
  /** Without angle brackets; `''` where it has none. */
  readonly originalMessageId: string
  readonly text: string
}

/** @returns the header block with its closing empty line, and the body */
export function composeAnswer(answer: AutomaticAnswer): { readonly head: Buffer; readonly body: Buffer } {
  const { originalMessageId } = answer
  const head = [
    `From: ${asciiLine(answer.from)}`,
    `To: ${asciiLine(answer.to)}`,
    `Subject: ${asciiLine(`Out of office: ${answer.originalSubject}`)}`,
    `Date: ${formatDate(answer.date)}`,
    `Message-ID: <${asciiLine(answer.headerMessageId)}>`,
    ...(originalMessageId === ''
      ? []
      : [`In-Reply-To: <${asciiLine(originalMessageId)}>`, `References: <${asciiLine(originalMessageId)}>`]),
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    '',
  ].join('\r\n')
  return { head: Buffer.from(head, 'latin1'), body: Buffer.from(`${asciiLine(answer.text)}\r\n`, 'latin1') }
}
