import { expect, test } from 'vitest'
import { classifyBounce, isDeadAddress } from '../../../src/account/classify-bounce.ts'
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
  ['5.0.0', '550 No such user', 'Permanent', 'NoEmail'],
  ['5.5.0', '550 Requested action not taken: mailbox unavailable', 'Permanent', 'NoEmail'],
  ['4.1.1', '450 4.1.1 User unknown in virtual alias table', 'Permanent', 'NoEmail'],
  ['5.7.606', '550 5.7.606 Access denied, banned sending IP [192.0.2.1]', 'Transient', 'General'],
  ['5.7.1', '554 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org', 'Transient', 'General'],
  ['5.7.26', '550 5.7.26 unauthenticated email is not accepted due to the DMARC policy', 'Transient', 'General'],
  ['5.7.25', '550 5.7.25 no PTR record', 'Transient', 'General'],
  // Who sends, and how: RFC 7372, Google's and Microsoft's codes. Not the codes beside them.
  ...(['5.7.20', '5.7.23', '5.7.29', '5.7.30', '5.7.32', '5.7.40', '5.7.509', '5.7.515'] as const).map(
    status => [status, `550 ${status} refused`, 'Transient', 'General'] as [EnhancedStatus, string, string, string],
  ),
  ...(['5.7.2', '5.7.19', '5.7.33', '5.7.41', '5.7.510'] as const).map(
    status => [status, `550 ${status} refused`, 'Permanent', 'General'] as [EnhancedStatus, string, string, string],
  ),
  ['5.2.3', '550 5.2.3 refused', 'Transient', 'MessageTooLarge'],
  ['5.3.4', '554 5.3.4 refused', 'Transient', 'MessageTooLarge'],
  ['5.2.4', '550 5.2.4 refused', 'Permanent', 'General'],
  // A bare code whose words are plainer than it.
  ['5.2.2', '552 1 Requested mail action aborted, mailbox not found', 'Permanent', 'NoEmail'],
  ['5.1.1', '550 Requested action not taken: mailbox unavailable. Reject due to SPF policy', 'Transient', 'General'],
  ['5.1.1', '550 5.1.1 mailbox unavailable, says our policy', 'Permanent', 'NoEmail'],
  ['5.4.7', '554 5.4.7 refused', 'Transient', 'General'],
  ['5.3.1', '554 5.3.1 refused', 'Transient', 'General'],
  ['5.1.0', '550 5.1.0 Sender address rejected', 'Transient', 'General'],
  ['5.1.0', '550 5.1.0 refused', 'Permanent', 'General'],
  ['5.4.6', '554 5.4.6 Too many hops', 'Transient', 'General'],
  ['5.0.0', 'connect to mx.dest.example: Connection timed out', 'Transient', 'General'],
  ['5.4.4', '550 5.4.4 Host or domain name not found', 'Permanent', 'General'],
  ['5.0.0', '554 virus found', 'Transient', 'ContentRejected'],
  ['5.2.1', '550 5.2.1 The account is disabled', 'Permanent', 'General'],
  ['5.7.0', '552 5.7.0 blocked a file type: illegal attachment', 'Transient', 'AttachmentRejected'],
  ['5.7.1', '550 5.7.1 refused', 'Permanent', 'General'],
  ['5.0.0', '550', 'Permanent', 'General'],
])('%s %s is %s/%s', (status, reply, bounceType, bounceSubType) => {
  expect(classifyBounce({ action: 'failed', status, reply }, 'default')).toEqual({ bounceType, bounceSubType })
})

test('a time for delivery that the sender chose is named as such; other bounces are what they are', () => {
  const late = { action: 'failed', status: '4.4.7', reply: '554 4.4.7 Message expired' } as const
  expect(classifyBounce(late, 'custom')).toEqual({ bounceType: 'Transient', bounceSubType: 'CustomTimeoutExceeded' })
  expect(classifyBounce({ ...late, status: '5.2.2', reply: '552 5.2.2 full' }, 'custom').bounceSubType).toBe('MailboxFull')
})

test.each<[status: EnhancedStatus, reply: string, dead: boolean]>([
  ['5.1.1', '550 5.1.1 user unknown', true],
  ['5.1.1', '550 5.1.1 refused', true],
  ['5.1.1', '550 no', true],
  ['5.1.2', '554 5.1.2 Domain gone.test does not exist', true],
  ['5.1.6', '551 5.1.6 has moved', true],
  ['5.1.10', '554 5.1.10 Domain x.test does not accept mail (null MX)', true],
  ['5.2.1', '550 5.2.1 mailbox disabled', true],
  ['5.4.4', '554 5.4.4 No mail host of x.test has an address (mx.x.test)', true],
  ['5.0.0', '554 no such user', true],
  ['5.0.0', '554 transaction failed', false],
  // Reputation and policy say nothing of the address, whatever their status.
  ['5.7.1', '550 5.7.1 relaying denied', false],
  ['5.7.26', '550 5.7.26 unauthenticated', false],
  ['5.1.1', '550 your address is listed by dnsbl.example', false],
  ['5.1.0', '550 5.1.0 sender blocked: reputation', false],
  ['5.1.8', '550 5.1.8 bad sender domain', false],
  ['5.1.7', '501 5.1.7 bad return path', false],
  ['5.3.0', '554 5.3.0 The content of the message is gone', false],
  ['5.4.6', '554 5.4.6 Mail for x.test loops back', false],
  ['5.5.1', '503 5.5.1 out of turn', false],
  // Neither does what may be otherwise tomorrow.
  ['5.2.2', '552 5.2.2 mailbox full', false],
  ['5.6.1', '554 5.6.1 media not supported', false],
  ['4.4.7', '554 4.4.7 Message expired', false],
])('%s %s: the address is dead: %s', (status, reply, dead) => {
  const outcome = { action: 'failed', status, reply } as const
  expect(isDeadAddress(outcome, classifyBounce(outcome, 'default'))).toBe(dead)
})

test('an unknown user without a code of its own, after the content was sent, may be a word of a filter', () => {
  const outcome = { action: 'failed', status: '5.0.0', reply: '550 User unknown' } as const
  expect(classifyBounce(outcome, 'default', true)).toEqual({ bounceType: 'Permanent', bounceSubType: 'General' })
  expect(classifyBounce(outcome, 'default', false).bounceSubType).toBe('NoEmail')
})

test('the words of an address are no reason', () => {
  const reply = '550 5.7.1 <spam.quota.full@virus.spf.example> refused'
  expect(classifyBounce({ action: 'failed', status: '5.7.1', reply }, 'default').bounceType).toBe('Permanent')
})
