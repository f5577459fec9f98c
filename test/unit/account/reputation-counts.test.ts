import { expect, test } from 'vitest'
import { type Counts, countsOf, proofOf } from '../../../src/account/reputation-counts.ts'

const bounce = (bounceType: string, bounceSubType = 'General') => ({ bounce: { bounceType, bounceSubType } })
const complaint = (complaintSubType: string | null, complaintFeedbackType = 'abuse') => ({
  complaint: { complaintSubType, complaintFeedbackType },
})
const isOwn = (domain: string): boolean => domain === 'example.com'

test.each<[what: string, type: string, recipients: string[], detail: Record<string, unknown>, counts: Partial<Counts>]>([
  ['every recipient', 'Send', ['a@x.test', 'b@Yahoo.com'], { send: {} }, { sent: 2, reportable: 1 }],
  [
    'one of a provider that reports no complaints',
    'Send',
    ['a@gmail.com', 'b@GoogleMail.com', 'c@x.test', 'd@hotmail.com'],
    {},
    { sent: 4, reportable: 1 },
  ],
  ['nobody at the simulator', 'Send', ['success@simulator.amazonses.com', 'BOUNCE@Simulator.AmazonSES.com'], {}, {}],
  ['nobody at a domain of our own', 'Send', ['ann@example.com', 'bob@aol.com'], {}, { sent: 1, reportable: 1 }],
  ['a hard bounce', 'Bounce', ['a@x.test'], bounce('Permanent', 'NoEmail'), { bounced: 1 }],
  ['a bounce by the global list', 'Bounce', ['a@x.test'], bounce('Permanent', 'Suppressed'), { bounced: 1 }],
  ['no soft bounce', 'Bounce', ['a@x.test'], bounce('Transient', 'MailboxFull'), {}],
  ['no bounce that nobody understands', 'Bounce', ['a@x.test'], bounce('Undetermined', 'Undetermined'), {}],
  ['no automatic reply', 'Bounce', ['a@x.test'], bounce('Transient', 'General'), {}],
  ['no bounce of the simulator', 'Bounce', ['bounce@simulator.amazonses.com'], bounce('Permanent'), {}],
  ['no bounce at a domain of our own', 'Bounce', ['gone@example.com'], bounce('Permanent'), {}],
  [
    'what the account suppressed as not sent',
    'Bounce',
    ['a@yahoo.com', 'b@gmail.com'],
    bounce('Permanent', 'OnAccountSuppressionList'),
    { sent: -2, reportable: -1 },
  ],
  ['who had unsubscribed as not sent', 'Bounce', ['a@x.test'], bounce('Permanent', 'UnsubscribedRecipient'), { sent: -1 }],
  ['a complaint', 'Complaint', ['a@yahoo.com'], complaint(null), { complained: 1 }],
  ['no complaint of a provider that is not known to report any', 'Complaint', ['a@x.test'], complaint(null), {}],
  ['a complaint suppressed as not sent', 'Complaint', ['a@yahoo.com'], complaint('OnAccountSuppressionList'), { sent: -1, reportable: -1 }],
  ['no report that it was no spam', 'Complaint', ['a@yahoo.com'], complaint(null, 'not-spam'), {}],
  ['no complaint of the simulator', 'Complaint', ['complaint+l@simulator.amazonses.com'], complaint(null), {}],
  ['nothing else', 'Delivery', ['a@x.test'], { delivery: {} }, {}],
])('counts %s', (_, type, recipients, detail, counts) => {
  expect(countsOf({ type, recipients, detail }, isOwn)).toEqual({ sent: 0, bounced: 0, reportable: 0, complained: 0, ...counts })
})

test.each([
  ['Bounce', 'bounce@simulator.amazonses.com', bounce('Permanent'), 'bounce'],
  ['Bounce', 'Bounce+order-7@simulator.amazonses.com', bounce('Permanent'), 'bounce'],
  ['Bounce', 'ooto@simulator.amazonses.com', bounce('Transient'), undefined],
  ['Bounce', 'bounce@simulator.amazonses.com', bounce('Transient'), undefined],
  ['Bounce', 'bounce@simulator.example.com', bounce('Permanent'), undefined],
  ['Complaint', 'complaint@simulator.amazonses.com', complaint(null), 'complaint'],
  ['Complaint', 'a@yahoo.com', complaint(null), undefined],
  ['Delivery', 'complaint@simulator.amazonses.com', { delivery: {} }, undefined],
])('%s of %s proves what it proves', (type, recipient, detail, proof) => {
  expect(proofOf({ type, recipients: [recipient], detail })).toBe(proof)
})
