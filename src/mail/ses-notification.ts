/**
 * The notification of a bounce or a complaint that SES hands to SNS and SNS sends by mail: JSON in the text of a message, with the
 * notification as JSON once more in its `Message`. SES fact: events, "Bounce" and "Complaint". Lines may have been folded on the way.
 */

export interface NotifiedRecipient {
  readonly address: string
  readonly action: string
  readonly status: string
  readonly diagnosticCode: string
}

export interface SesNotification {
  readonly kind: 'DSN' | 'ARF'
  readonly recipients: readonly NotifiedRecipient[]
  readonly feedbackType: string | null
}

type Json = Readonly<Record<string, unknown>>
const MAX_RECIPIENTS = 1_000

/** @returns null when the text is none */
export function readSesNotification(text: string): SesNotification | null {
  if (!/^\s{0,20}\{/.test(text)) return null
  const outer = parsed(text)
  const inner = typeof outer.Message === 'string' ? parsed(outer.Message) : outer
  const bounce = asRecord(inner.bounce)
  if (Array.isArray(bounce.bouncedRecipients))
    return { kind: 'DSN', recipients: recipientsIn(bounce.bouncedRecipients, 'failed'), feedbackType: null }
  const complaint = asRecord(inner.complaint)
  if (!Array.isArray(complaint.complainedRecipients)) return null
  const feedbackType = asText(complaint.complaintFeedbackType) || 'abuse'
  return { kind: 'ARF', recipients: recipientsIn(complaint.complainedRecipients, ''), feedbackType }
}

const recipientsIn = (list: readonly unknown[], action: string): NotifiedRecipient[] =>
  list
    .slice(0, MAX_RECIPIENTS)
    .map(asRecord)
    .filter(({ emailAddress }) => typeof emailAddress === 'string')
    .map(entry => ({
      address: asText(entry.emailAddress),
      action: asText(entry.action) || action,
      status: asText(entry.status),
      diagnosticCode: asText(entry.diagnosticCode),
    }))

function parsed(text: string): Json {
  const end = text.lastIndexOf('}')
  for (const form of [text.slice(0, end + 1), text.slice(0, end + 1).replace(/\r?\n ?/g, '')]) {
    try {
      return asRecord(JSON.parse(form))
    } catch {
      // the other form, or none
    }
  }
  return {}
}

const asRecord = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const asText = (value: unknown): string => (typeof value === 'string' ? value : '')
