/**
 * The SMTP door's edge: every error code with the reply that SES gives, text by text. SES facts: smtp, "Reply codes". A code without a row
 * does not compile. Anything that is no MailctlError is 451, and its text stays here.
 */
import { type ErrorCode, MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { Reply } from '../mail/reply.ts'

/** RFC 5321 §4.5.3.1.5: a reply line is 512 octets with its code and CRLF. */
const MAX_TEXT = 500

export const TEMPORARY_FAILURE: Reply = { code: 451, lines: ['Temporary service failure'] }

/** The refusal of the message for what it is, as SES calls it. */
export const transactionFailed = (message: string): Reply => replyIn(554, `Transaction failed: ${message}`)
const accessDenied = (message: string): Reply => replyIn(554, `Access denied: ${message}`)
const messageRejected = (message: string): Reply => replyIn(554, `Message rejected: ${message}`)
const throttled = (message: string): Reply => replyIn(454, `Throttling failure: ${message}`)
const temporary = (): Reply => TEMPORARY_FAILURE

const REPLIES = {
  usage: transactionFailed,
  'bad-data': transactionFailed,
  'no-input': temporary,
  'too-large': () => ({ code: 552, lines: ['Message is too long.'] }),
  'not-found': transactionFailed,
  'already-exists': transactionFailed,
  conflict: transactionFailed,
  'message-rejected': messageRejected,
  'not-verified': messageRejected,
  'mail-from-not-verified': messageRejected,
  sandboxed: transactionFailed,
  'sending-paused': messageRejected,
  'quota-exceeded': () => throttled('Daily message quota exceeded.'),
  'rate-exceeded': () => throttled('Maximum sending rate exceeded.'),
  'limit-exceeded': transactionFailed,
  'timed-out': temporary,
  unreachable: temporary,
  'store-unavailable': temporary,
  config: temporary,
  forbidden: accessDenied,
  interrupted: temporary,
} as const satisfies Record<ErrorCode, (message: string) => Reply>

/** The reply to whoever submitted, for anything that submitting threw. */
export const replyTo = (thrown: unknown): Reply =>
  thrown instanceof MailctlError ? REPLIES[thrown.code](thrown.message) : TEMPORARY_FAILURE

/** Long texts, such as a list of fifty addresses, go on as many lines as they need; nothing but printable ASCII leaves. */
function replyIn(code: number, text: string): Reply {
  const ascii = printable(text).replace(/[^ -~]/g, '?')
  return {
    code,
    lines: ascii.length <= MAX_TEXT ? [ascii] : (ascii.match(/.{1,500}(?: |$)|.{1,500}/g) ?? [ascii]).map(line => line.trimEnd()),
  }
}
