/** The submission door: who may send, what is submitted, and SES's words for what came of it. */
import { afterEach, describe, expect, test } from 'vitest'
import { type ErrorCode, MailctlError } from '../../../src/base/errors.ts'
import type { Submitted } from '../../../src/smtpd/submission-session.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { closeDoors, openSubmissionDoor } from '../../support/submission-door.ts'

afterEach(closeDoors)

const MESSAGE = 'From: ann@example.com\r\nSubject: x\r\n\r\nhi\r\n'

async function greeted(door: { readonly address: string; readonly port: number }): Promise<RawSmtp> {
  const client = await RawSmtp.open(door)
  await client.reply()
  await client.ask('EHLO client.test')
  return client
}

/** @returns the reply to the message, code and text */
async function give(client: RawSmtp, message = MESSAGE, envelope = ['MAIL FROM:<ann@example.com>', 'RCPT TO:<bob@example.net>']) {
  for (const line of [...envelope, 'DATA']) await client.ask(line)
  client.send(`${message}.\r\n`)
  const reply = await client.reply()
  return `${reply?.code} ${reply?.lines.join(' ')}`
}

const refusing = (thrown: unknown) => openSubmissionDoor({ submit: () => Promise.reject(thrown) })

test('a dialogue in the words of SES', async () => {
  const door = await openSubmissionDoor()
  const client = await RawSmtp.open(door)
  expect(await client.reply()).toEqual({ code: 220, lines: ['mta.test ESMTP'] })
  const dialogue = [
    ['MAIL FROM:<a@b.test>', '503 Say EHLO first'],
    ['EHLO client.test', '250 mta.test PIPELINING SIZE 41943040 8BITMIME CHUNKING STARTTLS AUTH PLAIN LOGIN Ok'],
    ['RCPT TO:<a@b.test>', '503 Error: need MAIL command'],
    ['MAIL FROM:', '501 Invalid MAIL FROM address provided'],
    ['MAIL FROM:<a..b@c.test>', '553 <a..b@c.test> Invalid email address'],
    ['MAIL FROM:<s\u00fcnder@c.test>', '553 <s?nder@c.test> Invalid email address'],
    ['MAIL FROM:<a@b.test> SIZE=41943041', '552 Message is too long.'],
    ['MAIL FROM: ann@example.com', '250 Ok'],
    ['RCPT TO:<bob@>', '553 <bob@> address unknown'],
    ['RCPT TO:<bob@Example.NET>', '250 Ok'],
    ['RCPT TO:<bob@example.net>', '250 Ok'],
    ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
    [`${MESSAGE}..\r\n.`, '250 Ok id-1'],
    ['AUTH PLAIN AHgAeQ==', '530 Must issue a STARTTLS command first'],
    ['RSET', '250 Ok'],
    ['QUIT', '221 Bye'],
  ] as const
  for (const [line, answer] of dialogue) {
    client.send(`${line}\r\n`)
    const reply = await client.reply()
    expect([line, `${reply?.code} ${reply?.lines.join(' ')}`]).toEqual([line, answer])
  }
  expect(await client.reply()).toBeUndefined()
  expect(door.submitted).toEqual([
    { from: 'ann@example.com', recipients: ['bob@example.net'], user: undefined, raw: `${MESSAGE}.\r\n`, arrived: 'whole' },
  ])
})

test('one session, three messages in one packet: three envelopes', async () => {
  const door = await openSubmissionDoor()
  const client = await greeted(door)
  const one = (to: string): string => `MAIL FROM:<ann@example.com>\r\nRCPT TO:<${to}>\r\nDATA\r\n${MESSAGE}.\r\n`
  client.send(`${one('a@b.test')}${one('c@d.test')}${one('e@f.test')}QUIT\r\n`)
  expect(await client.rest()).toEqual([250, 250, 354, 250, 250, 250, 354, 250, 250, 250, 354, 250, 221])
  expect(door.submitted.map(({ recipients }) => recipients)).toEqual([['a@b.test'], ['c@d.test'], ['e@f.test']])
})

describe('strangers', () => {
  test('are told to authenticate and can do nothing else', async () => {
    const door = await openSubmissionDoor({ trust: '' })
    const client = await greeted(door)
    client.send('MAIL FROM:<a@b.test>\r\n')
    expect(await client.reply()).toEqual({ code: 530, lines: ['Must issue a STARTTLS command first'] })
    expect(await client.ask('RCPT TO:<a@b.test>')).toBe(503)
    expect(await client.ask('DATA')).toBe(503)
    expect(door.submitted).toEqual([])
  })

  test('are fifty at most; the next may come when one has gone', async () => {
    const door = await openSubmissionDoor({ trust: '::1' })
    const clients = await Promise.all(Array.from({ length: 50 }, () => greeted(door)))
    const late = await RawSmtp.open(door)
    expect(await late.reply()).toEqual({ code: 421, lines: ['Too many concurrent SMTP connections'] })
    const [first] = clients
    first?.send('QUIT\r\n')
    await first?.rest()
    expect((await (await RawSmtp.open(door)).reply())?.code).toBe(220)
  })

  test('that are trusted are more than fifty', async () => {
    const door = await openSubmissionDoor()
    const clients = await Promise.all(Array.from({ length: 60 }, () => greeted(door)))
    expect(await give(clients[59] ?? (await greeted(door)))).toBe('250 Ok id-1')
  })
})

describe('the end of DATA', () => {
  const refusals: readonly [ErrorCode, string, string][] = [
    ['bad-data', "Duplicate header 'Subject'.", "554 Transaction failed: Duplicate header 'Subject'."],
    ['not-found', 'Configuration set <x> does not exist.', '554 Transaction failed: Configuration set <x> does not exist.'],
    ['forbidden', "User `a' is not authorized", "554 Access denied: User `a' is not authorized"],
    ['message-rejected', 'Bad content found', '554 Message rejected: Bad content found'],
    [
      'not-verified',
      'Email address is not verified. The following identities failed the check in region US-EAST-1: a@b.test',
      '554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: a@b.test',
    ],
    [
      'sending-paused',
      'Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.',
      '554 Message rejected: Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.',
    ],
    [
      'sending-paused',
      'Sending is paused for configuration set receipts',
      '554 Message rejected: Sending is paused for configuration set receipts',
    ],
    ['quota-exceeded', 'x', '454 Throttling failure: Daily message quota exceeded.'],
    ['rate-exceeded', 'x', '454 Throttling failure: Maximum sending rate exceeded.'],
    ['too-large', 'x', '552 Message is too long.'],
    ['store-unavailable', '/home/x/account.db is full', '451 Temporary service failure'],
  ]
  test.each(refusals)('%s', async (code, message, answer) => {
    const door = await refusing(new MailctlError(code, message))
    const client = await greeted(door)
    expect(await give(client)).toBe(answer)
    expect(await give(client)).toBe(answer)
    expect(door.troubles).toEqual(answer.startsWith('451') ? [message, message] : [])
  })

  test('control characters and other alphabets do not leave in a reply, and a long one has several lines', async () => {
    const client = await greeted(await refusing(new MailctlError('bad-data', `a\r\n250 Ok\u001b[31m é ${'word '.repeat(300)}`)))
    for (const line of ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA']) await client.ask(line)
    client.send(`${MESSAGE}.\r\n`)
    const reply = await client.reply()
    expect(reply?.code).toBe(554)
    expect(reply?.lines[0]).toMatch(/^Transaction failed: a\?\?250 Ok\?\[31m \? word/)
    expect(reply?.lines.length).toBe(4)
    for (const line of reply?.lines ?? []) expect(line.length).toBeLessThanOrEqual(506)
    expect(reply?.lines.join(' ').match(/word/g)).toHaveLength(300)
  })

  test('a client that is lost in the middle of a message is no trouble of ours', async () => {
    const door = await openSubmissionDoor()
    const client = await greeted(door)
    for (const line of ['MAIL FROM:<ann@example.com>', 'RCPT TO:<bob@example.net>', 'DATA']) await client.ask(line)
    client.send(`Subject: x\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(10_000)}`)
    client.socket.resetAndDestroy()
    await door.close(10_000)
    expect([door.troubles, door.submitted]).toEqual([[], []])
  })

  test('what is no refusal is 451; its text goes to the log alone', async () => {
    const log: string[] = []
    const door = await openSubmissionDoor({
      submit: () => Promise.reject(new TypeError('secret column')),
      log: (_, text) => void log.push(text),
    })
    expect(await give(await greeted(door))).toBe('451 Temporary service failure')
    expect(log.join('\n')).toContain('secret column')
  })

  test('more than fifty recipients', async () => {
    const door = await openSubmissionDoor()
    const to = (count: number): string[] => Array.from({ length: count }, (_, i) => `RCPT TO:<r${i}@example.net>`)
    const client = await greeted(door)
    expect(await give(client, MESSAGE, ['MAIL FROM:<ann@example.com>', ...to(51)])).toBe(
      '554 Transaction failed: Recipient count exceeds 50.',
    )
    expect(await give(client, 'x'.repeat(998).concat('\r\n').repeat(400), ['MAIL FROM:<ann@example.com>', ...to(51)])).toBe(
      '554 Transaction failed: Recipient count exceeds 50.',
    )
    expect(await give(client, MESSAGE, ['MAIL FROM:<ann@example.com>', ...to(50), ...to(50)])).toBe('250 Ok id-1')
    expect(door.submitted[0]?.recipients).toHaveLength(50)
  })

  test.each([
    ['the null path', ['MAIL FROM:<>', 'RCPT TO:<bob@example.net>'], "554 Transaction failed: Missing final '@domain'"],
    ['postmaster alone', ['MAIL FROM:<ann@example.com>', 'RCPT TO:<postmaster>'], "554 Transaction failed: Missing final '@domain'"],
    [
      'an address literal',
      ['MAIL FROM:<ann@example.com>', 'RCPT TO:<bob@[127.0.0.1]>'],
      "554 Transaction failed: Address 'bob@[127.0.0.1]' has an address literal where a domain is needed",
    ],
  ])('%s is taken in the envelope and refused with the message', async (_, envelope, answer) => {
    const door = await openSubmissionDoor()
    expect(await give(await greeted(door), MESSAGE, envelope)).toBe(answer)
    expect(door.submitted).toEqual([])
  })

  test('what is no message, and one that goes round in circles', async () => {
    const door = await openSubmissionDoor()
    const client = await greeted(door)
    expect(await give(client, 'no header here\r\n\r\n')).toMatch(/^554 Transaction failed: Line 1 of the header is not a field/)
    expect(await give(client, 'Received: from a\r\n'.repeat(120) + MESSAGE)).toMatch(/^554 Transaction failed: Too many hops/)
    expect(await give(client, 'Received: from a\r\n'.repeat(90) + MESSAGE)).toBe('250 Ok id-1')
    expect(door.submitted).toHaveLength(1)
  })

  test('a bare line end: nothing is submitted, whole or streamed', async () => {
    const door = await openSubmissionDoor()
    const client = await greeted(door)
    expect(await give(client, `${MESSAGE}a\nb\r\n`)).toMatch(/^550 Bare CR or LF/)
    expect(await give(client, `${MESSAGE}${'x'.repeat(900).concat('\r\n').repeat(500)}a\nb\r\n`)).toMatch(/^550 Bare CR or LF/)
    expect(await give(client)).toBe('250 Ok id-1')
    expect(door.submitted).toHaveLength(1)
  })
})

test.each([
  [255 * 1024, 'whole'],
  [257 * 1024, 'streamed'],
  [3_000_000, 'streamed'],
] as const)('a message of %i octets arrives %s and unchanged', async (size, arrived) => {
  const door = await openSubmissionDoor()
  const line = `.${'y'.repeat(96)}.\r\n`
  const body = line.repeat(Math.floor((size - MESSAGE.length) / line.length))
  expect(await give(await greeted(door), `${MESSAGE}${body.replace(/^\./gm, '..')}`)).toBe('250 Ok id-1')
  expect(door.submitted[0]?.arrived).toBe(arrived)
  expect(door.submitted[0]?.raw === `${MESSAGE}${body}`).toBe(true)
})

test('beyond 40 MB: refused at its end, and the session goes on', async () => {
  const door = await openSubmissionDoor()
  const client = await greeted(door)
  for (const line of ['MAIL FROM:<ann@example.com>', 'RCPT TO:<bob@example.net>', 'DATA']) await client.ask(line)
  client.send(MESSAGE)
  const block = Buffer.from('x'.repeat(998).concat('\r\n').repeat(1000))
  for (let i = 0; i < 42; i += 1) if (!client.socket.write(block)) await new Promise(resolve => client.socket.once('drain', resolve))
  client.send('.\r\n')
  expect(await client.reply()).toEqual({ code: 552, lines: ['Message is too long.'] })
  expect(await give(client)).toBe('250 Ok id-1')
})

/** A `submit` that waits to be told. */
function held() {
  const waiting: { readonly message: Submitted; readonly accept: () => void }[] = []
  return {
    waiting,
    submit: (message: Submitted) => new Promise<string>(resolve => waiting.push({ message, accept: () => resolve('late') })),
  }
}

describe('close', () => {
  test('idle sessions hear 421; a message being given, and one being submitted, are finished first', async () => {
    const { waiting, submit } = held()
    const door = await openSubmissionDoor({ submit })
    const idle = await greeted(door)
    const writing = await greeted(door)
    for (const line of ['MAIL FROM:<ann@example.com>', 'RCPT TO:<bob@example.net>']) await writing.ask(line)
    const submitting = await greeted(door)
    const submitted = give(submitting)
    await expect.poll(() => waiting.length).toBe(1)

    const closed = door.close(10_000)
    expect(await idle.rest()).toEqual([421])
    expect(await writing.ask('DATA')).toBe(354)
    writing.send(`${MESSAGE}.\r\n`)
    await expect.poll(() => waiting.length).toBe(2)
    for (const { accept } of waiting) accept()
    expect(await submitted).toBe('250 Ok late')
    expect(await writing.rest()).toEqual([250, 421])
    expect(await submitting.rest()).toEqual([421])
    await closed
    await expect(RawSmtp.open(door)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('who takes longer than the grace is cut off, and the submission is told', async () => {
    const { waiting, submit } = held()
    const door = await openSubmissionDoor({ submit })
    const client = await greeted(door)
    const answer = give(client)
    await expect.poll(() => waiting.length).toBe(1)
    await door.close(20)
    expect(await answer).toBe('undefined undefined')
    expect(waiting[0]?.message.signal.aborted).toBe(true)
  })
})

test('the door says when the port is taken, and trusts no range of the open internet', async () => {
  const door = await openSubmissionDoor()
  await expect(openSubmissionDoor({ at: door.port })).rejects.toMatchObject({ code: 'unreachable' })
  await expect(openSubmissionDoor({ trust: '0.0.0.0/0' })).rejects.toMatchObject({ code: 'usage' })
})
