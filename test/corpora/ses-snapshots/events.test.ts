/** Each event of ours against the guide's sample: every member is there, of the same type, nested alike. What we add is listed. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { clickEvent, openEvent, subscriptionEvent } from '../../../src/account/engagement-event.ts'
import {
  bounceEvent,
  complaintEvent,
  deliveryDelayEvent,
  deliveryEvent,
  type EventDetail,
  type EventMail,
  REJECT,
  renderingFailureEvent,
  SEND,
  sesEvent,
} from '../../../src/account/ses-event.ts'
import type { Outcome } from '../../../src/mail/outcome.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
interface Sample {
  readonly body: { readonly eventType: string } & Record<string, Json>
}
const samples: readonly Sample[] = JSON.parse(readFileSync(new URL('docs-event-examples.json', import.meta.url), 'utf8'))
const sampleOf = (type: string): Json | undefined => samples.find(({ body }) => body.eventType === type)?.body

const at = Date.parse('2026-03-04T10:00:01.302Z')
const recipients = ['recipient@example.com']
const mail: EventMail = {
  acceptedAt: at - 1_000,
  messageId: '0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
  accountId: '123456789012',
  region: 'us-east-1',
  identity: 'sender@example.com',
  source: 'sender@example.com',
  destination: recipients,
  headers: [['From', 'sender@example.com']],
  headersTruncated: false,
  to: recipients,
  cc: [],
  bcc: [],
  replyTo: [],
  date: '',
  subject: 'Message sent',
  tags: { 'ses:configuration-set': ['ConfigSet'] },
}
const outcome = (action: Outcome['action'], status: Outcome['status'], reply: string): Outcome => ({
  action,
  status,
  reply,
  remote: { name: 'mx.example.com', ip: '192.0.2.9' },
})
const asked = { at, ipAddress: '192.0.2.1', userAgent: 'MailApp/9' }
const [address = ''] = recipients
const reportingMta = 'mta.example.com'

const OURS: Readonly<Record<string, EventDetail>> = {
  Send: SEND,
  Delivery: deliveryEvent({ at, acceptedAt: mail.acceptedAt, recipients, outcome: outcome('delivered', '2.0.0', '250 ok'), reportingMta }),
  Bounce: bounceEvent({
    at,
    failed: [{ address, outcome: outcome('failed', '5.1.1', '550 5.1.1 user unknown') }],
    lifetime: 'default',
    reportingMta,
    feedbackId: 'f',
  }),
  Complaint: complaintEvent({
    at,
    recipients,
    feedbackId: 'f',
    feedbackType: 'abuse',
    userAgent: 'LoopBot/2',
    arrivedAt: at,
  }),
  Reject: REJECT,
  DeliveryDelay: deliveryDelayEvent({
    at,
    delayed: [{ address, outcome: outcome('delayed', '4.4.1', '421 4.4.1 Unable to connect to remote host') }],
    expiresAt: at + 1,
    reportingMta,
  }),
  Open: openEvent(asked),
  Click: clickEvent({ ...asked, link: 'http://docs.example.com/', linkTags: { samplekey0: ['samplevalue0'], samplekey1: ['samplevalue1'] } }),
  'Rendering Failure': renderingFailureEvent({
    templateName: 'MyTemplate',
    errorMessage: "Attribute 'attributeName' is not present in the rendering data.",
  }),
  Subscription: subscriptionEvent({
    at,
    contactList: 'ContactListName',
    source: 'UnsubscribeHeader',
    before: { unsubscribeAll: false, topics: [{ name: 'ExampleTopicName', optedIn: false }] },
    after: { unsubscribeAll: true, topics: [{ name: 'ExampleTopicName', optedIn: false }] },
  }),
}

/** From the guide's tables of fields: types for which it has no sample here. */
const MAIL_WITHOUT_HEADER: Json = {
  timestamp: '2018-01-22T18:43:06.197Z',
  source: 's',
  sourceArn: 'arn:aws:ses:us-east-1:123456789012:identity/s',
  sendingAccountId: '123456789012',
  messageId: 'm',
  destination: ['r'],
  headersTruncated: false,
  tags: { 'ses:configuration-set': ['ConfigSet'] },
}
const FROM_TABLES: Readonly<Record<string, Json>> = {
  Open: {
    eventType: 'Open',
    mail: MAIL_WITHOUT_HEADER,
    open: { ipAddress: '192.0.2.1', timestamp: '2017-08-09T22:00:19.652Z', userAgent: 'u' },
  },
  DeliveryDelay: {
    eventType: 'DeliveryDelay',
    mail: MAIL_WITHOUT_HEADER,
    deliveryDelay: {
      timestamp: '2020-06-16T00:25:40.095Z',
      delayType: 'TransientCommunicationFailure',
      expirationTime: '2020-06-16T00:25:40.914Z',
      delayedRecipients: [{ emailAddress: 'r', status: '4.4.1', diagnosticCode: 'smtp; 421 4.4.1 Unable to connect to remote host' }],
    },
  },
  Reject: { eventType: 'Reject', mail: MAIL_WITHOUT_HEADER, reject: { reason: 'Bad content' } },
  'Rendering Failure': {
    eventType: 'Rendering Failure',
    mail: MAIL_WITHOUT_HEADER,
    failure: { errorMessage: "Attribute 'attributeName' is not present in the rendering data.", templateName: 'MyTemplate' },
  },
}

/** Members that the guide's tables name and its samples leave out. */
const OPTIONAL = new Set([
  '/bounce/remoteMtaIp',
  '/complaint/complaintSubType',
  '/delivery/remoteMtaIp',
  '/deliveryDelay/reportingMTA',
  '/mail/headers',
  '/mail/commonHeaders',
])
/** In the sample of Click alone `sourceArn` is left out. */
const LEFT_OUT_BY_MISTAKE = new Set(['Click /mail/sourceArn'])

const kind = (value: Json | undefined): string =>
  value === undefined ? 'absent' : value === null ? 'null' : Array.isArray(value) ? 'list' : isTime(value) ? 'time' : typeof value
const isTime = (value: Json): boolean => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)

/** `/bounce/bouncedRecipients/0/status string`: one line a member; of a list its first item stands for all; a map of tags is a map of lists. */
function shape(value: Json | undefined, path = ''): string[] {
  if (/^\/mail\/tags$|\/linkTags$/.test(path)) {
    const lists = Object.values(value as Readonly<Record<string, Json>>)
    return [`${path} map of ${[...new Set(lists.map(list => (Array.isArray(list) ? kind(list[0]) : kind(list))))]}`]
  }
  if (Array.isArray(value)) return [`${path} list`, ...shape(value[0], `${path}/0`)]
  if (typeof value === 'object' && value !== null)
    return [`${path} object`, ...Object.entries(value).flatMap(([name, inner]) => shape(inner, `${path}/${name}`))]
  return [`${path} ${kind(value)}`]
}

describe.each(Object.entries(OURS))('%s', (type, detail) => {
  const ours: Json = JSON.parse(JSON.stringify(sesEvent(mail, detail)))
  const sample = sampleOf(type) ?? FROM_TABLES[type]

  test('has every member of the sample, of the same type', () => {
    expect(shape(ours)).toEqual(expect.arrayContaining(shape(sample)))
    expect(detail.type).toBe(type)
  })

  test('adds no member of its own', () => {
    const theirs = new Set(shape(sample))
    const more = shape(ours).filter(line => {
      const path = line.slice(0, line.lastIndexOf(' '))
      const known = [...OPTIONAL].some(optional => path === optional || path.startsWith(`${optional}/`))
      return !(theirs.has(line) || known || LEFT_OUT_BY_MISTAKE.has(`${type} ${path}`) || line.includes(' map of '))
    })
    expect(more).toEqual([])
  })
})

test('a rendering failure has no header to tell of', () => {
  const { mail: told } = sesEvent(mail, OURS['Rendering Failure'] ?? SEND)
  expect(told).not.toHaveProperty('headers')
  expect(told).not.toHaveProperty('commonHeaders')
})

test('a link without tags has none', () => {
  expect(clickEvent({ ...asked, link: 'https://a.example/', linkTags: null }).detail).toHaveProperty('click.linkTags', null)
})
