/** What the account tells its owner of recipients that were suppressed: an event for each list and reason. SES facts: concepts §8, texts verbatim. */
import { type EventDetail, isoTime } from './ses-event.ts'
import type { Suppressed } from './suppression.ts'

const ACCOUNT_TEXT =
  'Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html'
/** The space at its end is SES's. */
const GLOBAL_TEXT =
  'Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address. For more information about how to remove an address from the suppression list, see the Amazon SES Developer Guide: http://docs.aws.amazon.com/ses/latest/DeveloperGuide/remove-from-suppressionlist.html '

/** In our own words: SES's are not known. */
const UNSUBSCRIBED_TEXT = 'Not sent: the recipient has unsubscribed from the contact list'

export interface SuppressedFacts {
  readonly suppressed: readonly Suppressed[]
  readonly at: number
  readonly newFeedbackId: () => string
}

export interface SuppressedEvent extends EventDetail {
  readonly recipients: readonly string[]
}

/** Bounces of the account's list, then its complaints, then what the global list stopped; within one in the order of the envelope. */
export function suppressedEvents({ suppressed, at, newFeedbackId }: SuppressedFacts): SuppressedEvent[] {
  const addresses = (list: Suppressed['list'], reason: Suppressed['reason']): string[] =>
    suppressed.filter(one => one.list === list && one.reason === reason).map(({ address }) => address)
  const bounced = (recipients: readonly string[], bounceSubType: string, diagnosticCode: string): SuppressedEvent => ({
    type: 'Bounce',
    recipients,
    detail: {
      bounce: {
        feedbackId: newFeedbackId(),
        bounceType: 'Permanent',
        bounceSubType,
        bouncedRecipients: recipients.map(emailAddress => ({ emailAddress, action: 'failed', status: '5.1.1', diagnosticCode })),
        timestamp: isoTime(at),
        reportingMTA: 'dns; amazonses.com',
      },
    },
  })
  const complained = (recipients: readonly string[]): SuppressedEvent => ({
    type: 'Complaint',
    recipients,
    detail: {
      complaint: {
        feedbackId: newFeedbackId(),
        complaintSubType: 'OnAccountSuppressionList',
        complainedRecipients: recipients.map(emailAddress => ({ emailAddress })),
        timestamp: isoTime(at),
      },
    },
  })
  const groups = [
    { recipients: addresses('account', 'BOUNCE'), event: (all: string[]) => bounced(all, 'OnAccountSuppressionList', ACCOUNT_TEXT) },
    { recipients: addresses('account', 'COMPLAINT'), event: complained },
    { recipients: addresses('contacts', 'BOUNCE'), event: (all: string[]) => bounced(all, 'UnsubscribedRecipient', UNSUBSCRIBED_TEXT) },
    { recipients: addresses('global', 'BOUNCE'), event: (all: string[]) => bounced(all, 'Suppressed', GLOBAL_TEXT) },
  ]
  return groups.flatMap(({ recipients, event }) => (recipients.length === 0 ? [] : [event(recipients)]))
}
