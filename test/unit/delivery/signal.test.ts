import { describe, expect, test } from 'vitest'
import { type Signal, signalOf } from '../../../src/delivery/signal.ts'
import { interpretReply, ownVerdict, type ReplyScope } from '../../../src/mail/interpret-reply.ts'
import type { Outcome } from '../../../src/mail/outcome.ts'
import { replyOf } from '../../../src/mail/reply.ts'

/** As the transport makes it of a reply line: `451 4.7.1 text`. */
const heard = (line: string, scope: ReplyScope): Outcome => interpretReply(replyOf(Number(line.slice(0, 3)), [line.slice(4)]), scope)

describe('what a reply says about its site', () => {
  const cases: readonly (readonly [string, ReplyScope, Signal['kind']])[] = [
    ['250 2.0.0 OK', 'message', 'working'],
    ['550 5.1.1 no such user', 'recipient', 'working'],
    ['554 5.7.1 Message content rejected', 'message', 'working'],
    ['552 5.2.2 mailbox full', 'recipient', 'working'],

    ['452 4.2.2 The email account that you tried to reach is over quota', 'recipient', 'unrelated'],
    [
      '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.',
      'recipient',
      'unrelated',
    ],
    ['450 4.2.0 Mailbox busy, too many connections to it', 'recipient', 'unrelated'],
    ['450 4.2.0 <a@b.test>: Recipient address rejected: Greylisted, see http://postgrey.example', 'recipient', 'unrelated'],
    ['451 4.7.1 Greylisting in action, please come back later', 'recipient', 'unrelated'],
    ['450 4.7.1 Graylisted, try again in 300 seconds', 'recipient', 'unrelated'],
    ['421 4.7.0 Grey-listed, server busy with strangers', 'session', 'unrelated'],
    ['451 4.7.1 Service unavailable - try again later', 'message', 'unrelated'],
    ['450 4.1.8 Sender address rejected: Domain not found', 'recipient', 'unrelated'],
    ['452 4.5.3 Too many recipients', 'recipient', 'unrelated'],
    ['452 too many messages to these recipients', 'recipient', 'unrelated'],
    ['451 please try later', 'recipient', 'unrelated'],
    ['451 4.3.0 Local error in processing', 'message', 'unrelated'],
    ['451 4.4.3 cannot resolve your domain at the moment', 'sender', 'unrelated'],

    ['421 Service not available, closing transmission channel', 'session', 'failing'],
    ['421 4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit', 'session', 'failing'],
    ['421 4.2.1 closing', 'recipient', 'failing'],
    ['451 4.7.652 The mail server [192.0.2.1] has exceeded the maximum number of connections.', 'session', 'failing'],
    ['450 4.7.0 Too many connections from your address', 'session', 'failing'],
    ['452 4.3.1 Insufficient system storage', 'message', 'failing'],
    ['451 4.4.2 Timeout', 'message', 'failing'],
    ['451 4.4.5 congested', 'message', 'failing'],
    ['454 4.7.8 authentication is refused for now', 'session', 'failing'],

    ['421 4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail', 'session', 'throttling'],
    ['421 4.7.28 said without words', 'message', 'throttling'],
    ['550 5.7.1 Our system has detected an unusual rate of unsolicited mail originating from your IP address', 'message', 'throttling'],
    ['421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints', 'session', 'throttling'],
    ['421 [TSS04] Messages from 192.0.2.1 temporarily deferred', 'session', 'throttling'],
    ['451 4.7.500 Server busy. Please try again later from [192.0.2.1].', 'sender', 'throttling'],
    ['451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.', 'session', 'throttling'],
    [
      '421 web.de Nemesis ESMTP Service not available Too many messages have been received in a short period of time.',
      'session',
      'throttling',
    ],
    ['451 4.7.1 You are sending too fast', 'sender', 'throttling'],
    ['450 Too many messages, slow down', 'sender', 'throttling'],
  ]
  test.each(cases)('%s, to %s: %s', (line, scope, kind) => {
    const outcome = heard(line, scope)
    expect(signalOf([outcome])).toEqual({ kind, reason: kind === 'failing' || kind === 'throttling' ? outcome.reply : '' })
  })
})

test.each([
  ['4.4.1', 'mx.test: Connection refused', 'failing'],
  ['4.4.2', 'mx.test: no answer within 30000 ms', 'failing'],
  ['4.4.1', 'throttle.ratelimit.example: Connection refused', 'failing'],
  ['4.5.0', 'mx.test answered out of turn: 999 what', 'failing'],
  ['4.7.8', 'mx.test refused the login', 'failing'],
  ['4.7.5', 'mx.test: handshake failed', 'unrelated'],
  ['4.7.4', 'mx.test does not offer TLS, which is required', 'unrelated'],
  ['4.3.0', 'The message cannot be read at the moment: spool is gone', 'unrelated'],
  ['4.4.3', 'DNS lookup of the MX of example.test failed: SERVFAIL', 'unrelated'],
  ['5.6.3', 'Message has 8-bit data', 'working'],
] as const)('our own %s, %s: %s', (status, words, kind) => {
  expect(signalOf([ownVerdict(status, words)]).kind).toBe(kind)
})

test('of several recipients the gravest outcome speaks; none says nothing', () => {
  const full = heard('452 4.2.2 full', 'recipient')
  const taken = heard('250 2.0.0 ok', 'message')
  const cut = ownVerdict('4.4.2', 'the connection was closed')
  const slower = heard('421 4.7.28 slower', 'message')
  expect(signalOf([])).toEqual({ kind: 'unrelated', reason: '' })
  expect(signalOf([full, taken])).toEqual({ kind: 'working', reason: '' })
  expect(signalOf([taken, cut, full])).toEqual({ kind: 'failing', reason: '451 4.4.2 the connection was closed' })
  expect(signalOf([slower, cut])).toEqual({ kind: 'throttling', reason: '421 4.7.28 slower' })
})

test('an endless reply costs and keeps only its beginning', () => {
  const line = `421 4.7.0 ${'x'.repeat(100_000)} rate limit`
  expect(signalOf([heard(line, 'session')])).toEqual({ kind: 'failing', reason: line.slice(0, 200) })
})
