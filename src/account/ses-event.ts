/**
 * Events in the JSON of SES event publishing: same members, types and nesting. Pure: everything that differs per message comes in.
 *
 * An event is made in two steps. What it alone has to tell is its `EventDetail`, made when it happens; the `mail` object, the same in every
 * event of a message, is put around it by `sesEvent` when it is read. SES facts: events, "mail object" and "Per-type objects".
 */

import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import { classifyBounce, type Lifetime } from './classify-bounce.ts'

export interface EventMail {
  readonly acceptedAt: number
  readonly messageId: string
  readonly accountId: string
  readonly region: string
  readonly identity: string
  readonly source: string
  readonly destination: readonly string[]
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly headersTruncated: boolean
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly replyTo: readonly string[]
  readonly date: string
  readonly subject: string
  readonly tags: Readonly<Record<string, readonly string[]>>
}

/** What is kept of an event: its type and the object of that type, `{"delivery":{…}}`. */
export interface EventDetail {
  readonly type: string
  readonly detail: Readonly<Record<string, unknown>>
  /** The address we sent from, once there was a connection. */
  readonly outgoingIp?: string
}

export type SesEvent = { readonly eventType: string; readonly mail: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>

/** `2026-03-04T10:00:00.100Z`; @param at epoch milliseconds */
export const isoTime = (at: number): string => new Date(at).toISOString()

/** @param rendered false: there never was a message with header fields */
function mailObject(mail: EventMail, rendered: boolean): Record<string, unknown> {
  return {
    timestamp: isoTime(mail.acceptedAt),
    source: mail.source,
    sourceArn: `arn:aws:ses:${mail.region}:${mail.accountId}:identity/${mail.identity}`,
    sendingAccountId: mail.accountId,
    messageId: mail.messageId,
    destination: mail.destination,
    headersTruncated: mail.headersTruncated,
    ...(rendered && { headers: mail.headers.map(([name, value]) => ({ name, value })), commonHeaders: commonHeaders(mail) }),
    tags: mail.tags,
  }
}

const commonHeaders = (mail: EventMail) => ({
  from: [mail.source],
  ...(mail.replyTo.length > 0 && { replyTo: mail.replyTo }),
  ...(mail.date !== '' && { date: mail.date }),
  ...(mail.to.length > 0 && { to: mail.to }),
  ...(mail.cc.length > 0 && { cc: mail.cc }),
  ...(mail.bcc.length > 0 && { bcc: mail.bcc }),
  messageId: mail.messageId,
  subject: mail.subject,
})

/** The whole event. From Delivery on it carries the address we sent from, as a tag. */
export function sesEvent(mail: EventMail, { type, detail, outgoingIp }: EventDetail): SesEvent {
  const sent = outgoingIp === undefined ? mail : { ...mail, tags: { ...mail.tags, 'ses:outgoing-ip': [outgoingIp] } }
  return { eventType: type, mail: mailObject(sent, type !== 'Rendering Failure'), ...detail }
}

export const SEND: EventDetail = { type: 'Send', detail: { send: {} } }

/** Instead of every other event after Send: the template could not be filled. @param errorMessage SES fact: events "Rendering Failure" */
export const renderingFailureEvent = (failure: { readonly templateName: string; readonly errorMessage: string }): EventDetail => ({
  type: 'Rendering Failure',
  detail: { failure },
})

export interface DeliveryFacts {
  readonly at: number
  readonly acceptedAt: number
  readonly recipients: readonly string[]
  readonly outcome: Outcome
  readonly reportingMta: string
}

export function deliveryEvent({ at, acceptedAt, recipients, outcome, reportingMta }: DeliveryFacts): EventDetail {
  return {
    type: 'Delivery',
    detail: {
      delivery: {
        timestamp: isoTime(at),
        processingTimeMillis: Math.max(0, at - acceptedAt),
        recipients,
        smtpResponse: outcome.reply,
        ...(outcome.remote?.ip !== undefined && { remoteMtaIp: outcome.remote.ip }),
        reportingMTA: reportingMta,
      },
    },
  }
}

export interface FailedRecipient {
  readonly address: string
  readonly outcome: Outcome
  /** A report says so: the far side had taken the recipient before it refused. */
  readonly afterData?: boolean
}

export interface FailureFacts {
  readonly at: number
  readonly failed: readonly FailedRecipient[]
  readonly lifetime: Lifetime
  readonly reportingMta: string
  readonly feedbackId: string
}

/** One event for recipients that failed alike; the class is that of the first. */
export function bounceEvent({ at, failed, lifetime, reportingMta, feedbackId }: FailureFacts): EventDetail {
  const [first] = failed
  if (first === undefined) throw new Error('a bounce event needs a recipient')
  const ip = first.outcome.remote?.ip
  return {
    type: 'Bounce',
    detail: {
      bounce: {
        feedbackId,
        ...bounceClass(first, lifetime),
        bouncedRecipients: failed.map(({ address, outcome }) => ({
          emailAddress: address,
          action: 'failed',
          status: outcome.status,
          diagnosticCode: `smtp; ${outcome.reply}`,
        })),
        timestamp: isoTime(at),
        ...(ip !== undefined && { remoteMtaIp: ip }),
        reportingMTA: `dns; ${reportingMta}`,
      },
    },
  }
}

/** The simulator's bounce is `General`, whatever its text says. SES fact: simulator, "Payload details". */
export const bounceClass = ({ address, outcome, afterData }: FailedRecipient, lifetime: Lifetime): ReturnType<typeof classifyBounce> =>
  isSimulatorAddress(address) && outcome.status.startsWith('5.')
    ? { bounceType: 'Permanent', bounceSubType: 'General' }
    : classifyBounce(outcome, lifetime, afterData)

export interface AnswerFacts {
  readonly at: number
  readonly recipients: readonly string[]
  readonly feedbackId: string
}

/** An automatic answer, out of office for one: the address is good, and no server reported anything. SES fact: simulator, "Payload details". */
export const answerEvent = ({ at, recipients, feedbackId }: AnswerFacts): EventDetail => ({
  type: 'Bounce',
  detail: {
    bounce: {
      feedbackId,
      bounceType: 'Transient',
      bounceSubType: 'General',
      bouncedRecipients: recipients.map(emailAddress => ({ emailAddress })),
      timestamp: isoTime(at),
    },
  },
})

export interface ComplaintFacts extends AnswerFacts {
  /** As the report has it; what SES has no word for is `other`. */
  readonly feedbackType: string
  /** Of the reporter, where it says so. */
  readonly userAgent?: string
  /** When the message came there, in epoch milliseconds. */
  readonly arrivedAt?: number
}

/** SES fact: events "Complaint". */
const FEEDBACK_TYPES: ReadonlySet<string> = new Set(['abuse', 'auth-failure', 'fraud', 'not-spam', 'other', 'virus'])

export const complaintEvent = ({ at, recipients, feedbackId, feedbackType, userAgent, arrivedAt }: ComplaintFacts): EventDetail => ({
  type: 'Complaint',
  detail: {
    complaint: {
      feedbackId,
      complaintSubType: null,
      complainedRecipients: recipients.map(emailAddress => ({ emailAddress })),
      timestamp: isoTime(at),
      ...(userAgent !== undefined && { userAgent }),
      complaintFeedbackType: FEEDBACK_TYPES.has(feedbackType) ? feedbackType : 'other',
      ...(arrivedAt !== undefined && { arrivalDate: isoTime(arrivedAt) }),
    },
  },
})

/** Instead of every other event after Send: the content is harmful. SES fact: events "Reject". */
export const REJECT: EventDetail = { type: 'Reject', detail: { reject: { reason: 'Bad content' } } }

export interface DelayFacts {
  readonly at: number
  readonly delayed: readonly { readonly address: string; readonly outcome: Outcome }[]
  readonly expiresAt: number
  readonly reportingMta: string
}

export function deliveryDelayEvent({ at, delayed, expiresAt, reportingMta }: DelayFacts): EventDetail {
  const [first] = delayed
  if (first === undefined) throw new Error('a delay event needs a recipient')
  return {
    type: 'DeliveryDelay',
    detail: {
      deliveryDelay: {
        timestamp: isoTime(at),
        delayType: delayType(first.outcome),
        expirationTime: isoTime(expiresAt),
        delayedRecipients: delayed.map(({ address, outcome }) => ({
          emailAddress: address,
          status: outcome.status,
          diagnosticCode: `smtp; ${outcome.reply}`,
        })),
        reportingMTA: reportingMta,
      },
    },
  }
}

/** SES fact: events "DeliveryDelay", choice of delayType. */
export function delayType({ status, reply }: Outcome): string {
  if (status === '4.2.2') return 'MailboxFull'
  if (status.startsWith('4.4.')) return 'TransientCommunicationFailure'
  if (/\brate\b|too many|throttl/i.test(reply)) return 'IPFailure'
  if (/spam|junk/i.test(reply)) return 'SpamDetected'
  return 'RecipientServerError'
}
