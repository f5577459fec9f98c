/**
 * Events in the JSON of SES event publishing: same members, types and nesting. Pure: everything that differs per message comes in.
 * SES facts: events, "mail object" and "Per-type objects".
 */

import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import { classifyBounce } from './classify-bounce.ts'

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

export type SesEvent = { readonly eventType: string; readonly mail: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>

/** `2026-03-04T10:00:00.100Z`; @param at epoch milliseconds */
export const isoTime = (at: number): string => new Date(at).toISOString()

function mailObject(mail: EventMail): Record<string, unknown> {
  return {
    timestamp: isoTime(mail.acceptedAt),
    source: mail.source,
    sourceArn: `arn:aws:ses:${mail.region}:${mail.accountId}:identity/${mail.identity}`,
    sendingAccountId: mail.accountId,
    messageId: mail.messageId,
    destination: mail.destination,
    headersTruncated: mail.headersTruncated,
    headers: mail.headers.map(([name, value]) => ({ name, value })),
    commonHeaders: {
      from: [mail.source],
      ...(mail.replyTo.length > 0 && { replyTo: mail.replyTo }),
      ...(mail.date !== '' && { date: mail.date }),
      ...(mail.to.length > 0 && { to: mail.to }),
      ...(mail.cc.length > 0 && { cc: mail.cc }),
      ...(mail.bcc.length > 0 && { bcc: mail.bcc }),
      messageId: mail.messageId,
      subject: mail.subject,
    },
    tags: mail.tags,
  }
}

/** From Delivery on, events carry the address we sent from. */
const withOutgoingIp = (mail: EventMail, ip: string | undefined): EventMail =>
  ip === undefined ? mail : { ...mail, tags: { ...mail.tags, 'ses:outgoing-ip': [ip] } }

export const sendEvent = (mail: EventMail): SesEvent => ({ eventType: 'Send', mail: mailObject(mail), send: {} })

export interface DeliveryFacts {
  readonly at: number
  readonly recipients: readonly string[]
  readonly outcome: Outcome
  readonly reportingMta: string
  readonly outgoingIp?: string
}

export function deliveryEvent(mail: EventMail, { at, recipients, outcome, reportingMta, outgoingIp }: DeliveryFacts): SesEvent {
  return {
    eventType: 'Delivery',
    mail: mailObject(withOutgoingIp(mail, outgoingIp)),
    delivery: {
      timestamp: isoTime(at),
      processingTimeMillis: Math.max(0, at - mail.acceptedAt),
      recipients,
      smtpResponse: outcome.reply,
      ...(outcome.remote?.ip !== undefined && { remoteMtaIp: outcome.remote.ip }),
      reportingMTA: reportingMta,
    },
  }
}

export interface FailureFacts {
  readonly at: number
  readonly failed: readonly { readonly address: string; readonly outcome: Outcome }[]
  readonly reportingMta: string
  readonly feedbackId: string
  readonly outgoingIp?: string
}

/** One event for recipients that failed alike; the class is that of the first. */
export function bounceEvent(mail: EventMail, { at, failed, reportingMta, feedbackId, outgoingIp }: FailureFacts): SesEvent {
  const [first] = failed
  if (first === undefined) throw new Error('a bounce event needs a recipient')
  const ip = first.outcome.remote?.ip
  return {
    eventType: 'Bounce',
    mail: mailObject(withOutgoingIp(mail, outgoingIp)),
    bounce: {
      feedbackId,
      ...bounceClass(first.address, first.outcome),
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
  }
}

/** The simulator's bounce is `General`, whatever its text says. SES fact: simulator, "Payload details". */
export const bounceClass = (address: string, outcome: Outcome): ReturnType<typeof classifyBounce> =>
  isSimulatorAddress(address) && outcome.status.startsWith('5.')
    ? { bounceType: 'Permanent', bounceSubType: 'General' }
    : classifyBounce(outcome)

export interface DelayFacts {
  readonly at: number
  readonly delayed: readonly { readonly address: string; readonly outcome: Outcome }[]
  readonly expiresAt: number
  readonly reportingMta: string
  readonly outgoingIp?: string
}

export function deliveryDelayEvent(mail: EventMail, { at, delayed, expiresAt, reportingMta, outgoingIp }: DelayFacts): SesEvent {
  const [first] = delayed
  if (first === undefined) throw new Error('a delay event needs a recipient')
  return {
    eventType: 'DeliveryDelay',
    mail: mailObject(withOutgoingIp(mail, outgoingIp)),
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
