import { expect, test } from 'vitest'
import { feedbackEvents, type SettledOutcome } from '../../../src/account/feedback.ts'
import { type EventMail, sesEvent } from '../../../src/account/ses-event.ts'

const at = Date.parse('2026-03-04T10:00:01.302Z')
const mail: EventMail = {
  acceptedAt: Date.parse('2026-03-04T10:00:00.100Z'),
  messageId: '0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
  accountId: '111122223333',
  region: 'us-east-1',
  identity: 'site.example',
  source: 'Shop <shop@site.example>',
  destination: ['ana@dest.example'],
  headers: [['From', 'Shop <shop@site.example>']],
  headersTruncated: false,
  to: ['ana@dest.example'],
  cc: [],
  bcc: [],
  replyTo: [],
  date: '',
  subject: 'Receipt 7',
  tags: { 'ses:operation': ['SendEmail'] },
}
const events = (settled: readonly SettledOutcome[]) => {
  let serial = 0
  const made = feedbackEvents({
    settled,
    at,
    acceptedAt: mail.acceptedAt,
    lifetime: 'default',
    expiresAt: at + 50_400_000,
    reportingMta: 'mta.example',
    outgoingIp: '127.0.0.1',
    newFeedbackId: () => `feedback-${++serial}`,
  })
  return made.map(event => ({ ...event, event: sesEvent(mail, event) }))
}
const remote = { name: 'mx.dest.example', ip: '192.0.2.77' }

test('a delivery has the members, types and nesting of SES', () => {
  const [event] = events([
    { address: 'ana@dest.example', outcome: { action: 'delivered', status: '2.0.0', reply: '250 2.0.0 Ok: queued as 9F1C', remote } },
  ])
  expect(event?.event).toEqual({
    eventType: 'Delivery',
    mail: {
      timestamp: '2026-03-04T10:00:00.100Z',
      source: 'Shop <shop@site.example>',
      sourceArn: 'arn:aws:ses:us-east-1:111122223333:identity/site.example',
      sendingAccountId: '111122223333',
      messageId: '0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
      destination: ['ana@dest.example'],
      headersTruncated: false,
      headers: [{ name: 'From', value: 'Shop <shop@site.example>' }],
      commonHeaders: {
        from: ['Shop <shop@site.example>'],
        to: ['ana@dest.example'],
        messageId: '0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
        subject: 'Receipt 7',
      },
      tags: { 'ses:operation': ['SendEmail'], 'ses:outgoing-ip': ['127.0.0.1'] },
    },
    delivery: {
      timestamp: '2026-03-04T10:00:01.302Z',
      processingTimeMillis: 1202,
      recipients: ['ana@dest.example'],
      smtpResponse: '250 2.0.0 Ok: queued as 9F1C',
      remoteMtaIp: '192.0.2.77',
      reportingMTA: 'mta.example',
    },
  })
})

test('recipients with the same news share an event, and types never mix', () => {
  const made = events([
    { address: 'a@x.example', outcome: { action: 'delivered', status: '2.0.0', reply: '250 ok', remote } },
    { address: 'b@x.example', outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 user unknown', remote } },
    { address: 'c@x.example', outcome: { action: 'delivered', status: '2.0.0', reply: '250 ok', remote } },
    { address: 'd@x.example', outcome: { action: 'failed', status: '5.2.2', reply: '552 5.2.2 full', remote } },
    { address: 'e@x.example', outcome: { action: 'delayed', status: '4.7.1', reply: '451 4.7.1 greylisted', remote } },
  ])
  expect(made.map(({ type, recipients }) => [type, ...recipients])).toEqual([
    ['Delivery', 'a@x.example', 'c@x.example'],
    ['Bounce', 'b@x.example'],
    ['Bounce', 'd@x.example'],
    ['DeliveryDelay', 'e@x.example'],
  ])
})

test('simulator bounces of one message are merged, and are General', () => {
  const outcome = { action: 'failed', status: '5.1.1', reply: '550 5.1.1 user unknown', remote } as const
  const [event, ...more] = events([
    { address: 'bounce+a@simulator.amazonses.com', outcome },
    { address: 'bounce+b@simulator.amazonses.com', outcome },
  ])
  expect(more).toEqual([])
  expect(event?.event.bounce).toMatchObject({
    feedbackId: 'feedback-1',
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [{ emailAddress: 'bounce+a@simulator.amazonses.com' }, { emailAddress: 'bounce+b@simulator.amazonses.com' }],
    reportingMTA: 'dns; mta.example',
  })
})

test('a delay says until when it will be tried', () => {
  const [event] = events([{ address: 'e@x.example', outcome: { action: 'delayed', status: '4.4.1', reply: '421 4.4.1 no answer' } }])
  expect(event?.event.deliveryDelay).toEqual({
    timestamp: '2026-03-04T10:00:01.302Z',
    delayType: 'TransientCommunicationFailure',
    expirationTime: '2026-03-05T00:00:01.302Z',
    delayedRecipients: [{ emailAddress: 'e@x.example', status: '4.4.1', diagnosticCode: 'smtp; 421 4.4.1 no answer' }],
    reportingMTA: 'mta.example',
  })
})
