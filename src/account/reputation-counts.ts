/**
 * What an event adds to the books on which the account's reputation rests. Counted are recipients: those the account sent to, of these the
 * hard bounces, and the complaints. Not counted at all: the mailbox simulator, domains the account has verified itself, and recipients it
 * suppressed or that had unsubscribed, for nothing was sent to them. Soft bounces and automatic replies count as sent and no more.
 * SES facts: concepts §7 and §8, simulator "Accounting".
 */
import { isSimulatorAddress, SIMULATOR_DOMAIN } from '../mail/mailbox-simulator.ts'
import feedbackLoops from './feedback-loops.json' with { type: 'json' }

export interface Counts {
  readonly sent: number
  /** Hard bounces. */
  readonly bounced: number
  /** Of those sent, the ones whose provider would report a complaint. */
  readonly reportable: number
  readonly complained: number
}

export interface CountedEvent {
  /** SES's `eventType`. */
  readonly type: string
  readonly recipients: readonly string[]
  /** The object of its type: `{"bounce":{…}}`. */
  readonly detail: Readonly<Record<string, unknown>>
}

const NOTHING: Counts = { sent: 0, bounced: 0, reportable: 0, complained: 0 }

/** Types of which `countsOf` and `proofOf` make anything. */
export const COUNTED_TYPES = ['Send', 'Bounce', 'Complaint'] as const

/** Bounces of which no server was asked. A global suppression (`Suppressed`) is not among them: it counts. SES fact: concepts §8. */
const NOT_SENT = new Set(['OnAccountSuppressionList', 'OnTenantSuppressionList', 'UnsubscribedRecipient', 'EmailValidationSuppressed'])

/** Whose providers report complaints. SES fact: concepts §7, only their mail counts; §8, Gmail is not among them. */
const REPORTING_DOMAINS = new Set(feedbackLoops.programmes.flatMap(({ domains }) => domains))

/** @param isOwn whether the account has verified the domain itself */
export function countsOf({ type, recipients, detail }: CountedEvent, isOwn: (domain: string) => boolean): Counts {
  const domains = recipients.filter(address => !isSimulatorAddress(address)).map(domainOf)
  const counted = domains.filter(domain => !isOwn(domain))
  const sent = counted.length
  if (sent === 0) return NOTHING
  const reportable = counted.filter(domain => REPORTING_DOMAINS.has(domain)).length
  const subType = text(detail, type.toLowerCase(), `${type.toLowerCase()}SubType`)
  const takenBack = { ...NOTHING, sent: 0 - sent, reportable: 0 - reportable }
  switch (type) {
    case 'Send':
      return { ...NOTHING, sent, reportable }
    case 'Bounce':
      if (NOT_SENT.has(subType)) return takenBack
      return text(detail, 'bounce', 'bounceType') === 'Permanent' ? { ...NOTHING, bounced: sent } : NOTHING
    case 'Complaint':
      if (NOT_SENT.has(subType)) return takenBack
      // RFC 5965 §7.3: a report that something was no spam is none.
      return text(detail, 'complaint', 'complaintFeedbackType') === 'not-spam' ? NOTHING : { ...NOTHING, complained: reportable }
    default:
      return NOTHING
  }
}

/** Handling that the mailbox simulator has shown to work: its bounce or its complaint came back as an event. */
export function proofOf({ type, recipients, detail }: CountedEvent): 'bounce' | 'complaint' | undefined {
  const mailboxes = recipients.filter(isSimulatorAddress).map(simulatorMailbox)
  if (type === 'Bounce' && mailboxes.includes('bounce') && text(detail, 'bounce', 'bounceType') === 'Permanent') return 'bounce'
  return type === 'Complaint' && mailboxes.includes('complaint') ? 'complaint' : undefined
}

/** By the part before `+`, without regard to case. SES fact: simulator, "Addresses". */
const simulatorMailbox = (address: string): string => (address.slice(0, -SIMULATOR_DOMAIN.length - 1).split('+')[0] ?? '').toLowerCase()

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

function text(detail: CountedEvent['detail'], object: string, member: string): string {
  const value = detail[object]
  const found = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[member] : undefined
  return typeof found === 'string' ? found : ''
}
