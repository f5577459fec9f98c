/**
 * Receivers that break, stall or lie at each step, met by a new session and by a kept one: the outcome is the right one, nobody gets the
 * message twice without being told so, and no attempt lasts longer than the step may. Time-outs that count are a tenth of a second here.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/adapters/transport.ts'
import { bodyInMemory } from '../../src/mail/body.ts'
import type { Delivery, Hop, HopResult } from '../../src/ports/transport.ts'
import { issueCertificate, makeAuthority } from '../../src/wire/certificate.ts'
import type { SmtpTimeouts } from '../../src/wire/smtp-timeouts.ts'
import { CERTIFICATE_NAME, ca, certificate } from '../support/certificate.ts'
import { BODY, deliveryOf, HEAD, hopTo } from '../support/outgoing.ts'
import { type Answer, type Sink, type SinkOptions, type Step, startSink } from '../support/sink.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

const STALL_MS = 100

/** The wait that a stalling peer is to run into; every other step keeps its own, so that a busy machine is not taken for a hostile peer. */
const WAITS: Readonly<Partial<Record<Step, keyof SmtpTimeouts>>> = {
  GREETING: 'greetingMs',
  EHLO: 'helloMs',
  STARTTLS: 'helloMs',
  AUTH: 'authMs',
  MAIL: 'mailMs',
  RCPT: 'rcptMs',
  DATA: 'dataMs',
  BODY: 'finalDotMs',
  DOT: 'finalDotMs',
}

const stalls = (answer: Answer): boolean => answer === 'SILENCE' || (typeof answer === 'object' && 'drip' in answer)

function timeoutsFor(step: Step, answer: Answer): Partial<SmtpTimeouts> {
  const wait = WAITS[step]
  return wait && stalls(answer) ? { [wait]: STALL_MS } : {}
}

async function start(options: SinkOptions, more: Partial<TransportOptions> = {}) {
  const sink = await startSink(options)
  const lab = { door: () => Promise.reject(new Error('no door')) }
  const transport = createTransport({ network: 'relay', lab, ca, ...more })
  open.push(sink, transport)
  return { sink, transport }
}

const inMemory = (more: Partial<Delivery> = {}): Delivery => deliveryOf({ message: { head: HEAD, body: bodyInMemory(BODY) }, ...more })
const actions = ({ outcomes }: HopResult): string[] => outcomes.map(({ action, status }) => `${action} ${status}`)
const doubts = ({ outcomes }: HopResult): boolean => outcomes.some(({ reply }) => reply.includes('may be delivered twice'))

/** What a peer does, and the outcome that follows wherever it does it. */
const HOSTILITIES: readonly (readonly [what: string, answer: Answer, outcome: string])[] = [
  ['closes', 'DROP', 'delayed 4.4.2'],
  ['resets', 'RESET', 'delayed 4.4.2'],
  ['says nothing more', 'SILENCE', 'delayed 4.4.2'],
  ['answers one octet at a time, in a reply without an end', { drip: '250-and\r\n' }, 'delayed 4.4.2'],
  ['answers one octet at a time, in a line without an end', { drip: '2' }, 'delayed 4.4.2'],
  ['answers without end', { raw: '250-more\r\n'.repeat(20_000) }, 'delayed 4.5.0'],
  ['answers in one line without end', { raw: `250 ${'x'.repeat(100_000)}` }, 'delayed 4.5.0'],
  ['speaks another protocol', { raw: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, 'delayed 4.5.0'],
  ['sends zeros', { raw: '\0'.repeat(4_096) }, 'delayed 4.5.0'],
  ['changes its code in the middle', { raw: '250-yes\r\n550 no\r\n' }, 'delayed 4.5.0'],
  ['says goodbye', { thenDrop: '421 4.3.2 going down' }, 'delayed 4.3.2'],
  ['asks for something else', { raw: '334 4.5.0 VXNlcm5hbWU6\r\n' }, 'delayed 4.5.0'],
]

/** Steps of a transaction, each with whether a host that fails there leaves the next host worth trying. */
const STEPS: readonly (readonly [step: Step, kind: HopResult['kind']])[] = [
  ['MAIL', 'unreachable'],
  ['RCPT', 'unreachable'],
  ['DATA', 'session'],
  ['BODY', 'session'],
  ['DOT', 'session'],
]
const OPENING: readonly Step[] = ['GREETING', 'EHLO', 'STARTTLS', 'AUTH']

/** Where the sink may have the whole message already. */
const isMessage = (step: Step): boolean => step === 'BODY' || step === 'DOT'

/** With pipelining a reset may take the replies before it along, and is then one to MAIL; without it dripping is waited for once. */
const isWorthIt = (step: Step, answer: Answer, pipelining: boolean): boolean =>
  pipelining ? !(answer === 'RESET' && (step === 'RCPT' || step === 'DATA')) : !(typeof answer === 'object' && 'drip' in answer)

/** A recipient was answered for, with a refusal or a question, so that the host has spoken. */
const hasSpoken = (answer: Answer): boolean =>
  typeof answer === 'object' && ('thenDrop' in answer || ('raw' in answer && answer.raw.startsWith('334')))

const cases = STEPS.flatMap(([step, kind]) =>
  HOSTILITIES.flatMap(([what, answer, outcome]) =>
    [true, false]
      .filter(pipelining => isWorthIt(step, answer, pipelining))
      .map(pipelining => ({
        what: `${what} at ${step}${pipelining ? '' : ', without pipelining'}`,
        step,
        answer,
        outcome,
        kind: step === 'RCPT' && hasSpoken(answer) ? ('session' as const) : kind,
        extensions: pipelining ? ['PIPELINING'] : [],
      })),
  ),
)

describe('a peer that', () => {
  test.each(cases)('$what', async ({ step, answer, outcome, kind, extensions }) => {
    const { sink, transport } = await start({ extensions, script: { [step]: [answer] } }, { timeouts: timeoutsFor(step, answer) })
    const result = await transport.attempt(hopTo(sink.port), inMemory())
    expect(actions(result)).toEqual([outcome])
    expect(result.kind).toBe(kind)
    expect(sink.connections()).toBe(1)
    // The message may have been taken as soon as its dot is out, unless the peer has said that it was not.
    expect(doubts(result)).toBe(isMessage(step) && !hasSpoken(answer))
    if (!isMessage(step)) expect(sink.messages).toHaveLength(0)
  })

  test.each(cases)('$what, on a kept session', async ({ step, answer, outcome, kind, extensions }) => {
    const first: Answer = step === 'BODY' ? { raw: '' } : step === 'DATA' ? '354 go ahead' : '250 2.0.0 ok'
    const { sink, transport } = await start({ extensions, script: { [step]: [first, answer] } }, { timeouts: timeoutsFor(step, answer) })
    expect(actions(await transport.attempt(hopTo(sink.port), inMemory()))).toEqual(['delivered 2.0.0'])
    const result = await transport.attempt(hopTo(sink.port), inMemory())
    // Before MAIL is answered nothing is lost but the session; a question in its place is an answer.
    const isFree = step === 'MAIL' && !(typeof answer === 'object' && 'raw' in answer && answer.raw.startsWith('334'))
    expect(actions(result)).toEqual([isFree ? 'delivered 2.0.0' : outcome])
    expect(result.kind).toBe(isFree ? 'session' : kind)
    expect(sink.connections()).toBe(isFree ? 2 : 1)
    if (!isMessage(step)) expect(sink.messages).toHaveLength(isFree ? 2 : 1)
    // And whatever it was, that session is over.
    expect(actions(await transport.attempt(hopTo(sink.port), inMemory()))).toEqual(['delivered 2.0.0'])
    expect(sink.connections()).toBe(2)
  })

  const auth = { user: 'ann', password: 'correct horse' }
  const opening = OPENING.flatMap(step =>
    HOSTILITIES.map(([what, answer, outcome]) => ({ what: `${what} at ${step}`, step, answer, outcome })),
  )

  test.each(opening)('$what', async ({ step, answer, outcome }) => {
    const { sink, transport } = await start(
      { tls: certificate, extensions: ['AUTH PLAIN'], script: { [step]: [answer] } },
      { timeouts: timeoutsFor(step, answer) },
    )
    const result = await transport.attempt(hopTo(sink.port, { tls: 'required', auth }), inMemory())
    expect(result.kind).toBe('unreachable')
    // A reset before the first octet may be noticed before the connection counts as one; what ends STARTTLS without a 220 is a refusal of TLS.
    const early = step === 'GREETING' && answer === 'RESET' ? expect.stringMatching(/^delayed 4\.4\.[12]$/) : outcome
    expect(actions(result)).toEqual([step === 'STARTTLS' && hasSpoken(answer) ? 'delayed 4.7.4' : early])
    expect(sink.connections()).toBe(1)
    expect(sink.commands.some(line => line.startsWith('MAIL'))).toBe(false)
  })

  test.each<Step>(['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'DOT'])(
    'puts 8-bit and control characters into its refusal at %s',
    async step => {
      const refusal = { raw: '550-5.7.1 \x1b]0;pwned\x07\x9b31m\r\n550 5.7.1 caf\xe9 \xe2\x80\xae\0\x7f\x85no\r\n' }
      const { sink, transport } = await start({ script: { [step]: [refusal], HELO: [refusal] } })
      const { outcomes, transcript } = await transport.attempt(hopTo(sink.port), inMemory())
      expect(outcomes).toMatchObject([{ action: 'failed', status: '5.7.1' }])
      for (const text of [...transcript, outcomes[0]?.reply ?? '']) expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028-\u202e]/)
      expect(outcomes[0]?.reply).toContain('no')
    },
  )
})

describe('an answer too many', () => {
  test.each([
    ['MAIL', { MAIL: [{ raw: '250 ok\r\n250 ok\r\n' }] }],
    ['a recipient', { RCPT: [{ raw: '250 ok\r\n250 ok\r\n' }] }],
    ['a recipient that is refused', { RCPT: [{ raw: '250 ok\r\n550 5.1.1 no\r\n' }] }],
  ] as const)('to %s, among pipelined commands, ends the session and bounces nobody', async (_, script) => {
    const { sink, transport } = await start({ script })
    const result = await transport.attempt(hopTo(sink.port), inMemory({ recipients: ['ann@example.test', 'bob@example.test'] }))
    expect(result.outcomes.map(({ action }) => action)).toEqual(['delayed', 'delayed'])
    expect(sink.messages).toHaveLength(0)
    await transport.attempt(hopTo(sink.port), inMemory())
    expect(sink.connections()).toBe(2)
  })

  test('after the end of a message is not the answer to the next one', async () => {
    const { sink, transport } = await start({
      script: { DOT: [{ raw: '250 2.0.0 taken\r\n250 2.0.0 and again\r\n' }], MAIL: ['250 ok', '550 5.7.1 no'] },
    })
    const first = await transport.attempt(hopTo(sink.port), inMemory())
    const second = await transport.attempt(hopTo(sink.port), inMemory())
    expect([first, second].flatMap(actions)).toEqual(['delivered 2.0.0', 'failed 5.7.1'])
    expect(sink.connections()).toBe(2)
  })
})

describe('354 although nobody was accepted', () => {
  test.each([
    ['every recipient refused', { RCPT: ['550 5.1.1 no'] }, 'failed 5.1.1', 'session'],
    ['the sender put off', { MAIL: ['451 4.3.0 later'] }, 'delayed 4.3.0', 'unreachable'],
  ] as const)('gets a single dot and nothing of the message: %s', async (_, refusal, outcome, kind) => {
    const { sink, transport } = await start({ script: { ...refusal, DATA: ['354 go ahead'] } })
    const result = await transport.attempt(hopTo(sink.port), inMemory())
    expect(actions(result)).toEqual([outcome])
    expect(result.kind).toBe(kind)
    const after = await transport.attempt(hopTo(sink.port), inMemory())
    expect(actions(after)).toEqual(['delivered 2.0.0'])
    expect(sink.connections()).toBe(2)
    expect(sink.messages.map(({ raw }) => raw.toString())).toEqual(['', Buffer.concat([HEAD, BODY]).toString()])
  })
})

describe('bad TLS', () => {
  const stranger = makeAuthority('nobody knows this authority')
  const yesterday = Date.now() - 86_400_000
  const ours = makeAuthority('an authority of this test')
  const leaf = (authority: typeof ours, names: readonly string[], validity?: { notBefore: number; notAfter: number }) => {
    const { key, certificate: cert } = issueCertificate(authority, names, validity)
    return { key, cert }
  }
  const BAD: readonly (readonly [string, SinkOptions['tls'] & {}, string])[] = [
    ['nonsense instead of a handshake', 'broken', 'clear'],
    ['silence instead of a handshake', 'silent', 'clear'],
    ['a certificate for another name', leaf(ours, ['other.example.test']), 'TLS'],
    ['a certificate of an unknown authority', leaf(stranger, [CERTIFICATE_NAME]), 'TLS'],
    ['a certificate that has expired', leaf(ours, [CERTIFICATE_NAME], { notBefore: 0, notAfter: yesterday }), 'TLS'],
    [
      'a certificate of tomorrow',
      leaf(ours, [CERTIFICATE_NAME], { notBefore: yesterday + 2 * 86_400_000, notAfter: Date.UTC(2200, 1) }),
      'TLS',
    ],
  ]

  test.each(BAD)('%s: an opportunistic hop delivers, a demanding one does not', async (_, tls, way) => {
    for (const demand of ['opportunistic', 'required'] as const satisfies Hop['tls'][]) {
      const { sink, transport } = await start(
        { tls },
        { ca: ours.certificate, ...(tls === 'silent' && { timeouts: { handshakeMs: STALL_MS } }) },
      )
      for (const round of [1, 2]) {
        const result = await transport.attempt(hopTo(sink.port, { tls: demand }), inMemory())
        expect(actions(result), `${demand}, message ${round}`).toEqual([demand === 'required' ? 'delayed 4.7.5' : 'delivered 2.0.0'])
      }
      if (demand === 'required') expect(sink.commands.filter(line => line.startsWith('MAIL'))).toHaveLength(0)
      else expect(sink.messages.map(({ secure }) => secure)).toEqual([way === 'TLS', way === 'TLS'])
      // What the first message has found out serves the second one; a refused session is never kept.
      expect(connectionsOf(sink, way)).toBe(demand === 'required' ? 2 : 1)
    }
  })

  /** Those beside the one that a failed opportunistic handshake used up. */
  const connectionsOf = (sink: Sink, way: string): number => sink.connections() - (way === 'clear' && sink.messages.length > 0 ? 1 : 0)

  test('implicit TLS at a peer that speaks in the clear ends by the clock', async () => {
    const { sink, transport } = await start({}, { timeouts: { handshakeMs: STALL_MS } })
    const result = await transport.attempt(hopTo(sink.port, { tls: 'implicit' }), inMemory())
    expect(actions(result)).toEqual(['delayed 4.7.5'])
  })
})
