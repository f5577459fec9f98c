/** What a hop demands of TLS, and which of its addresses it is reached at. RFC 7435, 7672, 8305. */
import { createHash, X509Certificate } from 'node:crypto'
import net from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/adapters/transport.ts'
import type { Tlsa } from '../../src/mail/dane.ts'
import type { Delivery, Hop, HopResult, Transport } from '../../src/ports/transport.ts'
import { issueCertificate, makeAuthority } from '../../src/wire/certificate.ts'
import { type Sink, type SinkOptions, startSink } from '../support/sink.ts'

const NAME = 'mx.example.test'
const authority = makeAuthority('an authority')
const leaf = issueCertificate(authority, [NAME])
/** As good hosts send it: their certificate and the one behind it. */
const tls = { key: leaf.key, cert: `${leaf.certificate}${authority.certificate}` }

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

function transportFor(options: Partial<TransportOptions> = {}): Transport {
  const lab = { door: () => Promise.reject(new Error('no door was expected')) }
  const transport = createTransport({ network: 'live', lab, ca: authority.certificate, ...options })
  open.push(transport)
  return transport
}

const delivery: Delivery = {
  messageId: 'm1',
  envelopeFrom: 'a@example.test',
  recipients: ['ann@example.test'],
  message: { head: Buffer.from('Subject: hello\r\n\r\n'), body: { length: 3, open: () => Readable.from([Buffer.from('x\r\n')]) } },
  eightBit: false,
  helloName: 'mta.example.test',
}

interface Tried {
  readonly sink: Sink
  readonly result: HopResult
  /** `delivered 2.0.0`. */
  readonly said: string
}

async function tried(receiver: SinkOptions, hop: Partial<Hop>, options: Partial<TransportOptions> = {}): Promise<Tried> {
  const sink = await startSink(receiver)
  open.push(sink)
  const to: Hop = { hostName: NAME, address: '127.0.0.1', port: sink.port, via: 'network', tls: 'opportunistic', ...hop }
  const result = await transportFor(options).attempt(to, delivery)
  return { sink, result, said: `${result.outcomes[0]?.action} ${result.outcomes[0]?.status}` }
}

const secured = ({ sink }: Tried): boolean[] => sink.messages.map(({ secure }) => secure)
const line = ({ result }: Tried, text: string): boolean => result.transcript.some(one => one.includes(text))

describe('opportunistic', () => {
  test.each<[string, SinkOptions, boolean, HopResult['tls']]>([
    ['a good certificate', { tls }, true, 'success'],
    ['no TLS', {}, false, 'starttls-not-supported'],
    ['TLS that fails', { tls: 'broken' }, false, 'validation-failure'],
    ['STARTTLS that is refused', { tls, script: { STARTTLS: ['454 4.7.0 not now'] } }, false, 'starttls-not-supported'],
  ])('takes what it gets: %s', async (_, receiver, secure, result) => {
    const seen = await tried(receiver, {})
    expect([seen.said, secured(seen), seen.result.tls]).toEqual(['delivered 2.0.0', [secure], result])
  })

  test('takes any certificate, and tells what it was', async () => {
    const stranger = await tried({ tls }, {}, { ca: makeAuthority('another').certificate })
    const misnamed = await tried({ tls }, { hostName: 'other.test' })
    expect([stranger, misnamed].map(({ said, result }) => [said, result.tls])).toEqual([
      ['delivered 2.0.0', 'certificate-not-trusted'],
      ['delivered 2.0.0', 'certificate-host-mismatch'],
    ])
    expect(line(stranger, 'of CN=mx.example.test by CN=an authority')).toBe(true)
  })

  test('the transcript says what was decided and why', async () => {
    const policy = { domain: 'example.test', type: 'sts', words: 'MTA-STS of example.test (testing)' } as const
    expect(line(await tried({ tls }, { policy }), '* TLS where offered: MTA-STS of example.test (testing)')).toBe(true)
  })
})

describe('encrypted', () => {
  test.each<[string, SinkOptions, string, number]>([
    ['any certificate will do', { tls }, 'delivered 2.0.0', 1],
    ['no TLS', {}, 'failed 5.7.4', 0],
    ['STARTTLS refused for good', { tls, script: { STARTTLS: ['502 5.5.1 no'] } }, 'failed 5.7.4', 0],
    ['STARTTLS refused for now', { tls, script: { STARTTLS: ['454 4.7.0 not now'] } }, 'delayed 4.7.4', 0],
    ['TLS that talks nonsense', { tls: 'broken' }, 'failed 5.7.5', 0],
  ])('%s', async (_, receiver, said, messages) => {
    const seen = await tried(receiver, { tls: 'encrypted', hostName: 'other.test' })
    expect([seen.said, seen.result.kind, secured(seen)]).toEqual([
      said,
      messages > 0 ? 'session' : 'unreachable',
      Array.from({ length: messages }, () => true),
    ])
  })
})

describe('required', () => {
  test.each<[string, Partial<Hop>, Partial<TransportOptions>, string, HopResult['tls']]>([
    ['a certificate of a trusted authority, for the name', {}, {}, 'delivered 2.0.0', 'success'],
    ['another name', { hostName: 'other.test' }, {}, 'delayed 4.7.5', 'certificate-host-mismatch'],
    ['another authority', {}, { ca: makeAuthority('another').certificate }, 'delayed 4.7.5', 'certificate-not-trusted'],
  ])('%s', async (_, hop, options, said, result) => {
    const seen = await tried({ tls }, { tls: 'required', ...hop }, options)
    expect([seen.said, seen.result.tls, seen.sink.messages.length]).toEqual([said, result, said.startsWith('delivered') ? 1 : 0])
  })

  test('a host without TLS waits', async () => {
    const seen = await tried({}, { tls: 'required' })
    expect([seen.said, seen.result.tls]).toEqual(['delayed 4.7.4', 'starttls-not-supported'])
  })
})

describe('dane', () => {
  const hashed = (pem: string): Buffer => createHash('sha256').update(new X509Certificate(pem).raw).digest()
  const record = (usage: number, pem: string): Tlsa => ({ usage, selector: 0, matching: 1, data: hashed(pem) })
  const under = (names: readonly string[], ...records: Tlsa[]): Partial<Hop> => ({ tls: 'dane', dane: { records, names } })
  const untrusted = { ca: makeAuthority('another').certificate }

  test.each<[string, Partial<Hop>, string, HopResult['tls']]>([
    ['the certificate itself, whatever its name', under(['other.test'], record(3, leaf.certificate)), 'delivered 2.0.0', 'success'],
    ['the authority in the chain', under([NAME], record(2, authority.certificate)), 'delivered 2.0.0', 'success'],
    [
      'the authority, for another name',
      under(['other.test'], record(2, authority.certificate)),
      'delayed 4.7.5',
      'certificate-host-mismatch',
    ],
    ['another certificate', under([NAME], record(3, authority.certificate)), 'delayed 4.7.5', 'validation-failure'],
  ])('%s', async (_, hop, said, result) => {
    const seen = await tried({ tls }, hop, untrusted)
    expect([seen.said, seen.result.tls, secured(seen)]).toEqual([said, result, said.startsWith('delivered') ? [true] : []])
    expect(seen.sink.commands.some(command => command.startsWith('MAIL'))).toBe(said.startsWith('delivered'))
  })

  test('a host that does not offer TLS is one under attack: the message waits', async () => {
    const seen = await tried({}, under([NAME], record(3, leaf.certificate)))
    expect([seen.said, seen.sink.messages.length]).toEqual(['delayed 4.7.4', 0])
  })

  test('what was verified for one name is not kept for another', async () => {
    const sink = await startSink({ tls })
    open.push(sink)
    const transport = transportFor(untrusted)
    const to: Hop = { hostName: NAME, address: '127.0.0.1', port: sink.port, via: 'network', tls: 'opportunistic' }
    const results = []
    for (const hop of [under([NAME], record(2, authority.certificate)), under(['other.test'], record(2, authority.certificate))])
      results.push((await transport.attempt({ ...to, ...hop }, delivery)).outcomes[0]?.action)
    expect(results).toEqual(['delivered', 'delayed'])
  })
})

describe('two addresses of a host', () => {
  /** Connections to this address neither stand nor fail. */
  function hang(address: string): () => net.Socket[] {
    const hanging: net.Socket[] = []
    const connect = net.connect
    const spy = vi.spyOn(net, 'connect').mockImplementation(((options: net.TcpNetConnectOpts) => {
      if (options.host !== address) return connect(options)
      const socket = new net.Socket()
      hanging.push(socket)
      return socket
    }) as typeof net.connect)
    onTestFinished(() => spy.mockRestore())
    return () => hanging
  }

  test('the second is dialled when the first fails', async () => {
    const seen = await tried({}, { address: '127.0.0.2', rival: '127.0.0.1' }, { staggerMs: 60_000 })
    expect(seen.result.outcomes[0]).toMatchObject({ action: 'delivered', remote: { ip: '127.0.0.1' } })
    expect(line(seen, 'connection refused')).toBe(true)
  })

  test('the second is dialled beside a first that keeps silent, which is then given up without a word', async () => {
    const hanging = hang('127.0.0.2')
    const seen = await tried({}, { address: '127.0.0.2', rival: '127.0.0.1' }, { staggerMs: 1 })
    expect(seen.result.outcomes[0]).toMatchObject({ action: 'delivered', remote: { ip: '127.0.0.1' } })
    expect(hanging().map(({ destroyed }) => destroyed)).toEqual([true])
    expect(seen.result.transcript.filter(text => text.includes('* ')).map(text => text.replace(/^\+\d+ /, ''))).toEqual([
      expect.stringMatching(/^\* connecting to 127\.0\.0\.2/),
      expect.stringMatching(/^\* connecting to 127\.0\.0\.1/),
      '* TLS where offered',
      expect.stringMatching(/^\* message of/),
    ])
  })

  test('the first wins when it answers in time, and the second is never dialled', async () => {
    const hanging = hang('127.0.0.2')
    const seen = await tried({}, { rival: '127.0.0.2' }, { staggerMs: 60_000 })
    expect(seen.said).toBe('delivered 2.0.0')
    expect(hanging()).toEqual([])
  })

  test('when both fail the host is out of reach', async () => {
    const { result } = await tried({}, { address: '127.0.0.2', rival: '127.0.0.3' }, { staggerMs: 60_000 })
    expect(result).toMatchObject({ kind: 'unreachable', outcomes: [{ action: 'delayed', status: '4.4.1' }] })
    expect(result.transcript.filter(text => text.includes('connection refused')).length).toBeGreaterThanOrEqual(2)
  })

  test('an interruption ends both', async () => {
    const hanging = hang('127.0.0.2')
    const stop = new AbortController()
    const hop: Hop = { hostName: NAME, address: '127.0.0.2', rival: '127.0.0.2', port: 1, via: 'network', tls: 'opportunistic' }
    const attempt = transportFor({ staggerMs: 1 }).attempt(hop, delivery, stop.signal)
    await expect.poll(() => hanging().length).toBe(2)
    stop.abort()
    await expect(attempt).rejects.toMatchObject({ code: 'interrupted' })
    expect(hanging().map(({ destroyed }) => destroyed)).toEqual([true, true])
  })
})

describe('the address it is dialled from', () => {
  test('is the one of the hop that has the family', async () => {
    const from: (string | undefined)[] = []
    const server = net.createServer(socket => {
      from.push(socket.remoteAddress)
      socket.on('error', () => {})
      socket.end('421 4.3.2 closed\r\n', () => socket.destroy())
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    open.push({ close: () => new Promise(done => server.close(() => done())) })
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const hop: Hop = { hostName: NAME, address: '127.0.0.1', port, via: 'network', tls: 'opportunistic', source: ['::1', '127.0.0.9'] }
    const { transcript } = await transportFor().attempt(hop, delivery)
    expect(from).toEqual(['127.0.0.9'])
    expect(transcript[0]).toContain(`connecting to 127.0.0.1:${port} from 127.0.0.9`)
  })

  test('is never another: a host that it cannot reach is out of reach', async () => {
    const seen = await tried({}, { source: ['::1'] })
    expect([seen.said, seen.sink.connections()]).toEqual(['delayed 4.4.1', 0])
    expect(seen.result.outcomes[0]?.reply).toContain('has no address that can be reached from ::1')
  })

  test('an address that this machine does not have delays the message', async () => {
    const seen = await tried({}, { source: ['192.0.2.77'] })
    expect([seen.said, seen.result.kind]).toEqual(['delayed 4.4.1', 'unreachable'])
  })
})
