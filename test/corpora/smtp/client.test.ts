/** The client cases of `robustness.json`, each against a sink that behaves as its `server` lines say. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { createTransport } from '../../../src/adapters/transport.ts'
import { type Route, route } from '../../../src/delivery/route.ts'
import type { DnsAnswer } from '../../../src/mail/dns-record.ts'
import type { Delivery, Hop, HopResult } from '../../../src/ports/transport.ts'
import { ca, CERTIFICATE_NAME, certificate } from '../../support/certificate.ts'
import { type Sink, type SinkOptions, startSink } from '../../support/sink.ts'

interface ClientCase {
  readonly id: string
  readonly title: string
  readonly client_must: string
}

const { client_cases: cases }: { client_cases: readonly ClientCase[] } = JSON.parse(
  readFileSync(new URL('robustness.json', import.meta.url), 'utf8'),
)

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of closing.splice(0).reverse()) await thing.close()
})

interface Visit {
  readonly body?: string
  readonly recipients?: readonly string[]
  readonly tls?: Hop['tls']
  readonly hostName?: string
}

async function visit(options: SinkOptions, { body = 'hello\r\n', recipients, tls = 'opportunistic', hostName }: Visit = {}) {
  const sink: Sink = await startSink(options)
  const transport = createTransport({ network: 'relay', lab: { door: () => Promise.reject(new Error('no door')) }, ca })
  closing.push(sink, transport)
  const octets = Buffer.from(body, 'latin1')
  const delivery: Delivery = {
    messageId: 'm1',
    envelopeFrom: 'a@example.test',
    recipients: recipients ?? ['ann@rcpt.example'],
    message: { head: Buffer.from('Subject: x\r\n\r\n'), body: { length: octets.length, open: () => Readable.from([octets]) } },
    eightBit: false,
    helloName: 'mta.example.test',
  }
  const hop: Hop = { hostName: hostName ?? CERTIFICATE_NAME, address: '127.0.0.1', port: sink.port, via: 'network', tls }
  return { sink, result: await transport.attempt(hop, delivery) }
}

const said = ({ outcomes }: HopResult): string[] => outcomes.map(({ action, status }) => `${action} ${status}`)

async function routed(answers: Readonly<Record<string, DnsAnswer>>): Promise<{ found: Route; asked: string[] }> {
  const asked: string[] = []
  const lookup = async (name: string, type: string): Promise<DnsAnswer> => {
    asked.push(`${name} ${type}`)
    return answers[type] ?? { kind: 'no-data', chain: [], server: '' }
  }
  const settings = { network: 'live', hostname: 'mta.example.test', relay: [] } as const
  return { found: await route({ lookup, chance: () => 0, settings, stsPolicyOf: async () => ({ kind: 'none' }) }, 'rcpt.example', 'key'), asked }
}

const found = (...records: Extract<DnsAnswer, { kind: 'found' }>['records'][number][]): DnsAnswer => ({
  kind: 'found',
  records,
  chain: [],
  authenticated: false,
  server: '',
})

const checks: Readonly<Record<string, () => Promise<void>>> = {
  async 'dot-stuffing'() {
    const body = '.\r\n..\r\n.a\r\n\r\n.\r\nend\r\n'
    const { sink } = await visit({}, { body })
    expect(sink.messages[0]?.raw.toString()).toBe(`Subject: x\r\n\r\n${body}`)
    expect(sink.messages[0]?.wire.toString()).toContain('\r\n..\r\n...\r\n..a\r\n')
  },
  async 'bare-lf-in-input'() {
    for (const body of ['a\n.\nb\r\n', 'a\n.\r\nb\r\n', 'a\r.\r\nb\r\n', 'a\nb\r\n']) {
      const { sink, result } = await visit({}, { body })
      expect(said(result)).toEqual(['failed 5.6.0'])
      expect(sink.messages).toHaveLength(0)
      expect(sink.reads.join('')).not.toMatch(/[^\r]\n|\r(?!\n)/)
    }
  },
  async 'multiline-greeting'() {
    const { sink, result } = await visit({ script: { GREETING: [{ raw: '220-hello\r\n220 there\r\n' }] } })
    expect(said(result)).toEqual(['delivered 2.0.0'])
    expect(sink.messages).toHaveLength(1)
  },
  async 'ehlo-500-helo'() {
    const { sink, result } = await visit({ script: { EHLO: ['500 what'], HELO: ['250 x'] } })
    expect(said(result)).toEqual(['delivered 2.0.0'])
    expect(sink.commands).toEqual(expect.arrayContaining(['HELO mta.example.test', 'MAIL FROM:<a@example.test>']))
  },
  async '421-mid-transaction'() {
    const { sink, result } = await visit({ script: { RCPT: [{ thenDrop: '421 4.3.2 going down' }] } }, { recipients: ['a@b.example', 'c@b.example'] })
    expect(result.outcomes.map(({ action }) => action)).toEqual(['delayed', 'delayed'])
    expect(sink.connections()).toBe(1)
  },
  async 'mixed-rcpt'() {
    const script = { RCPT: ['250 ok', '550 5.1.1 no such user', '452 4.2.2 full'] }
    const { sink, result } = await visit({ script }, { recipients: ['1@b.example', '2@b.example', '3@b.example'] })
    expect(said(result)).toEqual(['delivered 2.0.0', 'failed 5.1.1', 'delayed 4.2.2'])
    expect(sink.messages.map(({ to }) => to)).toEqual([['1@b.example']])
  },
  async 'starttls-response-injection'() {
    const { sink, result } = await visit({ tls: certificate, script: { STARTTLS: [{ raw: '220 go\r\n250 evil\r\n' }] } })
    expect(said(result)).toEqual(['delayed 4.5.0'])
    expect(sink.commands.some(line => line.startsWith('MAIL'))).toBe(false)
  },
  async 'cert-mismatch'() {
    const wrong = { hostName: 'elsewhere.example.test' }
    expect(said((await visit({ tls: certificate }, wrong)).result)).toEqual(['delivered 2.0.0'])
    expect(said((await visit({ tls: certificate }, { ...wrong, tls: 'required' })).result)).toEqual(['delayed 4.7.5'])
  },
  async 'garbage-reply'() {
    for (const raw of ['hello\r\n', '999 x\r\n', '250-a\r\n550 b\r\n'])
      for (const step of ['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'DOT'] as const) {
        const { result } = await visit({ extensions: [], script: { [step]: [{ raw }] } })
        expect(said(result)).toEqual(['delayed 4.5.0'])
      }
  },
  async 'no-smtputf8'() {
    const { sink, result } = await visit({ extensions: ['8BITMIME'] }, { recipients: ['j\u00f6rg@rcpt.example', 'ann@xn--bcher-kva.example'] })
    expect(said(result)).toEqual(['failed 5.6.7', 'delivered 2.0.0'])
    expect(sink.messages.map(({ to }) => to)).toEqual([['ann@xn--bcher-kva.example']])
  },
  async 'null-mx'() {
    const { found: way, asked } = await routed({
      MX: found({ type: 'MX', name: 'rcpt.example', ttl: 1, preference: 0, exchange: '' }),
      A: found({ type: 'A', name: 'rcpt.example', ttl: 1, address: '192.0.2.1' }),
    })
    expect(way).toMatchObject({ kind: 'none', outcome: { action: 'failed', status: '5.1.10' } })
    expect(asked).toEqual(['rcpt.example MX'])
  },
  async 'no-mx-implicit'() {
    const { found: way } = await routed({ A: found({ type: 'A', name: 'rcpt.example', ttl: 1, address: '192.0.2.1' }) })
    expect(way).toMatchObject({ kind: 'hops', hops: [{ hostName: 'rcpt.example', address: '192.0.2.1', port: 25 }] })
  },
  async 'nxdomain-vs-servfail'() {
    const gone = await routed({ MX: { kind: 'no-name', chain: [], server: '' } })
    expect(gone.found).toMatchObject({ kind: 'none', outcome: { action: 'failed', status: '5.1.2' } })
    for (const reason of ['servfail', 'timeout'] as const) {
      const silent = await routed({ MX: { kind: 'failure', reason, detail: reason, server: '' } })
      expect(silent.found).toMatchObject({ kind: 'none', outcome: { action: 'delayed', status: '4.4.3' } })
    }
  },
  async greylisting() {
    const script = { RCPT: ['451 4.7.1 try later'] }
    expect(said((await visit({ script })).result)).toEqual(['delayed 4.7.1'])
    expect(said((await visit({})).result)).toEqual(['delivered 2.0.0'])
  },
}

describe('robustness.json, client cases', () => {
  test.each(cases.map(({ id, title, client_must: must }) => [id, title, must]))('%s: %s; must %s', async id => {
    const check = checks[id]
    if (!check) throw new Error(`case ${id} is not described here`)
    await check()
  })

  test('every description belongs to a case', () => {
    expect(Object.keys(checks).sort()).toEqual(cases.map(({ id }) => id).sort())
  })
})
