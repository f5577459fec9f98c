/** An event in the envelopes of EventBridge and Firehose. SES facts: events, "Destinations" and the table of names. */
import type { SesEvent } from './ses-event.ts'
import { isoTime } from './ses-event.ts'

const DETAIL_TYPES: Readonly<Record<string, string>> = {
  Send: 'Email Sent',
  Reject: 'Email Rejected',
  Bounce: 'Email Bounced',
  Complaint: 'Email Complaint Received',
  Delivery: 'Email Delivered',
  Open: 'Email Opened',
  Click: 'Email Clicked',
  'Rendering Failure': 'Email Rendering Failed',
  DeliveryDelay: 'Email Delivery Delayed',
  Subscription: 'Email Subscribed',
}

export interface EventBridgeFacts {
  /** A UUID: the same when the event is sent again. */
  readonly id: string
  readonly accountId: string
  readonly region: string
  /** Epoch milliseconds. */
  readonly at: number
  /** ARN of the configuration set or identity. */
  readonly resource: string
}

/** The time of an EventBridge event has no milliseconds. */
export const eventBridgeEnvelope = (
  event: SesEvent,
  { id, accountId, region, at, resource }: EventBridgeFacts,
): Record<string, unknown> => ({
  version: '0',
  id,
  'detail-type': DETAIL_TYPES[event.eventType] ?? event.eventType,
  source: 'aws.ses',
  account: accountId,
  time: isoTime(at).replace(/\.\d{3}Z$/, 'Z'),
  region,
  resources: [resource],
  detail: event,
})

/** A request of Firehose to an HTTP endpoint: records of octets, each an event with a line feed. Firehose guide, "HTTP endpoint delivery request". */
export const firehoseRequest = (
  lines: readonly string[],
  { requestId, at }: { readonly requestId: string; readonly at: number },
): Record<string, unknown> => ({
  requestId,
  timestamp: at,
  records: lines.map(line => ({ data: Buffer.from(`${line}\n`).toString('base64') })),
})
