import { expect, test } from 'vitest'
import { classifyBounce } from '../../../src/account/classify-bounce.ts'
import type { EnhancedStatus } from '../../../src/mail/reply.ts'

test.each<[status: EnhancedStatus, reply: string, type: string, subType: string]>([
  ['5.1.1', '550 5.1.1 mailbox unavailable', 'Permanent', 'NoEmail'],
  ['5.1.1', '550 5.1.1 No such user here', 'Permanent', 'NoEmail'],
  ['5.1.1', '550 5.1.1 refused', 'Permanent', 'General'],
  ['5.1.10', '556 5.1.10 the domain accepts no mail', 'Permanent', 'NoEmail'],
  ['5.1.2', '550 5.1.2 no such domain', 'Permanent', 'General'],
  ['5.2.2', '552 5.2.2 mailbox is full', 'Transient', 'MailboxFull'],
  ['5.0.0', '552 over quota', 'Transient', 'MailboxFull'],
  ['5.3.4', '552 5.3.4 message too big', 'Transient', 'MessageTooLarge'],
  ['5.0.0', '552 requested action aborted', 'Transient', 'MessageTooLarge'],
  ['5.6.1', '554 5.6.1 media not supported', 'Transient', 'ContentRejected'],
  ['5.7.1', '554 5.7.1 message looks like spam', 'Transient', 'ContentRejected'],
  ['5.7.1', '552 5.7.1 attachment of this file type is blocked', 'Transient', 'AttachmentRejected'],
  ['5.7.1', '550 5.7.1 relaying denied', 'Permanent', 'General'],
  ['4.4.7', '451 4.4.7 delivery time expired', 'Transient', 'General'],
])('%s %s is %s/%s', (status, reply, bounceType, bounceSubType) => {
  expect(classifyBounce({ action: 'failed', status, reply }, 'default')).toEqual({ bounceType, bounceSubType })
})

test('a time for delivery that the sender chose is named as such; other bounces are what they are', () => {
  const late = { action: 'failed', status: '4.4.7', reply: '554 4.4.7 Message expired' } as const
  expect(classifyBounce(late, 'custom')).toEqual({ bounceType: 'Transient', bounceSubType: 'CustomTimeoutExceeded' })
  expect(classifyBounce({ ...late, status: '5.2.2', reply: '552 5.2.2 full' }, 'custom').bounceSubType).toBe('MailboxFull')
})
