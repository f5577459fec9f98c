import { Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { attempt, MAX_HOPS } from '../../../src/delivery/attempt.ts'
import { RESTING_MS, RelayHealth } from '../../../src/delivery/relay-health.ts'
import type { Route } from '../../../src/delivery/route.ts'
import { ownVerdict } from '../../../src/mail/interpret-reply.ts'
import type { Outcome } from '../../../src/mail/outcome.ts'
import type { TlsSession } from '../../../src/ports/tls-reports.ts'
import type { Delivery, Hop, HopPolicy, HopResult } from '../../../src/ports/transport.ts'

const delivery: Delivery = {
  messageId: 'm1',
  envelopeFrom: 'a@example.test',
  recipients: ['ann@example.test', 'bob@example.test'],
  message: { head: Buffer.from('\r\n'), body: { length: 0, open: () => Readable.from([]) } },
  eightBit: false,
  helloName: 'mta.example.test',
}

const hop = (hostName: string): Hop => ({ hostName, address: '192.0.2.1', port: 25, via: 'network', tls: 'opportunistic' })
const delivered: Outcome = { action: 'delivered', status: '2.0.0', reply: '250 2.0.0 ok' }
const refused: Outcome = { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no' }
const dead = ownVerdict('4.4.1', 'connection refused')
const blocked = ownVerdict('5.7.1', 'you are blocked')

const unreachable = (outcome: Outcome): HopResult => ({
  kind: 'unreachable',
  outcomes: [outcome, outcome],
  transcript: [`* ${outcome.reply}`],
})
const session = (...outcomes: Outcome[]): HopResult => ({ kind: 'session', outcomes, transcript: ['> QUIT'] })

const noted: TlsSession[] = []
const tlsReports = { note: (session: TlsSession) => void noted.push(session) }
beforeEach(() => void noted.splice(0))

/** Hosts a, b, c … that answer like this. */
async function attempted(...answers: HopResult[]) {
  const route: Route = { kind: 'hops', site: 'site', hops: answers.map((_, index) => hop(String.fromCharCode(97 + index))) }
  const asked: string[] = []
  let now = 1_000
  const transport = {
    attempt: async ({ hostName }: Hop): Promise<HopResult> => {
      asked.push(hostName)
      const answer = answers[asked.length - 1]
      if (!answer) throw new Error('one host too many')
      return answer
    },
  }
  const result = await attempt({ transport, clock: { now: () => now++ }, tlsReports, relayHealth: new RelayHealth() }, { route, delivery })
  return { ...result, asked }
}

describe('hosts in order', () => {
  test('the first that answers ends it', async () => {
    const { outcomes, records, asked } = await attempted(unreachable(dead), session(delivered, refused), session(delivered, delivered))
    expect(asked).toEqual(['a', 'b'])
    expect(outcomes).toEqual([delivered, refused])
    expect(records).toEqual([
      {
        messageId: 'm1',
        startedAt: 1_000,
        endedAt: 1_001,
        recipients: delivery.recipients,
        host: 'a',
        address: '192.0.2.1',
        summary: 'unreachable: 451 4.4.1 connection refused',
        transcript: ['* 451 4.4.1 connection refused'],
      },
      expect.objectContaining({ startedAt: 1_002, endedAt: 1_003, host: 'b', summary: '1 delivered, 1 failed', transcript: ['> QUIT'] }),
    ])
  })

  test('a delay that was answered for a recipient does not go to the next host', async () => {
    const delayed: Outcome = { action: 'delayed', status: '4.7.1', reply: '451 4.7.1 greylisted' }
    const { asked, outcomes } = await attempted(session(delivered, delayed), session(delivered, delivered))
    expect(asked).toEqual(['a'])
    expect(outcomes).toEqual([delivered, delayed])
  })

  test('none answers: the temporary reason wins, wherever it was', async () => {
    expect((await attempted(unreachable(dead), unreachable(blocked))).outcomes).toEqual([dead, dead])
    expect((await attempted(unreachable(blocked), unreachable(dead))).outcomes).toEqual([dead, dead])
    expect((await attempted(unreachable(blocked), unreachable(blocked))).outcomes).toEqual([blocked, blocked])
  })

  test(`at most ${MAX_HOPS} are tried`, async () => {
    const { asked } = await attempted(...Array.from({ length: 9 }, () => unreachable(dead)))
    expect(asked).toHaveLength(MAX_HOPS)
  })
})

test('without any host everyone gets the outcome of the route, and there is a record of it', async () => {
  const outcome = ownVerdict('5.1.10', 'null MX')
  const transport = { attempt: () => Promise.reject(new Error('nobody to ask')) }
  const result = await attempt(
    { transport, clock: { now: () => 7 }, tlsReports, relayHealth: new RelayHealth() },
    { route: { kind: 'none', outcome }, delivery },
  )
  expect(result.outcomes).toEqual([outcome, outcome])
  expect(result.records).toEqual([
    {
      messageId: 'm1',
      startedAt: 7,
      endedAt: 7,
      recipients: delivery.recipients,
      host: '',
      address: '',
      summary: '554 5.1.10 null MX',
      transcript: [],
    },
  ])
})

test('what the transport throws is not swallowed', async () => {
  const transport = { attempt: () => Promise.reject(new Error('interrupted')) }
  const route: Route = { kind: 'hops', site: 'site', hops: [hop('a'), hop('b')] }
  await expect(
    attempt({ transport, clock: { now: () => 7 }, tlsReports, relayHealth: new RelayHealth() }, { route, delivery }),
  ).rejects.toThrow('interrupted')
})

describe('TLS is counted for the recipient domain', () => {
  const answers = async (tls: HopResult['tls'], policy: Partial<HopPolicy>) => {
    const hops = [{ ...hop('mx.test'), policy: { domain: 'example.test', type: 'sts', words: '', ...policy } as const }]
    const answer: HopResult = { ...session(delivered), ...(tls && { tls }) }
    const transport = { attempt: async () => answer }
    await attempt(
      { transport, clock: { now: () => 7 }, tlsReports, relayHealth: new RelayHealth() },
      { route: { kind: 'hops', site: 'site', hops }, delivery },
    )
    return noted.map(({ domain, policy: type, host, result }) => `${domain} ${type} ${host} ${result}`)
  }

  test.each<[HopResult['tls'], Partial<HopPolicy>, string[]]>([
    ['success', {}, ['example.test sts mx.test success']],
    ['certificate-expired', {}, ['example.test sts mx.test certificate-expired']],
    ['success', { failure: 'validation-failure' }, ['example.test sts mx.test validation-failure']],
    ['certificate-expired', { type: 'no-policy-found' }, ['example.test no-policy-found mx.test success']],
    ['starttls-not-supported', { type: 'no-policy-found' }, ['example.test no-policy-found mx.test starttls-not-supported']],
    [undefined, {}, []],
    ['success', { domain: '' }, []],
  ])('%s under %j', async (tls, policy, expected) => {
    expect(await answers(tls, policy)).toEqual(expected)
  })

  test('and so is a host that was not tried, which has a record too', async () => {
    const skipped = { domain: 'example.test', policy: 'sts', host: 'bad.test', result: 'validation-failure' } as const
    const route: Route = {
      kind: 'none',
      outcome: dead,
      skipped: [{ host: 'bad.test', words: 'not named by the policy', session: skipped }],
    }
    const transport = { attempt: () => Promise.reject(new Error('nobody to ask')) }
    const { records } = await attempt(
      { transport, clock: { now: () => 7 }, tlsReports, relayHealth: new RelayHealth() },
      { route, delivery },
    )
    expect(records.map(({ host, summary }) => [host, summary])).toEqual([
      ['bad.test', 'not tried: not named by the policy'],
      ['', dead.reply],
    ])
    expect(noted).toEqual([skipped])
  })
})

test('a relay that failed is tried last from then on, and in its place again when it has rested', async () => {
  const relayHealth = new RelayHealth()
  const route: Route = { kind: 'hops', site: 'relay a:25 b:25', hops: [hop('a'), hop('b')] }
  const down = new Set(['a'])
  let now = 0
  const asked: string[] = []
  const transport = {
    attempt: async ({ hostName }: Hop): Promise<HopResult> => {
      asked.push(hostName)
      return down.has(hostName) ? unreachable(dead) : session(delivered, delivered)
    },
  }
  const turn = async (to: Route = route): Promise<string> => {
    asked.length = 0
    await attempt({ transport, clock: { now: () => now }, tlsReports, relayHealth }, { route: to, delivery })
    return asked.join(' ')
  }
  expect([await turn(), await turn(), await turn()]).toEqual(['a b', 'b', 'b'])
  now += RESTING_MS
  expect([await turn(), await turn()]).toEqual(['a b', 'b'])
  down.add('b')
  expect(await turn()).toBe('b a')
  now += RESTING_MS
  down.clear()
  expect([await turn(), await turn()]).toEqual(['a', 'a'])
  down.add('a')
  expect([await turn({ ...route, site: 'mx.test' }), await turn({ ...route, site: 'mx.test' })]).toEqual(['a b', 'a b'])
})

test('after a rest one attempt tries the relay for all', () => {
  const health = new RelayHealth()
  const hops = [hop('a'), hop('b')]
  const first = (now: number): string | undefined => health.order(hops, now)[0]?.hostName
  health.note(hop('a'), 'unreachable', 0)
  expect([first(RESTING_MS - 1), first(RESTING_MS), first(RESTING_MS), first(RESTING_MS + 1)]).toEqual(['b', 'a', 'b', 'b'])
  health.note(hop('a'), 'session', RESTING_MS + 2)
  expect(first(RESTING_MS + 3)).toBe('a')
})
