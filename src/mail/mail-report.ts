/**
 * What a received message reports, when it is a report: a delivery report (RFC 3464, or one of the many formats in words that came
 * before it and never went), a feedback report (RFC 5965) or an automatic answer (RFC 3834). A message that merely talks about a failure
 * is no report. Bounded: the caller gives the first octets of the message, and parts, nesting, fields and recipients have limits.
 */
import { addressesIn, readToldReport } from './bounce-text.ts'
import { type DeliveryStatusGroup, readDeliveryStatus } from './delivery-status.ts'
import { enhancedCode, failureStatus, isAfterData, replyCode } from './failure-status.ts'
import { type Field, fieldValue, type ReportParts, readFields, reportParts } from './report-parts.ts'
import { readSesNotification } from './ses-notification.ts'

export interface ReportedRecipient {
  readonly address: string
  /** As the sender gave it, where mail was forwarded on the way and `address` is another. */
  readonly originalAddress?: string
  /** `failed`, `delayed`, `delivered` …; `''` where the report has none. */
  readonly action: string
  /** Enhanced status code; `''` where nothing tells it. */
  readonly status: string
  /** As written, the type in front: `smtp; 550 5.1.1 …`; `x-text; …` where the report has words only. */
  readonly diagnosticCode: string
  /** Set where the far side had taken the recipient and refused after the content: its `unknown user` may be a filter's word. */
  readonly afterData?: true
}

export interface MailReport {
  readonly kind: 'DSN' | 'ARF' | 'AUTO_REPLY'
  readonly recipients: readonly ReportedRecipient[]
  /** `abuse`, `fraud` …; null unless ARF. */
  readonly feedbackType: string | null
}

/** How much of a message is looked at; reports are small, and what they return of the original comes last. */
export const REPORT_PREFIX_BYTES = 1024 * 1024
const MAX_DIAGNOSTIC = 500

/** @param message its first octets with CRLF line ends  @returns null when it is no report */
export const readReport = (message: Buffer): MailReport | null => reportIn(reportParts(message))

/** The same of a message that is in parts already. */
export function reportIn(parts: ReportParts): MailReport | null {
  const feedback = parts.enclosed.get('message/feedback-report')
  if (feedback !== undefined) return readFeedback(feedback, parts)
  const notified = readSesNotification(parts.text)
  if (notified !== null) return notified
  const recipients = standardRecipients(parts) ?? toldRecipients(parts)
  if (recipients !== null) return { kind: 'DSN', recipients, feedbackType: null }
  return isAutomaticAnswer(parts.header) ? { kind: 'AUTO_REPLY', recipients: [], feedbackType: null } : null
}

/** RFC 3834 §5 and what was there before it; `auto-generated` is a message nobody asked for, not an answer. */
const isAutomaticAnswer = (header: readonly Field[]): boolean =>
  /^auto-(replied|notified)\b/i.test(fieldValue(header, 'auto-submitted')) ||
  /^auto[-_]reply\b/i.test(fieldValue(header, 'precedence')) ||
  header.some(({ name, value }) => /^x-auto-?(reply|respond|response)$/.test(name) && !/^\s*(no|false|0)?\s*$/i.test(value))

/** From `message/delivery-status`, or from its fields in the text of a report that lost its structure. */
function standardRecipients({ enclosed, text, header }: ReportParts): ReportedRecipient[] | null {
  const part = enclosed.get('message/delivery-status') ?? enclosed.get('message/global-delivery-status')
  const stray = part === undefined ? text.search(/^(?:Final|Original)-Recipient[ \t]*:/im) : 0
  if (stray < 0) return null
  const groups = readDeliveryStatus(part ?? text)
  if (groups.length === 0) return part === undefined ? null : (toldRecipients({ enclosed, text, header }) ?? [])
  if (part === undefined && groups.every(({ status, action }) => status === '' || action === '')) return null
  const told = new Map(readToldReport(header, text)?.failures.map(({ address, reason }) => [address.toLowerCase(), reason]) ?? [])
  const only = groups.length === 1 && told.size === 1 ? [...told.values()][0] : undefined
  return groups.map(group => fromGroup(group, told.get(group.address.toLowerCase()) ?? only ?? ''))
}

function fromGroup({ address, originalAddress, action, status, diagnosticCode }: DeliveryStatusGroup, text: string): ReportedRecipient {
  const diagnostic = diagnosticCode.replace(/^[^;:]{0,60};\s*/, '')
  const told = failureStatus({ field: status, diagnostic, text, isDelay: action === 'delayed' })
  const known = action === '' && !told.startsWith('2') ? 'failed' : action
  return {
    address,
    ...(originalAddress !== undefined && { originalAddress }),
    action: known,
    status: told,
    diagnosticCode: diagnosticCode || (text === '' ? '' : diagnosticOf(text)),
    ...stageOf(text),
  }
}

function toldRecipients({ header, text, enclosed }: ReportParts): ReportedRecipient[] | null {
  const told = readToldReport(header, text)
  if (told === null) return null
  const found = told.failures.map(({ address, reason }) => ({
    address,
    action: told.isDelay ? 'delayed' : 'failed',
    status: failureStatus({ field: '', diagnostic: '', text: reason, isDelay: told.isDelay }),
    diagnosticCode: diagnosticOf(reason),
    ...stageOf(reason),
  }))
  return found.length > 0 || enclosed.size === 0 ? found : null
}

const stageOf = (text: string): { readonly afterData?: true } => (isAfterData(text) ? { afterData: true } : {})

/** The reply in the words, from its code on; without one, the words. */
function diagnosticOf(reason: string): string {
  const code = replyCode(reason) ?? enhancedCode(reason)
  const start = code === undefined ? -1 : reason.indexOf(code)
  return start < 0 ? `x-text; ${reason.slice(0, MAX_DIAGNOSTIC)}` : `smtp; ${reason.slice(start, start + MAX_DIAGNOSTIC)}`
}

function readFeedback(feedback: string, { enclosed }: ReportParts): MailReport {
  const fields = readFields(feedback)
  const named = fields.filter(({ name }) => /^(original-rcpt-to|removal-recipient)$/.test(name)).map(({ value }) => withoutType(value))
  const original = enclosed.get('message/rfc822') ?? enclosed.get('text/rfc822-headers') ?? ''
  const addressed = named.length > 0 ? named : addressesIn(fieldValue(readFields(original.split(/\r?\n\r?\n/, 1)[0] ?? ''), 'to'))
  return {
    kind: 'ARF',
    recipients: [...new Set(addressed)].map(address => ({ address, action: '', status: '', diagnosticCode: '' })),
    feedbackType: fieldValue(fields, 'feedback-type').toLowerCase() || 'other',
  }
}

/** `rfc822; ann@example.com` without its type. */
const withoutType = (value: string): string => addressesIn(value)[0] ?? value.trim()
