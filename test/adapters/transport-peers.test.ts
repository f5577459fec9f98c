/** The transport against a server of another making: npm's smtp-server. */
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { createTransport } from '../../src/adapters/transport.ts'
import type { Delivery, Hop } from '../../src/ports/transport.ts'
import { CERTIFICATE_NAME, ca, certificate } from '../support/certificate.ts'

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly sha256: string
  readonly octets: number
  readonly secure: boolean
  readonly user: string | undefined
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function serverWith(options: SMTPServerOptions): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = []
  const server = new SMTPServer({
    ...certificate,
    disableReverseLookup: true,
    authOptional: true,
    ...options,
    onData(stream, session, done) {
      const hash = createHash('sha256')
      let octets = 0
      stream.on('data', (chunk: Buffer) => {
        hash.update(chunk)
        octets += chunk.length
      })
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          sha256: hash.digest('hex'),
          octets,
          secure: session.secure,
          user: session.user || undefined,
        })
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise(resolve => server.close(() => resolve())))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { port: address.port, received }
}

/** A message with an attachment of random octets: header, text part, base64 in lines of 76 characters, some of which start with a dot. */
function withAttachment(octets: number): { head: Buffer; body: Buffer } {
  const base64 = randomBytes(octets).toString('base64').replace(/.{76}/g, '$&\r\n')
  const part = (type: string, text: string): string => `--b\r\n${type}\r\n\r\n${text}\r\n`
  const parts = [
    part('Content-Type: text/plain', '.\r\n..hidden\r\n. \r\nplain'),
    part(
      'Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment',
      base64,
    ),
  ]
  return {
    head: Buffer.from('From: a@example.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'),
    body: Buffer.from(`${parts.join('')}--b--\r\n`),
  }
}

/** In chunks of odd sizes, so that line ends and dots fall on borders. */
function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0, size = 1; at < body.length; at += size, size = ((size * 7) % 40_001) + 1) yield body.subarray(at, at + size)
}

function deliveryOf({ head, body }: { head: Buffer; body: Buffer }): Delivery {
  return {
    messageId: 'm1',
    envelopeFrom: 'a@example.test',
    recipients: ['ann@example.test', 'bob@example.test'],
    message: { head, body: { length: body.length, open: () => Readable.from(chunksOf(body)) } },
    eightBit: false,
    helloName: 'mta.example.test',
  }
}

function transportFor() {
  const transport = createTransport({ network: 'relay', lab: { door: () => Promise.reject(new Error('no door was expected')) }, ca })
  closing.push(() => transport.close())
  return transport
}

const hopTo = (port: number, more: Partial<Hop>): Hop => ({
  hostName: CERTIFICATE_NAME,
  address: '127.0.0.1',
  port,
  via: 'network',
  tls: 'required',
  ...more,
})

test.each([
  ['STARTTLS, verified', {}, { tls: 'required' }],
  ['implicit TLS, verified', { secure: true }, { tls: 'implicit' }],
  ['clear text', { hideSTARTTLS: true }, { tls: 'opportunistic' }],
  ['no pipelining', { hidePIPELINING: true }, { tls: 'required' }],
] as const)('a message with an attachment of 1 MB arrives octet for octet: %s', async (_, options, hop) => {
  const { port, received } = await serverWith(options)
  const message = withAttachment(1024 * 1024)
  const result = await transportFor().attempt(hopTo(port, hop), deliveryOf(message))
  expect(result.outcomes.map(({ action }) => action)).toEqual(['delivered', 'delivered'])
  const whole = Buffer.concat([message.head, message.body])
  expect(received).toEqual([
    {
      from: 'a@example.test',
      to: ['ann@example.test', 'bob@example.test'],
      sha256: createHash('sha256').update(whole).digest('hex'),
      octets: whole.length,
      secure: hop.tls !== 'opportunistic',
      user: undefined,
    },
  ])
})

test.each(['PLAIN', 'LOGIN'])('it logs in by %s', async mechanism => {
  const seen: string[] = []
  const { port, received } = await serverWith({
    authMethods: [mechanism],
    authOptional: false,
    onAuth(auth, _session, done) {
      seen.push(`${auth.method} ${auth.username} ${auth.password}`)
      done(null, { user: auth.username ?? '' })
    },
  })
  const auth = { user: 'ann', password: 'pass wörd' }
  const result = await transportFor().attempt(hopTo(port, { auth }), deliveryOf(withAttachment(10)))
  expect(result.kind).toBe('session')
  expect(seen).toEqual([`${mechanism} ann pass wörd`])
  expect(received[0]?.user).toBe('ann')
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  for (const secret of ['pass wörd', base64('pass wörd'), base64('ann'), base64('\0ann\0pass wörd')])
    expect(result.transcript.join('\n')).not.toContain(secret)
})

test('a refused recipient and an accepted one, as that server words it', async () => {
  const { port, received } = await serverWith({
    onRcptTo({ address }, _session, done) {
      done(address.startsWith('bob') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null)
    },
  })
  const result = await transportFor().attempt(hopTo(port, {}), deliveryOf(withAttachment(10)))
  expect(result.outcomes.map(({ action, status }) => `${action} ${status}`)).toEqual(['delivered 2.0.0', 'failed 5.1.1'])
  expect(received.map(({ to }) => to)).toEqual([['ann@example.test']])
})
