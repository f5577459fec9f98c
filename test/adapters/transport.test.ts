import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/adapters/transport.ts'
import type { Delivery, Hop, HopResult, Transport } from '../../src/ports/transport.ts'
import { CERTIFICATE_NAME, ca, certificate } from '../support/certificate.ts'
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

const hopTo = (port: number, more: Partial<Hop> = {}): Hop => ({
  hostName: CERTIFICATE_NAME,
  address: '127.0.0.1',
  port,
  via: 'network',
  tls: 'opportunistic',
  ...more,
})

const HEAD = Buffer.from('From: a@example.test\r\nSubject: hello\r\n\r\n')
const BODY = Buffer.from('hello\r\n.\r\n..two\r\nbye\r\n')

function deliveryOf(more: Partial<Delivery> = {}, body: Buffer = BODY): Delivery {
  return {
    messageId: 'm1',
    envelopeFrom: 'a@example.test',
    recipients: ['ann@example.test'],
    message: { head: HEAD, body: { length: body.length, open: () => Readable.from([body]) } },
    eightBit: false,
    helloName: 'mta.example.test',
    ...more,
  }
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

  test('sends MAIL and every RCPT in one write when the peer pipelines, DATA apart', async () => {
    const { sink } = await attempt({ extensions: ['PIPELINING', 'SIZE 1000'] }, { delivery: { recipients: three } })
    const size = HEAD.length + BODY.length
    expect(sink.reads).toContain(`MAIL FROM:<a@example.test> SIZE=${size}\r\n${three.map(address => `RCPT TO:<${address}>\r\n`).join('')}`)
    expect(sink.reads).toContain('DATA\r\n')
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
