/**
 * No SMTP smuggling out: whatever messages follow each other on a kept session, in whatever chunks they are read, the far side sees exactly
 * those messages, and no octet of them as a command; what has another line end than CRLF never gets its final dot. The receiver here
 * records octets and is lax: it splits what it got as RFC 5321 says, and looks for every end of message that some receiver ever believed in.
 */
import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTransport } from '../../src/adapters/transport.ts'
import type { FinalMessage } from '../../src/mail/body.ts'
import { bodyInMemory } from '../../src/mail/body.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { deliveryOf, hopTo } from '../support/outgoing.ts'

/** What came over each connection, commands and messages in order. */
const wires: Buffer[][] = []
const server = createServer({ noDelay: true }, socket => {
  const octets: Buffer[] = []
  wires.push(octets)
  socket.on('error', () => {})
  socket.write('220 recorder ESMTP\r\n')
  let pending = ''
  let inMessage = false
  const answers: Readonly<Record<string, string>> = { EHLO: '250-recorder\r\n250 PIPELINING', DATA: '354 go', QUIT: '221 bye' }
  socket.on('data', chunk => {
    octets.push(chunk)
    pending += chunk.toString('latin1')
    for (;;) {
      // A message ends with CRLF.CRLF; the CRLF before the dot may be that of the command line, which is cut off already.
      const end = inMessage ? `\r\n${pending}`.indexOf('\r\n.\r\n') : pending.indexOf('\r\n')
      if (end === -1) return
      const line = inMessage ? '.' : pending.slice(0, end)
      pending = pending.slice(inMessage ? end + 3 : end + 2)
      inMessage = line === 'DATA'
      socket.write(`${answers[line.split(' ')[0] ?? ''] ?? '250 2.0.0 ok'}\r\n`)
    }
  })
})

let port = 0
let transport: Transport
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the recorder has no port')
  port = address.port
  transport = createTransport({ network: 'relay', lab: { door: () => Promise.reject(new Error('no door')) } })
})
afterAll(async () => {
  await transport.close()
  await new Promise(resolve => server.close(resolve))
})

interface Given {
  readonly text: string
  /** Where the body is cut into chunks; `whole` gives it as one Buffer. */
  readonly cuts: readonly number[] | 'whole'
}

const HEAD = 'Subject: x\r\n\r\n'

function messageOf({ text, cuts }: Given): FinalMessage {
  const head = Buffer.from(HEAD)
  const body = Buffer.from(text, 'latin1')
  if (cuts === 'whole') return { head, body: bodyInMemory(body) }
  const borders = [0, ...cuts.map(cut => cut % (body.length + 1)).sort((a, b) => a - b), body.length]
  const chunks = borders.slice(1).map((border, index) => body.subarray(borders[index], border))
  return { head, body: { length: body.length, open: () => Readable.from(chunks, { objectMode: true }) } }
}

/** Commands and messages as the RFC reads them: `DATA` is followed by lines up to a single dot, from which one dot is taken off where there are more. */
function read(wire: string): { readonly commands: string[]; readonly messages: string[]; readonly rest: string } {
  const commands: string[] = []
  const messages: string[] = []
  const lines = wire.split('\r\n')
  const rest = lines.pop() ?? ''
  let message: string[] | undefined
  for (const line of lines) {
    if (!message) {
      commands.push(line)
      if (line === 'DATA') message = []
    } else if (line === '.') {
      messages.push(message.join(''))
      message = undefined
    } else message.push(`${line.startsWith('.') ? line.slice(1) : line}\r\n`)
  }
  return { commands, messages, rest: message ? `${message.join('')}${rest}` : rest }
}

const piece = fc.constantFrom(
  '.',
  '..',
  'a',
  ' ',
  '\xff',
  '\0',
  'MAIL FROM:<evil@example.test>',
  'RCPT TO:<eve@example.test>',
  'DATA',
  'QUIT',
  '.\r\n',
  '\r\n',
  '\r\n.\r\n',
)
const good = fc.array(piece, { maxLength: 12 }).map(pieces => `${pieces.join('')}\r\n`)
const cuts = fc.oneof(fc.constant('whole' as const), fc.array(fc.nat(200), { maxLength: 8 }))
const goods = fc.array(fc.record({ text: good, cuts }), { minLength: 1, maxLength: 4 })

/** Sends them one after the other. @returns what each came to, and what went over the wire meanwhile */
async function sent(messages: readonly Given[]): Promise<{ readonly statuses: (string | undefined)[]; readonly wire: string }> {
  const before = wires.map(octets => octets.length)
  const statuses = []
  for (const given of messages) {
    const { outcomes } = await transport.attempt(hopTo(port), deliveryOf({ message: messageOf(given) }))
    statuses.push(outcomes[0]?.status)
  }
  return { statuses, wire: wires.map((octets, index) => Buffer.concat(octets.slice(before[index] ?? 0)).toString('latin1')).join('') }
}

const COMMAND = /^(EHLO mta\.example\.test|MAIL FROM:<a@example\.test>|RCPT TO:<ann@example\.test>|DATA|RSET|QUIT)$/

test('messages that follow each other on one session arrive as they were, and nothing else does', async () => {
  await fc.assert(
    fc.asyncProperty(goods, async messages => {
      const { statuses, wire } = await sent(messages)
      expect(statuses).toEqual(messages.map(() => '2.0.0'))
      const { commands, messages: taken, rest } = read(wire)
      expect(taken).toEqual(messages.map(({ text }) => `${HEAD}${text}`))
      expect(rest).toBe('')
      for (const command of commands) expect(command).toMatch(COMMAND)
      expect(wire).not.toMatch(/[^\r]\n|\r(?!\n)/)
    }),
    { numRuns: 300 },
  )
  expect(wires.length, 'sessions were kept').toBeLessThan(30)
})

const foul = fc.constantFrom('\n', '\r', '\n.\n', '\n.\r\n', '\r.\r', '\r\n.\n', '\r\n.\r', '\r.\r\n', '\r\r\n', '\n\r\n')

test('a message with any other line end gets no end, and its session no further command', async () => {
  await fc.assert(
    fc.asyncProperty(good, foul, good, cuts, goods, async (before, bad, after, where, next) => {
      // `x` and `y`: what the bad line end touches must not make a good one of it.
      const { statuses, wire } = await sent([{ text: `${before}x${bad}y${after}`, cuts: where }, ...next])
      expect(statuses).toEqual(['5.6.0', ...next.map(() => '2.0.0')])
      expect(wire).not.toMatch(/[^\r]\n|\r(?!\n)/)
      // The broken message may have begun; the next ones came on another session, whole.
      const { messages: taken } = read(wire.slice(wire.lastIndexOf('EHLO')))
      expect(taken).toEqual(next.map(({ text }) => `${HEAD}${text}`))
    }),
    { numRuns: 150 },
  )
})
