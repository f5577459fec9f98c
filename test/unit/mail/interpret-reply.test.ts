import { describe, expect, test } from 'vitest'
import { asTemporary, interpretReply, ownVerdict, type ReplyScope } from '../../../src/mail/interpret-reply.ts'
import { replyOf } from '../../../src/mail/reply.ts'

const verdict = (text: string, scope: ReplyScope): string => {
  const { action, status } = interpretReply(replyOf(Number(text.slice(0, 3)), [text.slice(4)]), scope)
  return `${action} ${status}`
}

describe('the class of the code decides, the peer’s own status is kept', () => {
  test.each<[string, ReplyScope, string]>([
    ['250 2.0.0 ok', 'message', 'delivered 2.0.0'],
    ['250 ok', 'message', 'delivered 2.0.0'],
    ['251 2.1.5 will forward', 'recipient', 'delivered 2.1.5'],
    ['250 ok', 'recipient', 'delivered 2.1.5'],
    ['451 4.7.1 greylisted', 'recipient', 'delayed 4.7.1'],
    ['550 5.7.26 unauthenticated', 'message', 'failed 5.7.26'],
    ['354 go on', 'message', 'delayed 4.5.0'],
    ['550 4.2.2 classes disagree', 'recipient', 'failed 5.1.1'],
  ])('%s to %s', (text, scope, expected) => {
    expect(verdict(text, scope)).toBe(expected)
  })
})

describe('a status is made where there is none', () => {
  test.each<[string, ReplyScope, string]>([
    ['421 closing', 'session', 'delayed 4.3.2'],
    ['421 closing', 'recipient', 'delayed 4.3.2'],
    ['450 busy', 'recipient', 'delayed 4.2.0'],
    ['450 busy', 'message', 'delayed 4.0.0'],
    ['451 error', 'message', 'delayed 4.3.0'],
    ['452 too many recipients', 'recipient', 'delayed 4.5.3'],
    ['452 no space', 'message', 'delayed 4.3.1'],
    ['499 what', 'message', 'delayed 4.0.0'],
    ['500 what', 'session', 'failed 5.5.2'],
    ['521 no mail', 'session', 'failed 5.3.2'],
    ['530 login first', 'sender', 'failed 5.7.0'],
    ['535 wrong', 'session', 'failed 5.7.8'],
    ['550 no', 'recipient', 'failed 5.1.1'],
    ['550 no', 'sender', 'failed 5.7.1'],
    ['550 no', 'message', 'failed 5.7.1'],
    ['551 moved', 'recipient', 'failed 5.1.6'],
    ['552 full', 'recipient', 'failed 5.2.2'],
    ['552 too big', 'message', 'failed 5.3.4'],
    ['553 syntax', 'recipient', 'failed 5.1.3'],
    ['553 sender', 'sender', 'failed 5.1.7'],
    ['554 no service', 'session', 'failed 5.3.2'],
    ['554 no', 'message', 'failed 5.0.0'],
    ['556 null mx', 'recipient', 'failed 5.1.10'],
    ['599 what', 'message', 'failed 5.0.0'],
  ])('%s to %s', (text, scope, expected) => {
    expect(verdict(text, scope)).toBe(expected)
  })
})

describe('552 to RCPT', () => {
  test.each<[string, ReplyScope, string]>([
    ['552 Too many recipients', 'recipient', 'delayed 4.5.3'],
    ['552 5.5.3 limit', 'recipient', 'delayed 4.5.3'],
    ['552 5.2.2 too many recipients of too much mail', 'recipient', 'failed 5.2.2'],
    ['552 too many recipients', 'message', 'failed 5.3.4'],
  ])('%s to %s', (text, scope, expected) => {
    expect(verdict(text, scope)).toBe(expected)
  })
})

test('every code from 200 to 599 has an action of its class and a status of its action', () => {
  const classOf = { delivered: '2', delayed: '4', failed: '5' }
  for (let code = 200; code < 600; code += 1)
    for (const scope of ['session', 'sender', 'recipient', 'message'] as const) {
      const { action, status, reply } = interpretReply({ code, lines: ['text'] }, scope)
      expect(action).toBe(code < 300 ? 'delivered' : code < 500 ? 'delayed' : 'failed')
      expect(status.charAt(0)).toBe(classOf[action])
      expect(reply).toBe(`${code} text`)
    }
})

test('our own words have the form of a reply, on one line', () => {
  expect(ownVerdict('4.4.1', 'connection refused')).toEqual({ action: 'delayed', status: '4.4.1', reply: '451 4.4.1 connection refused' })
  expect(ownVerdict('5.1.2', 'no such\r\ndomain')).toEqual({
    action: 'failed',
    status: '5.1.2',
    reply: '554 5.1.2 no such\ufffd\ufffddomain',
  })
})

test('a refusal made temporary keeps its subject, detail and words', () => {
  const failed = { action: 'failed', status: '5.7.8', reply: '535 5.7.8 no' } as const
  expect(asTemporary(failed)).toEqual({ action: 'delayed', status: '4.7.8', reply: '535 5.7.8 no' })
  const delayed = { action: 'delayed', status: '4.3.0', reply: '454 4.3.0 no' } as const
  expect(asTemporary(delayed)).toBe(delayed)
})
