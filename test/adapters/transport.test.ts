import net from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/adapters/transport.ts'
import { MailctlError } from '../../src/base/errors.ts'
import type { Delivery, Hop, HopResult, Transport } from '../../src/ports/transport.ts'
import { CERTIFICATE_NAME, ca, certificate } from '../support/certificate.ts'
import { BODY, deliveryOf, HEAD, hopTo } from '../support/outgoing.ts'
import { type Sink, type SinkOptions, startSink } from '../support/sink.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

async function sinkFor(options?: SinkOptions): Promise<Sink> {
  const sink = await startSink(options)
  open.push(sink)
  return sink
}

function transportFor(options: Partial<TransportOptions> = {}): Transport {
  const lab = { door: () => Promise.reject(new Error('no door was expected')) }
  const transport = createTransport({ network: 'relay', lab, ca, ...options })
  open.push(transport)
  return transport
}

const actions = ({ outcomes }: HopResult): string[] => outcomes.map(({ action, status }) => `${action} ${status}`)

/** One attempt against a sink of this kind. */
async function attempt(
  options: SinkOptions,
  more: { hop?: Partial<Hop>; delivery?: Partial<Delivery>; transport?: Partial<TransportOptions> } = {},
) {
  const sink = await sinkFor(options)
  const result = await transportFor(more.transport).attempt(hopTo(sink.port, more.hop), deliveryOf(more.delivery))
  return { sink, result }
}

const three = ['ann@example.test', 'bob@example.test', 'cat@example.test']

describe('a delivery that succeeds', () => {
  test('arrives octet for octet, its dots stuffed and unstuffed', async () => {
    const { sink, result } = await attempt({})
    expect(result.kind).toBe('session')
    expect(result.outcomes).toEqual([
      { action: 'delivered', status: '2.0.0', reply: '250 2.0.0 taken', remote: { name: CERTIFICATE_NAME, ip: '127.0.0.1' } },
    ])
    expect(sink.messages).toHaveLength(1)
    expect(sink.messages[0]?.raw).toEqual(Buffer.concat([HEAD, BODY]))
    expect(sink.messages[0]?.wire.toString()).toContain('\r\n..\r\n...two\r\n')
    expect(sink.messages[0]).toMatchObject({ from: 'a@example.test', to: ['ann@example.test'] })
  })

  test('sends MAIL, every RCPT and DATA in one write when the peer pipelines, and the message with its dot in another', async () => {
    const { sink } = await attempt({ extensions: ['PIPELINING', 'SIZE 1000'] }, { delivery: { recipients: three } })
    const size = HEAD.length + BODY.length
    expect(sink.reads).toContain(
      `MAIL FROM:<a@example.test> SIZE=${size}\r\n${three.map(address => `RCPT TO:<${address}>\r\n`).join('')}DATA\r\n`,
    )
    expect(sink.reads).toContain(sink.messages[0]?.wire.toString())
  })

  test('waits for each reply when the peer does not pipeline', async () => {
    const { sink } = await attempt({ extensions: [] }, { delivery: { recipients: three } })
    expect(sink.reads).toContain('MAIL FROM:<a@example.test>\r\n')
    for (const address of three) expect(sink.reads).toContain(`RCPT TO:<${address}>\r\n`)
    expect(sink.messages[0]?.to).toEqual(three)
  })

  test('uses TLS where it is offered and says so', async () => {
    const { sink, result } = await attempt({ tls: certificate })
    expect(sink.messages[0]?.secure).toBe(true)
    expect(result.outcomes[0]?.remote?.tlsVersion).toBe('TLSv1.3')
    expect(result.transcript.some(line => line.includes('* TLSv1.3'))).toBe(true)
    expect(sink.commands.filter(line => line.startsWith('EHLO'))).toHaveLength(2)
  })

  test('falls back to HELO, and to no extension, when EHLO is refused', async () => {
    const { sink, result } = await attempt({ script: { EHLO: ['500 what'] } })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.commands).toContain('HELO mta.example.test')
    expect(sink.commands).toContain('MAIL FROM:<a@example.test>')
  })

  test('waits for the last line of a greeting', async () => {
    const { sink, result } = await attempt({ script: { GREETING: [{ raw: '220-hello\r\n220 there\r\n' }] } })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.commands[0]).toBe('EHLO mta.example.test')
  })

  test('declares 8-bit data, and <> for a report', async () => {
    const { sink } = await attempt({ extensions: ['8BITMIME'] }, { delivery: { eightBit: true, envelopeFrom: '' } })
    expect(sink.commands).toContain('MAIL FROM:<> BODY=8BITMIME')
  })
})

describe('a host that refuses', () => {
  test('greylisting: 451 at RCPT delays that recipient and sends nothing', async () => {
    const { sink, result } = await attempt({ script: { RCPT: ['451 4.7.1 try later'] } })
    expect(result.kind).toBe('session')
    expect(result.outcomes[0]).toMatchObject({ action: 'delayed', status: '4.7.1', reply: '451 4.7.1 try later' })
    expect(sink.messages).toHaveLength(0)
    expect(sink.reads.join('')).not.toContain('Subject')
  })

  test.each([
    ['with pipelining', ['PIPELINING']],
    ['without pipelining', []],
  ])('mixed recipients each get their own outcome, the message goes to the accepted ones only (%s)', async (_, extensions) => {
    const script = { RCPT: ['250 ok', '550 5.1.1 no such user', '452 4.2.2 full'] }
    const { sink, result } = await attempt({ extensions, script }, { delivery: { recipients: three } })
    expect(actions(result)).toEqual(['delivered 2.0.0', 'failed 5.1.1', 'delayed 4.2.2'])
    expect(sink.messages.map(({ to }) => to)).toEqual([['ann@example.test']])
  })

  test('552 to the recipient that was one too many delays only that one', async () => {
    const script = { RCPT: ['250 ok', '552 too many recipients', '552 5.2.2 mailbox full'] }
    const { result } = await attempt({ script }, { delivery: { recipients: three } })
    expect(actions(result)).toEqual(['delivered 2.0.0', 'delayed 4.5.3', 'failed 5.2.2'])
  })

  test.each(['PIPELINING', 'X-NONE'])('5xx to MAIL is final for everyone, whatever follows it (%s)', async extension => {
    const { sink, result } = await attempt(
      { extensions: [extension], script: { MAIL: ['550 5.7.1 not you'], RCPT: ['503 no', '503 no', '503 no'] } },
      { delivery: { recipients: three } },
    )
    expect(result.kind).toBe('session')
    expect(actions(result)).toEqual(['failed 5.7.1', 'failed 5.7.1', 'failed 5.7.1'])
    expect(sink.reads.join('')).not.toContain('Subject')
  })

  test.each([
    ['greeting', { GREETING: ['421 4.3.2 busy'] }, 'delayed 4.3.2'],
    ['greeting for good', { GREETING: ['554 no mail here'] }, 'failed 5.3.2'],
    ['EHLO', { EHLO: ['421 4.3.2 busy'] }, 'delayed 4.3.2'],
    ['HELO as well', { EHLO: ['550 5.7.1 no'], HELO: ['550 5.7.1 no'] }, 'failed 5.7.1'],
    ['MAIL for now', { MAIL: ['451 4.3.0 later'] }, 'delayed 4.3.0'],
  ])('at %s leaves the next host to be tried', async (_, script, expected) => {
    const { result } = await attempt({ script })
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual([expected])
  })

  test('after DATA, for good, for now and after the dot', async () => {
    for (const [script, expected] of [
      [{ DATA: ['554 5.7.1 no'] }, 'failed 5.7.1'],
      [{ DATA: ['451 4.3.0 later'] }, 'delayed 4.3.0'],
      [{ DOT: ['550 5.7.1 spam'] }, 'failed 5.7.1'],
      [{ DOT: ['452 4.3.1 disk full'] }, 'delayed 4.3.1'],
    ] as const) {
      const { sink, result } = await attempt({ script })
      expect(result.kind).toBe('session')
      expect(actions(result)).toEqual([expected])
      expect(sink.messages).toHaveLength(0)
    }
  })

  test('a message above the declared size, or 8-bit where that is not offered, is not sent', async () => {
    const large = await attempt({ extensions: ['SIZE 30'] })
    expect(actions(large.result)).toEqual(['failed 5.3.4'])
    const eightBit = await attempt({ extensions: ['SIZE 0'] }, { delivery: { eightBit: true } })
    expect(actions(eightBit.result)).toEqual(['failed 5.6.3'])
    for (const { sink, result } of [large, eightBit]) {
      expect(result.kind).toBe('session')
      expect(sink.commands.some(line => line.startsWith('MAIL'))).toBe(false)
    }
  })

  test('an address that SMTP cannot say fails alone; nobody else is asked about it', async () => {
    const recipients = ['j\u00f6rg@example.test', 'ann@example.test', 'x@example.test> BODY=8BITMIME', 'a@b\r\nRCPT TO:<evil@example.test>']
    const { sink, result } = await attempt({}, { delivery: { recipients } })
    expect(actions(result)).toEqual(['failed 5.6.7', 'delivered 2.0.0', 'failed 5.1.3', 'failed 5.1.3'])
    expect(sink.commands.filter(line => line.startsWith('RCPT'))).toEqual(['RCPT TO:<ann@example.test>'])
  })

  test('control characters of a reply do not reach the outcome', async () => {
    const { result } = await attempt({ script: { RCPT: [{ raw: '550 5.1.1 \x1b[31mno\x07\r\n' }] } })
    expect(result.outcomes[0]?.reply).toBe('550 5.1.1 \ufffd[31mno\ufffd')
    expect(result.transcript.join('\n')).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
  })
})

describe('a connection that breaks', () => {
  test('421 to a recipient, then the end: everyone is delayed, nobody twice', async () => {
    const { sink, result } = await attempt(
      { extensions: [], script: { RCPT: [{ thenDrop: '421 4.3.2 going down' }] } },
      { delivery: { recipients: three } },
    )
    expect(actions(result).map(text => text.split(' ')[0])).toEqual(['delayed', 'delayed', 'delayed'])
    expect(result.outcomes[0]?.reply).toBe('421 4.3.2 going down')
    expect(sink.connections()).toBe(1)
  })

  test('in the message: delayed, 4.4.2', async () => {
    const { result } = await attempt({ script: { BODY: ['DROP'] } })
    expect(result.kind).toBe('session')
    expect(actions(result)).toEqual(['delayed 4.4.2'])
  })

  test('after the final dot: delayed, and the outcome admits that it may arrive twice', async () => {
    const { result } = await attempt({ script: { DOT: ['DROP'] } })
    expect(actions(result)).toEqual(['delayed 4.4.2'])
    expect(result.outcomes[0]?.reply).toContain('may be delivered twice')
  })

  test('silence after the final dot ends by the clock, with the same doubt', async () => {
    const { result } = await attempt({ script: { DOT: ['SILENCE'] } }, { transport: { timeouts: { finalDotMs: 50 } } })
    expect(actions(result)).toEqual(['delayed 4.4.2'])
    expect(result.outcomes[0]?.reply).toContain('may be delivered twice')
  })

  test('a refusal in the middle of the message counts, more than the hanging up after it', async () => {
    const { result } = await attempt({ script: { BODY: [{ thenDrop: '552 5.3.4 too big after all' }] } })
    expect(actions(result)).toEqual(['failed 5.3.4'])
  })

  test('a success before the end of the message is not believed', async () => {
    // Goes on until somebody stops it; the client must, as soon as it has seen the reply.
    const endless = async function* () {
      for (let sent = 0; sent < 5_000; sent += 1) yield Buffer.from(`${'a'.repeat(70)}\r\n`.repeat(900))
    }
    const message = { head: HEAD, body: { length: 900 * 72 * 5_000, open: () => Readable.from(endless()) } }
    const { result } = await attempt({ extensions: [], script: { BODY: [{ raw: '250 2.0.0 sure\r\n' }] } }, { delivery: { message } })
    expect(actions(result)).toEqual(['delayed 4.5.0'])
  })

  test.each([
    ['GREETING', 'greetingMs'],
    ['EHLO', 'helloMs'],
    ['MAIL', 'mailMs'],
    ['RCPT', 'rcptMs'],
  ] as const)('silence at %s: the next host may be tried', async (step, timeout) => {
    const { result } = await attempt({ script: { [step]: ['SILENCE'] } }, { transport: { timeouts: { [timeout]: 50 } } })
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual(['delayed 4.4.2'])
  })

  test('an attempt as a whole has an end too', async () => {
    const trickle = async function* () {
      for (;;) {
        yield Buffer.from('a\r\n')
        await new Promise(resolve => setImmediate(resolve))
      }
    }
    const message = { head: HEAD, body: { length: 1_000, open: () => Readable.from(trickle()) } }
    const { result } = await attempt({}, { delivery: { message }, transport: { timeouts: { attemptMs: 200 } } })
    expect(actions(result)).toEqual(['delayed 4.4.2'])
    expect(result.outcomes[0]?.reply).toContain('longer than 200 ms')
  })

  test('and no second connection follows a handshake that used it up', async () => {
    const { sink, result } = await attempt(
      { tls: certificate, script: { STARTTLS: ['SILENCE'] } },
      { transport: { timeouts: { attemptMs: 200 } } },
    )
    expect(actions(result)).toEqual(['delayed 4.4.2'])
    expect(sink.connections()).toBe(1)
  })

  test('nobody listens: unreachable, 4.4.1', async () => {
    const sink = await startSink()
    await sink.close()
    const result = await transportFor().attempt(hopTo(sink.port), deliveryOf())
    expect(result.kind).toBe('unreachable')
    expect(result.outcomes[0]).toMatchObject({ action: 'delayed', status: '4.4.1', reply: expect.stringContaining('connection refused') })
  })

  test.each([
    ['no code', 'hello\r\n'],
    ['a code above 599', '999 x\r\n'],
    ['two codes in one reply', '250-a\r\n550 b\r\n'],
    ['a line of 5,000 octets', `220 ${'x'.repeat(5_000)}\r\n`],
    ['an endless reply', '220-more\r\n'.repeat(10_000)],
    ['octets without any line end', 'x'.repeat(100_000)],
  ])('a greeting with %s is no SMTP: delayed', async (_, raw) => {
    const { result } = await attempt({ script: { GREETING: [{ raw }] } })
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual(['delayed 4.5.0'])
  })

  test('a reply nobody asked for is not taken for the next answer', async () => {
    const { sink, result } = await attempt({ extensions: [], script: { MAIL: [{ raw: '250 ok\r\n250 ok\r\n' }] } })
    expect(actions(result)).toEqual(['delayed 4.5.0'])
    expect(sink.messages).toHaveLength(0)
  })

  test('250 instead of 354 is not taken for an acceptance', async () => {
    const { result } = await attempt({ script: { DATA: [{ raw: '250 2.0.0 sure\r\n' }] } })
    expect(actions(result)).toEqual(['delayed 4.5.0'])
  })
})

describe('TLS', () => {
  test('after a failed handshake once more in the clear, and the transcript says so', async () => {
    const { sink, result } = await attempt({ tls: 'broken' })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.connections()).toBe(2)
    expect(sink.messages[0]?.secure).toBe(false)
    expect(result.outcomes[0]?.remote).not.toHaveProperty('tlsVersion')
    expect(result.transcript.some(line => line.includes('TLS handshake failed'))).toBe(true)
  })

  test('TLS 1.1 is a failed handshake', async () => {
    const old = { ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
    const { sink, result } = await attempt({ tls: old })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.messages[0]?.secure).toBe(false)
  })

  test('a refused STARTTLS leaves the session as it is', async () => {
    const { sink, result } = await attempt({ tls: certificate, script: { STARTTLS: ['454 4.7.0 not now'] } })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.connections()).toBe(1)
  })

  test.each([
    ['not offered', {}, {}, 'delayed 4.7.4'],
    ['refused', { tls: certificate, script: { STARTTLS: ['454 4.7.0 not now'] } }, {}, 'delayed 4.7.4'],
    ['a broken handshake', { tls: 'broken' }, {}, 'delayed 4.7.5'],
    ['a certificate for another name', { tls: certificate }, { hostName: 'other.example.test' }, 'delayed 4.7.5'],
  ] as const)('required and %s: nothing is sent', async (_, options, hop, expected) => {
    const { sink, result } = await attempt(options as SinkOptions, { hop: { tls: 'required', ...hop } })
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual([expected])
    expect(sink.connections()).toBe(1)
    expect(sink.commands.some(line => line.startsWith('MAIL'))).toBe(false)
  })

  test('required and a certificate of an authority nobody trusts: nothing is sent', async () => {
    const sink = await sinkFor({ tls: certificate })
    const lab = { door: () => Promise.reject(new Error('no door was expected')) }
    const transport = createTransport({ network: 'relay', lab })
    open.push(transport)
    const result = await transport.attempt(hopTo(sink.port, { tls: 'required' }), deliveryOf())
    expect(actions(result)).toEqual(['delayed 4.7.5'])
  })

  test('opportunistic and a certificate for another name: it goes on under TLS', async () => {
    const { sink, result } = await attempt({ tls: certificate }, { hop: { hostName: 'other.example.test' } })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.messages[0]?.secure).toBe(true)
  })

  test('text in the clear after the permission ends the session, without a second one', async () => {
    const { sink, result } = await attempt({ tls: certificate, script: { STARTTLS: [{ raw: '220 go\r\n250 evil\r\n' }] } })
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual(['delayed 4.5.0'])
    expect(sink.connections()).toBe(1)
  })

  test('implicit TLS, verified', async () => {
    const good = await attempt({ tls: certificate, implicit: true }, { hop: { tls: 'implicit' } })
    expect(actions(good.result)).toEqual(['delivered 2.0.0'])
    expect(good.sink.messages[0]?.secure).toBe(true)
    const wrong = await attempt({ tls: certificate, implicit: true }, { hop: { tls: 'implicit', hostName: 'other.example.test' } })
    expect(actions(wrong.result)).toEqual(['delayed 4.7.5'])
  })
})

describe('login', () => {
  const auth = { user: 'ann', password: 'correct horse' }
  const plain = Buffer.from('\0ann\0correct horse').toString('base64')

  test("PLAIN under TLS, in nobody's transcript", async () => {
    const { sink, result } = await attempt({ tls: certificate, extensions: ['AUTH LOGIN PLAIN'] }, { hop: { tls: 'required', auth } })
    expect(actions(result)).toEqual(['delivered 2.0.0'])
    expect(sink.commands).toContain(`AUTH PLAIN ${plain}`)
    expect(result.transcript.join()).not.toContain(plain)
    expect(result.transcript.some(line => line.endsWith('> AUTH PLAIN ***'))).toBe(true)
  })

  test('LOGIN where PLAIN is not offered', async () => {
    const script = { AUTH: [{ raw: '334 VXNlcm5hbWU6\r\n' }] }
    const { sink, result } = await attempt({ tls: certificate, extensions: ['AUTH LOGIN'], script }, { hop: { tls: 'required', auth } })
    // The sink knows no dialogue: it calls the user name an unknown command, and that is a refused login.
    expect(actions(result)).toEqual(['delayed 4.5.2'])
    expect(sink.commands).toContain(Buffer.from('ann').toString('base64'))
    expect(result.transcript.join()).not.toContain(Buffer.from('ann').toString('base64'))
  })

  test('a wrong password delays, at this host only, and is not echoed back', async () => {
    const script = { AUTH: [`535 5.7.8 no: ${plain}`] }
    const { sink, result } = await attempt({ tls: certificate, extensions: ['AUTH PLAIN'], script }, { hop: { tls: 'required', auth } })
    expect(result.kind).toBe('unreachable')
    expect(result.outcomes[0]).toMatchObject({ action: 'delayed', status: '4.7.8', reply: '535 5.7.8 no: ***' })
    expect(sink.commands.some(line => line.startsWith('MAIL'))).toBe(false)
  })

  test('never in the clear, whatever the hop says', async () => {
    const { sink, result } = await attempt({ extensions: ['AUTH PLAIN LOGIN'] }, { hop: { tls: 'opportunistic', auth } })
    expect(actions(result)).toEqual(['delayed 4.7.4'])
    expect(sink.commands.some(line => line.startsWith('AUTH'))).toBe(false)
  })
})

describe('our own side', () => {
  test('bare line ends are refused, not repaired, and no end of message is sent', async () => {
    for (const text of ['a\n.\nb\r\n', 'a\n.\r\nMAIL FROM:<evil@example.test>\r\n', 'a\r.\rb\r\n', 'a\r']) {
      const body = Buffer.from(text)
      const message = { head: HEAD, body: { length: body.length, open: () => Readable.from([body]) } }
      const { sink, result } = await attempt({}, { delivery: { message } })
      expect(actions(result)).toEqual(['failed 5.6.0'])
      expect(sink.messages).toHaveLength(0)
    }
  })

  test('a message that cannot be read throws, and the peer has no whole message', async () => {
    const body = {
      length: 10,
      open: () =>
        new Readable({
          read() {
            this.destroy(new Error('spool is gone'))
          },
        }),
    }
    const sink = await sinkFor()
    await expect(transportFor().attempt(hopTo(sink.port), deliveryOf({ message: { head: HEAD, body } }))).rejects.toThrow('spool is gone')
    expect(sink.messages).toHaveLength(0)
  })

  test('an abort closes the socket and throws', async () => {
    const sink = await sinkFor({ script: { MAIL: ['SILENCE'] } })
    const controller = new AbortController()
    const pending = transportFor().attempt(hopTo(sink.port), deliveryOf(), controller.signal)
    const watch = setInterval(() => sink.commands.some(line => line.startsWith('MAIL')) && controller.abort(), 5)
    await expect(pending).rejects.toMatchObject({ code: 'interrupted' })
    clearInterval(watch)
    await expect(transportFor().attempt(hopTo(sink.port), deliveryOf(), controller.signal)).rejects.toMatchObject({ code: 'interrupted' })
    expect(sink.connections()).toBe(1)
  })

  test('a transcript shows both directions with their moments and stays under 200 lines', async () => {
    const recipients = Array.from({ length: 50 }, (_, index) => `user${index}@example.test`)
    const raw = `${'250-many words\r\n'.repeat(100)}250 ok\r\n`
    const { result } = await attempt({ script: { RCPT: recipients.map(() => ({ raw })) } }, { delivery: { recipients } })
    expect(result.transcript.length).toBeLessThanOrEqual(200)
    expect(result.transcript.every(line => /^\+\d+ [<>*] /.test(line))).toBe(true)
    expect(result.transcript).toContainEqual(expect.stringMatching(/^\+\d+ > EHLO mta\.example\.test$/))
  })
})

describe('the lab', () => {
  const doors = (address: string, port: number) => {
    const asked: string[] = []
    const lab = {
      door: async (hostName: string, from: string) => {
        asked.push(`${hostName} ${from}`)
        return { address, port }
      },
    }
    return { lab, asked }
  }

  test('a hop through the lab goes to the door of its host, whatever its address says', async () => {
    const sink = await sinkFor()
    const { lab, asked } = doors('127.0.0.1', sink.port)
    for (const network of ['lab', 'relay', 'live'] as const) {
      const result = await transportFor({ network, lab }).attempt(hopTo(25, { via: 'lab', address: '192.0.2.1' }), deliveryOf())
      expect(actions(result)).toEqual(['delivered 2.0.0'])
      expect(result.outcomes[0]?.remote?.ip).toBe('127.0.0.1')
    }
    expect(asked).toEqual(Array.from({ length: 3 }, () => `${CERTIFICATE_NAME} 192.0.2.1`))
    expect(sink.messages).toHaveLength(3)
  })

  test('a closed door is a host that cannot be reached', async () => {
    const lab = { door: () => Promise.reject(new MailctlError('unreachable', 'nobody is at home')) }
    const result = await transportFor({ network: 'lab', lab }).attempt(hopTo(25, { via: 'lab' }), deliveryOf())
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual(['delayed 4.4.1'])
  })

  test.each(['192.0.2.1', '2001:db8::1', '10.0.0.1', '0.0.0.0', '::', 'localhost', '169.254.1.1'])(
    'a connection to %s is refused before there is a socket',
    async address => {
      const connect = vi.spyOn(net, 'connect')
      try {
        const inLab = transportFor({ network: 'lab', ...doors(address, 25) })
        await expect(inLab.attempt(hopTo(25, { via: 'lab', address }), deliveryOf())).rejects.toMatchObject({ code: 'forbidden' })
        await expect(inLab.attempt(hopTo(25, { via: 'network', address }), deliveryOf())).rejects.toMatchObject({ code: 'forbidden' })
        const live = transportFor({ network: 'live', ...doors(address, 25) })
        await expect(live.attempt(hopTo(25, { via: 'lab', address }), deliveryOf())).rejects.toMatchObject({ code: 'forbidden' })
        expect(connect).not.toHaveBeenCalled()
        // The spy sees what the connector does: otherwise this test could not fail.
        const sink = await sinkFor()
        await transportFor({ network: 'lab' }).attempt(hopTo(sink.port), deliveryOf())
        expect(connect).toHaveBeenCalledTimes(1)
      } finally {
        connect.mockRestore()
      }
    },
  )
})
