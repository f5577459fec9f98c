/** Made-up events of every type in SES's form, for trying out a destination. They are about nobody: names under `.example`. */
import type { Outcome } from '../mail/outcome.ts'
import { clickEvent, openEvent, subscriptionEvent } from './engagement-event.ts'
import type { EventTypeName } from './event-destination.ts'
import {
  bounceEvent,
  deliveryDelayEvent,
  deliveryEvent,
  type EventDetail,
  isoTime,
  renderingFailureEvent,
  SEND,
  type SesEvent,
  sesEvent,
} from './ses-event.ts'

export interface SampleFacts {
  readonly at: number
  readonly accountId: string
  readonly region: string
  readonly messageId: string
  readonly feedbackId: string
  /** Of the tag `ses:configuration-set`; null: none. */
  readonly configurationSet: string | null
}

const RECIPIENT = 'ana@dest.example'
const REPORTING_MTA = 'mta.site.example'
const VISITOR = { ipAddress: '203.0.113.9', userAgent: 'Mozilla/5.0' }
const outcome = (status: Outcome['status'], reply: string) => ({ status, reply, remote: { name: 'mx.dest.example', ip: '192.0.2.77' } })

export function sampleEvent(type: EventTypeName, facts: SampleFacts): SesEvent {
  const { at, configurationSet } = facts
  return sesEvent(
    {
      ...facts,
      acceptedAt: at - 1_200,
      identity: 'site.example',
      source: 'Shop <shop@site.example>',
      destination: [RECIPIENT],
      headers: [
        ['From', 'Shop <shop@site.example>'],
        ['To', RECIPIENT],
        ['Subject', 'Receipt 7'],
      ],
      headersTruncated: false,
      to: [RECIPIENT],
      cc: [],
      bcc: [],
      replyTo: [],
      date: '',
      subject: 'Receipt 7',
      tags: {
        'ses:operation': ['SendEmail'],
        ...(configurationSet !== null && { 'ses:configuration-set': [configurationSet] }),
        'ses:source-ip': ['127.0.0.1'],
        'ses:from-domain': ['site.example'],
        'ses:caller-identity': ['mailctl'],
      },
    },
    SAMPLES[type](facts),
  )
}

const SAMPLES: Readonly<Record<EventTypeName, (facts: SampleFacts) => EventDetail>> = {
  SEND: () => SEND,
  REJECT: () => ({ type: 'Reject', detail: { reject: { reason: 'Bad content' } } }),
  DELIVERY: ({ at }) =>
    deliveryEvent({
      at,
      acceptedAt: at - 1_200,
      recipients: [RECIPIENT],
      outcome: { action: 'delivered', ...outcome('2.0.0', '250 2.0.0 Ok: queued as 9F1C') },
      reportingMta: REPORTING_MTA,
    }),
  BOUNCE: ({ at, feedbackId }) =>
    bounceEvent({
      at,
      failed: [{ address: RECIPIENT, outcome: { action: 'failed', ...outcome('5.1.1', '550 5.1.1 user unknown') } }],
      lifetime: 'default',
      reportingMta: REPORTING_MTA,
      feedbackId,
    }),
  DELIVERY_DELAY: ({ at }) =>
    deliveryDelayEvent({
      at,
      delayed: [{ address: RECIPIENT, outcome: { action: 'delayed', ...outcome('4.4.1', '421 4.4.1 Unable to connect to remote host') } }],
      expiresAt: at + 14 * 3_600_000,
      reportingMta: REPORTING_MTA,
    }),
  COMPLAINT: ({ at, feedbackId }) => ({
    type: 'Complaint',
    detail: {
      complaint: {
        feedbackId,
        complaintSubType: null,
        complainedRecipients: [{ emailAddress: RECIPIENT }],
        timestamp: isoTime(at),
        userAgent: 'Feedback-Loop/1',
        complaintFeedbackType: 'abuse',
        arrivalDate: isoTime(at),
      },
    },
  }),
  OPEN: ({ at }) => openEvent({ at, ...VISITOR }),
  CLICK: ({ at }) => clickEvent({ at, ...VISITOR, link: 'https://site.example/r/7', linkTags: null }),
  RENDERING_FAILURE: () =>
    renderingFailureEvent({ templateName: 'receipt', errorMessage: "Attribute 'city' is not present in the rendering data." }),
  SUBSCRIPTION: ({ at }) =>
    subscriptionEvent({
      at,
      contactList: 'news',
      source: 'UnsubscribeHeader',
      before: { unsubscribeAll: false, topics: [{ name: 'weekly', optedIn: true }] },
      after: { unsubscribeAll: false, topics: [{ name: 'weekly', optedIn: false }] },
    }),
}
