/** Sessions that the transport keeps between messages: when one is used again, when it ends, and what a dead one costs. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/adapters/transport.ts'
import { bodyInMemory } from '../../src/mail/body.ts'
import type { Delivery, HopResult, Transport } from '../../src/ports/transport.ts'
import { ca, certificate } from '../support/certificate.ts'
import { deliveryOf, HEAD, hopTo } from '../support/outgoing.ts'
import { type Sink, type SinkOptions, startSink } from '../support/sink.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

async function start(options: SinkOptions = {}, more: Partial<TransportOptions> = {}): Promise<{ sink: Sink; transport: Transport }> {
  const sink = await startSink(options)
  const transport = createTransport({ network: 'relay', lab: { door: () => Promise.reject(new Error('no door')) }, ca, ...more })
  open.push(sink, transport)
  return { sink, transport }
}

/** A message that can be told from the others. */
const numbered = (number: number, more: Partial<Delivery> = {}): Delivery =>
  deliveryOf({
    messageId: `m${number}`,
    message: { head: HEAD, body: bodyInMemory(Buffer.from(`this is number ${number}\r\n`)) },
    ...more,
  })

const actions = ({ outcomes }: HopResult): string[] => outcomes.map(({ action, status }) => `${action} ${status}`)
const numbers = ({ messages }: Sink): number[] => messages.map(({ raw }) => Number(/number (\d+)/.exec(raw.toString())?.[1]))
const count = ({ commands }: Sink, verb: string): number => commands.filter(line => line.startsWith(verb)).length

describe('a session that is kept', () => {
  test.each([
    ['in the clear', {}, {}],
    ['under TLS', { tls: certificate }, { tls: 'required' }],
    ['without pipelining', { extensions: [] }, {}],
  ] as const)('takes the next message of the same hop: %s', async (_, options, hop) => {
    const { sink, transport } = await start(options)
    for (let number = 1; number <= 5; number += 1) {
      const result = await transport.attempt(hopTo(sink.port, hop), numbered(number))
      expect(actions(result)).toEqual(['delivered 2.0.0'])
      expect(result.outcomes[0]?.remote).toMatchObject({ ip: '127.0.0.1', ...('tls' in hop && { tlsVersion: 'TLSv1.3' }) })
      expect(result.transcript.some(line => line.endsWith(`message ${number}`))).toBe(number > 1)
    }
    expect(numbers(sink)).toEqual([1, 2, 3, 4, 5])
    expect(sink.connections()).toBe(1)
    expect(count(sink, 'EHLO')).toBe('tls' in hop ? 2 : 1)
    expect(count(sink, 'RSET')).toBe(0)
  })

  test('is for one attempt at a time', async () => {
    const { sink, transport } = await start()
    const three = (from: number) => Promise.all([0, 1, 2].map(offset => transport.attempt(hopTo(sink.port), numbered(from + offset))))
    await three(1)
    await three(4)
    expect(sink.connections()).toBe(3)
    expect(numbers(sink).sort()).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('is for the same host, TLS demand, login and name of ours only', async () => {
    const { sink, transport } = await start({ tls: certificate, extensions: ['AUTH PLAIN'] })
    const hops = [
      {},
      { hostName: 'other.example.test' },
      { tls: 'required' },
      { tls: 'required', auth: { user: 'ann', password: 'one' } },
      { tls: 'required', auth: { user: 'ann', password: 'two' } },
      { tls: 'required', auth: { user: 'bob', password: 'one' } },
    ] as const
    for (const round of [1, 2])
      for (const hop of hops) expect(actions(await transport.attempt(hopTo(sink.port, hop), numbered(round)))).toEqual(['delivered 2.0.0'])
    await transport.attempt(hopTo(sink.port), numbered(3, { helloName: 'mta2.example.test' }))
    expect(sink.connections()).toBe(hops.length + 1)
  })

  test('gets RSET where the transaction before did not come to its end', async () => {
    const script = { RCPT: ['550 5.1.1 no', '250 ok', '250 ok'], DATA: ['554 5.5.1 nobody', '451 4.3.0 not now'] }
    for (const extensions of [['PIPELINING'], []]) {
      const { sink, transport } = await start({
        extensions,
        script: extensions.length > 0 ? script : { ...script, DATA: ['451 4.3.0 not now'] },
      })
      const results = []
      for (const number of [1, 2, 3]) results.push(await transport.attempt(hopTo(sink.port), numbered(number)))
      expect(results.flatMap(actions)).toEqual(['failed 5.1.1', 'delayed 4.3.0', 'delivered 2.0.0'])
      expect(sink.connections()).toBe(1)
      expect(count(sink, 'RSET')).toBe(2)
      expect(numbers(sink)).toEqual([3])
    }
  })

  test('shows its login to no later transcript', async () => {
    const auth = { user: 'ann', password: 'correct horse' }
    const { sink, transport } = await start({
      tls: certificate,
      extensions: ['AUTH PLAIN'],
      script: { DOT: ['250 2.0.0 ok', '250 2.0.0 thanks for correct horse'] },
    })
    await transport.attempt(hopTo(sink.port, { tls: 'required', auth }), numbered(1))
    const { outcomes, transcript } = await transport.attempt(hopTo(sink.port, { tls: 'required', auth }), numbered(2))
    expect(outcomes[0]?.reply).toBe('250 2.0.0 thanks for ***')
    expect(transcript.join()).not.toContain('correct horse')
    expect(sink.connections()).toBe(1)
  })

  test('lets go of an outcome: what happens to the session later does not change its transcript', async () => {
    const { sink, transport } = await start()
    const { transcript } = await transport.attempt(hopTo(sink.port), numbered(1))
    const before = [...transcript]
    await transport.attempt(hopTo(sink.port), numbered(2))
    await transport.close()
    expect(transcript).toEqual(before)
  })
})

describe('a session ends', () => {
  test('with QUIT after a rest, and the next message gets a new one', async () => {
    const { sink, transport } = await start({}, { keep: { idleMs: 20 } })
    await transport.attempt(hopTo(sink.port), numbered(1))
    await vi.waitFor(() => expect(count(sink, 'QUIT')).toBe(1))
    await transport.attempt(hopTo(sink.port), numbered(2))
    expect(sink.connections()).toBe(2)
  })

  test('after its share of messages', async () => {
    const { sink, transport } = await start({}, { keep: { messages: 2 } })
    for (const number of [1, 2, 3, 4, 5]) await transport.attempt(hopTo(sink.port), numbered(number))
    expect(sink.connections()).toBe(3)
    await vi.waitFor(() => expect(count(sink, 'QUIT')).toBe(2))
  })

  test('after as many as the hop is known to bear, where that is less', async () => {
    const { sink, transport } = await start({}, { keep: { messages: 3 } })
    for (const number of [1, 2, 3, 4]) await transport.attempt(hopTo(sink.port), numbered(number, { messagesPerSession: 2 }))
    expect(sink.connections()).toBe(2)
    for (const number of [5, 6, 7]) await transport.attempt(hopTo(sink.port), numbered(number, { messagesPerSession: 50 }))
    expect(sink.connections()).toBe(3)
  })

  test.each([
    ['of one hop', { perHop: 2 }],
    ['of all hops', { total: 2 }],
  ])('when too many %s rest', async (_, keep) => {
    const { sink, transport } = await start({}, { keep })
    await Promise.all([1, 2, 3, 4].map(number => transport.attempt(hopTo(sink.port), numbered(number))))
    await vi.waitFor(() => expect(count(sink, 'QUIT')).toBe(2))
  })

  test.each([
    ['in the clear', {}],
    ['under TLS', { tls: certificate }],
  ])('with QUIT when the transport closes: %s', async (_, options) => {
    const { sink, transport } = await start(options)
    await transport.attempt(hopTo(sink.port), numbered(1))
    await transport.close()
    await vi.waitFor(() => expect(count(sink, 'QUIT')).toBe(1))
  })

  test('without keeping the process alive', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter(name => /TCPSocketWrap|TLSWrap/.test(name)).length
    for (const tls of [undefined, certificate]) {
      const { sink, transport } = await start(tls ? { tls } : {})
      const before = sockets()
      await transport.attempt(hopTo(sink.port), numbered(1))
      // One of the two ends is the sink's own.
      expect(sockets() - before).toBe(1)
    }
  })
})

describe('a kept session that is dead', () => {
  test.each([
    ['closed', ['250 ok', 'DROP']],
    ['reset', ['250 ok', 'RESET']],
    ['closed with 421', ['250 ok', { thenDrop: '421 4.4.2 idle too long' }]],
    ['no SMTP any more', ['250 ok', { raw: 'what\r\n' }]],
    ['silent', ['250 ok', 'SILENCE']],
  ] as const)('costs nothing: %s', async (_, MAIL) => {
    for (const extensions of [['PIPELINING'], []]) {
      const { sink, transport } = await start({ extensions, script: { MAIL } }, { timeouts: { mailMs: 60 } })
      const first = await transport.attempt(hopTo(sink.port), numbered(1))
      const second = await transport.attempt(hopTo(sink.port), numbered(2))
      expect([first, second].flatMap(actions)).toEqual(['delivered 2.0.0', 'delivered 2.0.0'])
      expect(second.transcript.some(line => line.includes('once more on a new one'))).toBe(true)
      expect(sink.connections()).toBe(2)
      expect(numbers(sink)).toEqual([1, 2])
    }
  })

  test('is noticed while it rests', async () => {
    for (const last of [{ thenDrop: '250 2.0.0 taken' }, { raw: '250 2.0.0 taken\r\n421 4.3.2 closing\r\n' }]) {
      const { sink, transport } = await start({ script: { DOT: [last] } })
      for (const number of [1, 2]) expect(actions(await transport.attempt(hopTo(sink.port), numbered(number)))).toEqual(['delivered 2.0.0'])
      expect(sink.connections()).toBe(2)
      expect(numbers(sink).at(-1)).toBe(2)
    }
  })

  test.each([
    ['at RCPT', { RCPT: ['250 ok', 'DROP'] }],
    ['at DATA', { DATA: ['354 go', 'DROP'] }],
    ['in the message', { BODY: [{ raw: '' }, 'DROP'] }],
    ['after the dot', { DOT: ['250 ok', 'DROP'] }],
  ] as const)('is not tried again once it has answered for the sender: %s', async (step, script) => {
    const { sink, transport } = await start({ extensions: [], script })
    await transport.attempt(hopTo(sink.port), numbered(1))
    const { outcomes } = await transport.attempt(hopTo(sink.port), numbered(2))
    expect(outcomes).toMatchObject([{ action: 'delayed', status: '4.4.2' }])
    // A small message leaves with its dot in one write: nobody knows how much of it was taken.
    expect(outcomes[0]?.reply.includes('may be delivered twice')).toBe(step === 'in the message' || step === 'after the dot')
    expect(sink.connections()).toBe(1)
  })

  test('and a new one that is no better: the attempt has its outcome then', async () => {
    const goodbye = { thenDrop: '421 4.3.2 going down' } as const
    const { sink, transport } = await start({ script: { MAIL: ['250 ok', goodbye, goodbye] } })
    await transport.attempt(hopTo(sink.port), numbered(1))
    const result = await transport.attempt(hopTo(sink.port), numbered(2))
    expect(result.kind).toBe('unreachable')
    expect(actions(result)).toEqual(['delayed 4.3.2'])
    expect(sink.connections()).toBe(2)
  })
})
