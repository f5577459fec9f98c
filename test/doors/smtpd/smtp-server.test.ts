/** The SMTP listener, typed at by hand. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createSecureContext } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { issueCertificate, makeAuthority } from '../../../src/wire/certificate.ts'
import { smtpReply } from '../../../src/wire/smtp-session.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { openSink, type Sink } from '../../support/smtp-sink.ts'

const opened: Sink[] = []
const sinkOf = async (...args: Parameters<typeof openSink>): Promise<Sink> => {
  const sink = await openSink(...args)
  opened.push(sink)
  return sink
}
afterEach(async () => {
  for (const sink of opened.splice(0)) await sink.server.close()
})

const { certificate: cert, key } = issueCertificate(makeAuthority('Test authority'), ['sink.test'])
const tls = { mode: 'starttls', context: () => createSecureContext({ cert, key }) } as const

/** A client past EHLO. */
async function greeted(sink: Sink): Promise<RawSmtp> {
  const client = await RawSmtp.open(sink)
  expect((await client.reply())?.code).toBe(220)
  expect(await client.ask('EHLO client.test')).toBe(250)
  return client
}

test('a dialogue from greeting to QUIT', async () => {
  const sink = await sinkOf()
  const client = await RawSmtp.open(sink)
  expect(await client.reply()).toEqual({ code: 220, lines: ['sink.test ESMTP'] })
  client.send('EHLO client.test\r\n')
  expect((await client.reply())?.lines).toEqual(['sink.test', 'PIPELINING', 'SIZE 41943040', '8BITMIME', 'ENHANCEDSTATUSCODES'])
  expect(await client.ask('MAIL FROM:<a@b.test> SIZE=5 BODY=8BITMIME')).toBe(250)
  expect(await client.ask('RCPT TO:<c@D.test>')).toBe(250)
  expect(await client.ask('DATA')).toBe(354)
  expect(await client.ask('Subject: x\r\n\r\n..\r\n..y\r\n.')).toBe(250)
  expect(await client.ask('QUIT')).toBe(221)
  expect(await client.reply()).toBeUndefined()
  expect(sink.messages).toEqual([{ from: 'a@b.test', to: ['c@d.test'], body: 'Subject: x\r\n\r\n.\r\n.y\r\n' }])
})

test('a whole session in one packet: each command answered in order, one message', async () => {
  const sink = await sinkOf()
  const client = await RawSmtp.open(sink)
  await client.reply()
  client.send(
    'EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nRCPT TO:<bad\r\nRCPT TO:<b@b.test>\r\nDATA\r\nhi\r\n.\r\nNOOP\r\nQUIT\r\n',
  )
  expect(await client.rest()).toEqual([250, 250, 250, 501, 250, 354, 250, 250, 221])
  expect(sink.messages).toEqual([{ from: '', to: ['a@b.test', 'b@b.test'], body: 'hi\r\n' }])
})

test('the same when every octet comes alone', async () => {
  const sink = await sinkOf()
  const client = await RawSmtp.open(sink)
  await client.reply()
  for (const octet of 'EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n..a\r\n.\r\nQUIT\r\n') {
    client.send(octet)
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(await client.rest()).toEqual([250, 250, 250, 354, 250, 221])
  expect(sink.messages[0]?.body).toBe('.a\r\n')
})

const LOOK_ALIKES = ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r\n.\r', '\r.\r\n', '\r\r\n.x\r\n', '\n\n.\r\n', '\r\n\n.\n']
test.each(LOOK_ALIKES)('%j does not end a message and is not passed on', async lookAlike => {
  const sink = await sinkOf()
  const client = await greeted(sink)
  client.send('MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n')
  client.send(`one${lookAlike}MAIL FROM:<evil@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSMUGGLED\r\n.\r\nQUIT\r\n`)
  expect(await client.rest()).toEqual([250, 250, 354, 550, 221])
  expect(sink.messages).toEqual([])
  expect(sink.errors).toHaveLength(1)
})

test('commands must end in CRLF and hold no control characters; the session goes on', async () => {
  const client = await greeted(await sinkOf())
  client.send('NOOP\nRSET\r\n')
  expect((await client.reply())?.code).toBe(500)
  expect((await client.reply())?.code).toBe(250)
  expect(await client.ask('MAIL FROM:<a\0@b.test>')).toBe(500)
  expect(await client.ask('MAIL FROM:<a\rb@b.test>')).toBe(500)
  expect(await client.ask('NOOP')).toBe(250)
})

test.each([
  ['MAIL FROM:<a@b.test> FROB=1', 555],
  ['MAIL FROM:<a@b.test> SMTPUTF8', 555],
  ['MAIL FROM:<a@b.test> BODY=BINARYMIME', 501],
  ['MAIL FROM:<a@b.test> SIZE=41943041', 552],
  ['MAIL FROM:<a@b.test> SIZE=-1', 501],
  ['MAIL FROM:<a@b.test> SIZE=1 SIZE=1', 501],
  ['MAIL FROM:<a@b.test>SIZE=1', 501],
  ['MAIL FROM:a@b.test', 501],
  ['MAIL FROM <a@b.test>', 501],
  ['MAIL FROM:<a..b@c.test>', 553],
  ['MAIL FROM:<a@b..test>', 553],
  ['MAIL FROM:<a@-b.test>', 553],
  ['MAIL FROM:<a@b.test', 501],
  ['MAIL FROM:<a b@c.test>', 553],
  ['MAIL FROM:<s\u00fcnder@b.test>', 553],
  [`MAIL FROM:<${'a'.repeat(65)}@b.test>`, 553],
  ['MAIL FROM:<"a b\\">@"@b.test>', 250],
  ['MAIL FROM:<@relay.test,@two.test:a@b.test>', 250],
  ['MAIL FROM:<a@[127.0.0.1]>', 250],
  ['mail from: <>', 250],
  ['RCPT TO:<a@b.test>', 503],
  ['DATA', 503],
  ['DATA x', 501],
  ['VRFY a', 252],
  ['HELP', 214],
  ['EXPN x', 500],
  ['STARTTLS', 502],
  ['AUTH PLAIN AHgAeQ==', 502],
])('%j gets %d', async (line, code) => {
  const client = await greeted(await sinkOf())
  expect(await client.ask(line)).toBe(code)
  expect(await client.ask('NOOP')).toBe(250)
})

test('order: MAIL before EHLO, MAIL twice, DATA without a recipient, RSET', async () => {
  const client = await RawSmtp.open(await sinkOf())
  await client.reply()
  const dialogue = [
    ['MAIL FROM:<>', 503],
    ['HELO c.test', 250],
    ['MAIL FROM:<>', 250],
    ['MAIL FROM:<>', 503],
    ['RCPT TO:<>', 553],
    ['RCPT TO:<a@b.test> NOTIFY=NEVER', 555],
    ['DATA', 554],
    ['RCPT TO:<Postmaster>', 250],
    ['RSET', 250],
    ['RCPT TO:<a@b.test>', 503],
  ] as const
  for (const [line, code] of dialogue) expect([line, await client.ask(line)]).toEqual([line, code])
})

test('an over-long line is refused, an endless one ends the session', async () => {
  const client = await greeted(await sinkOf())
  expect(await client.ask(`NOOP ${'x'.repeat(5000)}`)).toBe(500)
  expect(await client.ask('NOOP')).toBe(250)
  client.send('x'.repeat(200_000))
  expect((await client.reply())?.code).toBe(421)
  expect(await client.reply()).toBeUndefined()
})

test('recipients beyond the limit are put off, the others stay', async () => {
  const sink = await sinkOf({ maxRecipients: 2 })
  const client = await greeted(sink)
  client.send('MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nRCPT TO:<b@b.test>\r\nRCPT TO:<c@b.test>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n')
  expect(await client.rest()).toEqual([250, 250, 250, 452, 354, 250, 221])
  expect(sink.messages[0]?.to).toEqual(['a@b.test', 'b@b.test'])
})

test('a message beyond the size limit is read to its end and refused; the next one is taken', async () => {
  const sink = await sinkOf({ maxMessageBytes: 1000 })
  const client = await greeted(sink)
  const message = (size: number): string => `MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n${'x'.repeat(size - 2)}\r\n.\r\n`
  client.send(`${message(1001)}${message(1000)}QUIT\r\n`)
  expect(await client.rest()).toEqual([250, 250, 354, 552, 250, 250, 354, 250, 221])
  expect(sink.messages.map(({ body }) => body.length)).toEqual([1000])
})

test('whoever speaks before the greeting is refused', async () => {
  const client = await RawSmtp.open(await sinkOf({}, () => ({ greet: () => new Promise(() => {}) })))
  client.send('EHLO c.test\r\n')
  expect(await client.rest()).toEqual([554])
})

test('a browser is shown the door and its body is not obeyed', async () => {
  const sink = await sinkOf()
  const client = await RawSmtp.open(sink)
  await client.reply()
  client.send('POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nx\r\n.\r\n')
  expect(await client.rest()).toEqual([554])
  expect(sink.messages).toEqual([])
})

test('too many refused commands end the session', async () => {
  const client = await greeted(await sinkOf())
  client.send('FROB\r\n'.repeat(50))
  expect(await client.rest()).toEqual([...Array.from({ length: 20 }, () => 500), 421])
})

test('too many connections: 421', async () => {
  const sink = await sinkOf({ maxConnections: 1 })
  await greeted(sink)
  expect(await (await RawSmtp.open(sink)).rest()).toEqual([421])
})

test('a silent client, one that types slowly, and one that stalls inside DATA are timed out', async () => {
  const sink = await sinkOf({ timeouts: { commandMs: 60, dataMs: 60 } })
  const silent = await RawSmtp.open(sink)
  expect(await silent.rest()).toEqual([220, 421])
  const slow = await greeted(sink)
  const typing = setInterval(() => slow.send('N'), 10)
  expect(await slow.rest()).toEqual([421])
  clearInterval(typing)
  const stalled = await greeted(sink)
  stalled.send('MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nhalf')
  expect(await stalled.rest()).toEqual([250, 250, 354, 421])
  expect(sink.messages).toEqual([])
})

test('a session may have less patience than the listener', async () => {
  const sink = await sinkOf({ timeouts: { handshakeMs: 60 } }, () => ({ idleMs: 60 }))
  const client = await greeted(sink)
  expect(await client.rest()).toEqual([421])
})

test('a connection lost inside DATA delivers nothing, and the reader hears of it', async () => {
  const sink = await sinkOf()
  const client = await greeted(sink)
  client.send('MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nhalf a message\r\n')
  for (let i = 0; i < 3; i += 1) await client.reply()
  client.close()
  await expect.poll(() => sink.errors.length).toBe(1)
  expect(sink.messages).toEqual([])
})

test('a client that only closes its sending side still gets its replies', async () => {
  const sink = await sinkOf()
  const client = await RawSmtp.open(sink)
  await client.reply()
  client.socket.end('EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nx\r\n.\r\n')
  expect(await client.rest()).toEqual([250, 250, 250, 354, 250])
  expect(sink.messages).toHaveLength(1)
})

test('a handler that fails is answered 451 and its text stays here', async () => {
  const sink = await sinkOf({}, () => ({ rcpt: () => Promise.reject(new Error('secret table missing')) }))
  const client = await greeted(sink)
  await client.ask('MAIL FROM:<>')
  client.send('RCPT TO:<a@b.test>\r\n')
  const reply = await client.reply()
  expect(reply?.code).toBe(451)
  expect(reply?.lines.join()).not.toContain('secret')
})

test('a session that answers before the end of the message: the rest is thrown away, the reply comes after it', async () => {
  const sink = await sinkOf({}, () => ({ data: () => smtpReply(554, '5.7.1', 'No thanks') }))
  const client = await greeted(sink)
  client.send(`MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n${'NOOP\r\n'.repeat(50_000)}.\r\nQUIT\r\n`)
  expect(await client.rest()).toEqual([250, 250, 354, 554, 221])
})

test('STARTTLS: what was sent in the clear behind it is never obeyed, and TLS is not offered twice', async () => {
  const sink = await sinkOf({ tls })
  const client = await RawSmtp.open(sink)
  await client.reply()
  client.send('EHLO c.test\r\n')
  expect((await client.reply())?.lines).toContain('STARTTLS')
  await client.ask('MAIL FROM:<before@tls.test>')
  client.send('STARTTLS\r\nRSET\r\nMAIL FROM:<evil@b.test>\r\n')
  expect((await client.reply())?.code).toBe(220)
  await client.starttls()
  client.send('RCPT TO:<a@b.test>\r\n')
  expect((await client.reply())?.code).toBe(503)
  client.send('EHLO c.test\r\n')
  const hello = await client.reply()
  expect(hello?.code).toBe(250)
  expect(hello?.lines).not.toContain('STARTTLS')
  expect(await client.ask('STARTTLS')).toBe(503)
  client.send('MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nsafe\r\n.\r\nQUIT\r\n')
  expect(await client.rest()).toEqual([250, 250, 354, 250, 221])
  expect(sink.messages).toEqual([{ from: '', to: ['a@b.test'], body: 'safe\r\n' }])
  expect(sink.log.join('\n')).toMatch(/\* TLSv1\.3/)
})

test('secrets do not reach the log', async () => {
  const sink = await sinkOf()
  const client = await greeted(sink)
  await client.ask('AUTH PLAIN AHNlY3JldABzZWNyZXQ=')
  expect(sink.log.join('\n')).not.toContain('AHNlY3JldABzZWNyZXQ=')
})

test('close: idle sessions hear 421, a busy one may finish', async () => {
  const sink = await openSink()
  const idle = await greeted(sink)
  const busy = await greeted(sink)
  busy.send('MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n')
  for (let i = 0; i < 3; i += 1) await busy.reply()
  const closed = sink.server.close(10_000)
  expect(await idle.rest()).toEqual([421])
  expect(await busy.ask('x\r\n.')).toBe(250)
  await busy.ask('QUIT')
  await closed
  expect(sink.messages).toHaveLength(1)
})

test('40 MB stream through a slow reader in little memory, unchanged', async () => {
  const block = Buffer.from(`${randomBytes(48).toString('base64')}\r\n`.repeat(1000))
  let seen = 0
  let high = 0
  let chunks = 0
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  /** What is really held: octets of buffers and objects left after a collection. */
  const held = (): number => {
    collect()
    const { external, heapUsed } = process.memoryUsage()
    return external + heapUsed
  }
  const start = held()
  const sink = await sinkOf({}, () => ({
    async data(body) {
      for await (const chunk of body) {
        const from = seen % block.length
        const first = Math.min(chunk.length, block.length - from)
        if (!block.subarray(from, from + first).equals(chunk.subarray(0, first))) throw new Error('changed on the way')
        seen += chunk.length
        chunks += 1
        if (chunks % 50 === 0) high = Math.max(high, held() - start)
        await new Promise(resolve => setImmediate(resolve))
      }
      return smtpReply(250, '2.0.0', 'Ok')
    },
  }))
  const client = await greeted(sink)
  client.send('MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n')
  for (let i = 0; i < 3; i += 1) await client.reply()
  const blocks = Math.floor(41_000_000 / block.length)
  for (let i = 0; i < blocks; i += 1) {
    if (!client.socket.write(block)) await new Promise(resolve => client.socket.once('drain', resolve))
  }
  expect(await client.ask('.')).toBe(250)
  expect(seen).toBe(blocks * block.length)
  expect(high).toBeGreaterThan(0)
  expect(high).toBeLessThan(8 * 1024 * 1024)
})

test('a full listener: who was there ten seconds without a message gives way to another, who is giving one after a minute', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const sink = await sinkOf({ maxConnections: 2 })
  const [idle, busy] = [await greeted(sink), await greeted(sink)]
  expect(await busy.ask('MAIL FROM:<a@b.test>')).toBe(250)
  expect(await busy.ask('RCPT TO:<c@d.test>')).toBe(250)
  expect(await busy.ask('DATA')).toBe(354)
  vi.advanceTimersByTime(9_000)
  const early = await RawSmtp.open(sink)
  expect((await early.reply())?.code).toBe(421)
  vi.advanceTimersByTime(2_000)
  const next = await greeted(sink)
  expect(await idle.rest()).toEqual([421])
  idle.close()
  expect((await (await RawSmtp.open(sink)).reply())?.code).toBe(421)
  // A message starts the count again.
  vi.advanceTimersByTime(45_000)
  expect(await next.ask('MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA')).toBe(250)
  expect([await next.reply(), await next.reply()].map(reply => reply?.code)).toEqual([250, 354])
  expect(await next.ask('.')).toBe(250)
  vi.advanceTimersByTime(5_000)
  expect((await greeted(sink)).socket.destroyed).toBe(false)
  expect(await busy.rest()).toEqual([421])
  expect(await next.ask('NOOP')).toBe(250)
})

test.each([
  ['DATA', 'DATA\r\n'],
  ['BDAT', 'BDAT 999999999 LAST\r\n'],
])('a message after %s that has no end is not read for ever', async (_, command) => {
  const sink = await sinkOf({ maxMessageBytes: 100_000, chunking: 'offered' })
  const client = await greeted(sink)
  client.send(`MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n${command}`)
  const lines = Buffer.from('X-Endless: header\r\n'.repeat(1_000))
  for (let i = 0; i < 400 && client.socket.writable; i += 1) {
    client.send(lines)
    await new Promise(setImmediate)
  }
  expect((await client.rest()).at(-1)).toBe(552)
})

test.each(['starttls', 'implicit'] as const)('a client that leaves in the middle of a handshake is gone at once: %s', async mode => {
  const sink = await sinkOf({ tls: { ...tls, mode } })
  const client = mode === 'starttls' ? await greeted(sink) : await RawSmtp.open(sink)
  if (mode === 'starttls') expect(await client.ask('STARTTLS')).toBe(220)
  const closed = once(client.socket, 'close')
  client.socket.end()
  await closed
  expect(sink.log.some(line => line.includes('left before TLS'))).toBe(true)
})
