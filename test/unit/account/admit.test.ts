import { describe, expect, it } from 'vitest'
import { type Account, SANDBOX, type SendingUsage } from '../../../src/account/account.ts'
import {
  type AdmissionQuestion,
  admit,
  checkSender,
  identityFor,
  namesToLoad,
  tokensAt,
  waitForTokenMs,
} from '../../../src/account/admit.ts'
import type { Identity } from '../../../src/account/identity.ts'
import { identityOf, T0 } from '../../support/account.ts'

const HOUR = 3_600_000
const sandbox: Account = {
  accountId: '123456789012',
  region: 'us-east-1',
  createdAt: T0,
  productionAccess: false,
  ...SANDBOX,
  sendingEnabled: true,
  enforcementStatus: 'HEALTHY',
  suppressedReasons: ['BOUNCE', 'COMPLAINT'],
}
const production: Account = { ...sandbox, productionAccess: true, max24HourSend: 1_000, maxSendRate: 10 }
const fresh: SendingUsage = { sentLast24Hours: 0, tokens: 1, tokensAt: T0 }

const ask = (fields: Partial<AdmissionQuestion> = {}): AdmissionQuestion => ({
  account: production,
  network: 'live',
  identities: [identityOf('example.com')],
  senders: ['ann@example.com'],
  recipients: ['bob@example.net'],
  usage: fresh,
  ...fields,
})
const text = (names: string, region = 'US-EAST-1') =>
  `Email address is not verified. The following identities failed the check in region ${region}: ${names}`

describe('who may send', () => {
  const pending = { status: 'PENDING', proof: null, lastSuccessAt: null } as const
  const missing = { status: 'TEMPORARY_FAILURE', startedAt: T0, lastSuccessAt: T0 } as const
  it.each<
    [what: string, sender: string, identities: Identity[], network: AdmissionQuestion['network'], at: number, identity: string | null]
  >([
    ['the address itself', 'ann@example.com', [identityOf('ann@example.com')], 'live', T0, 'ann@example.com'],
    ['its domain', 'ann@example.com', [identityOf('example.com')], 'live', T0, 'example.com'],
    ['a parent domain', 'ann@a.b.example.com', [identityOf('example.com')], 'live', T0, 'example.com'],
    ['a domain in capitals', 'ann@EXAMPLE.com', [identityOf('example.com')], 'live', T0, 'example.com'],
    ['the address without its label', 'ann+news@example.com', [identityOf('ann@example.com')], 'live', T0, 'ann@example.com'],
    ['the strongest of two', 'ann@example.com', [identityOf('example.com'), identityOf('ann@example.com')], 'live', T0, 'ann@example.com'],
    [
      'the domain while the address is pending',
      'ann@example.com',
      [identityOf('ann@example.com', pending), identityOf('example.com')],
      'live',
      T0,
      'example.com',
    ],
    ['not another domain', 'ann@example.org', [identityOf('example.com')], 'live', T0, null],
    ['not a domain that only ends alike', 'ann@badexample.com', [identityOf('example.com')], 'live', T0, null],
    ['not the child for the parent', 'ann@example.com', [identityOf('a.example.com')], 'live', T0, null],
    ['not a local part in another case', 'Ann@example.com', [identityOf('ann@example.com')], 'live', T0, null],
    ['not the label for the bare address', 'ann@example.com', [identityOf('ann+news@example.com')], 'live', T0, null],
    ['not one that is pending', 'ann@example.com', [identityOf('example.com', pending)], 'live', T0, null],
    ['not one that failed', 'ann@example.com', [identityOf('example.com', { status: 'FAILED' })], 'live', T0, null],
    ['one in its grace', 'ann@example.com', [identityOf('example.com', missing)], 'live', T0 + 72 * HOUR - 1, 'example.com'],
    ['not one after its grace', 'ann@example.com', [identityOf('example.com', missing)], 'live', T0 + 72 * HOUR, null],
    [
      'no grace before a first success',
      'ann@example.com',
      [identityOf('example.com', { ...missing, lastSuccessAt: null })],
      'live',
      T0,
      null,
    ],
    ['lab proof in the lab', 'ann@example.com', [identityOf('example.com', { proof: 'lab' })], 'lab', T0, 'example.com'],
    ['lab proof in relay mode', 'ann@example.com', [identityOf('example.com', { proof: 'lab' })], 'relay', T0, 'example.com'],
    ['not lab proof in live mode', 'ann@example.com', [identityOf('example.com', { proof: 'lab' })], 'live', T0, null],
    ['dns proof in the lab', 'ann@example.com', [identityOf('example.com')], 'lab', T0, 'example.com'],
    ['dns proof in relay mode', 'ann@example.com', [identityOf('example.com')], 'relay', T0, 'example.com'],
  ])('%s', (_, sender, identities, network, at, identity) => {
    expect(identityFor(sender, { identities, network }, at)?.name ?? null).toBe(identity)
    const check = () => checkSender(ask({ senders: [sender], identities, network }), at)
    if (identity === null) expect(check).toThrow(expect.objectContaining({ code: 'not-verified', message: text(sender) }))
    else expect(check().name).toBe(identity)
  })

  it('names every sender that failed', () => {
    const senders = ['ann@example.com', 'bounce@example.org', 'bounce@example.org', 'sender@example.net']
    expect(() => admit(ask({ senders }), T0)).toThrow(text('bounce@example.org, sender@example.net'))
  })
})

describe('the sandbox', () => {
  const allowed = [identityOf('example.com'), identityOf('cay@example.net'), identityOf('example.org')]
  const inSandbox = (recipients: string[], senders = ['ann@example.com']) =>
    admit(ask({ account: { ...sandbox, region: 'eu-west-1' }, identities: allowed, recipients, senders }), T0)

  it.each([
    ['cay@example.net'],
    ['anybody@example.org'],
    ['x@deep.example.org'],
    ['bounce+l@simulator.amazonses.com'],
    ['ann@example.com'],
  ])('lets mail go to %s', recipient => {
    expect(inSandbox([recipient]).tokens).toBe(0)
  })

  it('names senders and recipients in one list, with the region in capitals', () => {
    expect(() => inSandbox(['bob@example.net', 'cay@example.net', 'cay+l@example.net'], ['eve@example.edu'])).toThrow(
      text('eve@example.edu, bob@example.net, cay+l@example.net', 'EU-WEST-1'),
    )
  })

  it('cuts a very long list', () => {
    const many = Array.from({ length: 50 }, (_, i) => `${'x'.repeat(40)}${i}@example.net`)
    expect(() => inSandbox(many)).toThrow(/^.{1000,1100}\.\.\.$/)
  })

  it('does not hold in production', () => {
    expect(() => admit(ask({ recipients: ['bob@example.net'] }), T0)).not.toThrow()
  })
})

describe('pausing', () => {
  it.each([
    ['by review', { enforcementStatus: 'SHUTDOWN' }, /^Sending suspended for this account\./],
    ['by its owner', { sendingEnabled: false }, /^Sending is paused for this account\.$/],
  ] as const)('refuses everything when paused %s', (_, state, message) => {
    const account = { ...production, ...state }
    for (const check of [() => admit(ask({ account, senders: ['eve@example.edu'] }), T0), () => checkSender(ask({ account }), T0)])
      expect(check).toThrow(expect.objectContaining({ code: 'sending-paused', message: expect.stringMatching(message) }))
  })

  it('lets an account under review send', () => {
    expect(() => admit(ask({ account: { ...production, enforcementStatus: 'PROBATION' } }), T0)).not.toThrow()
  })
})

describe('the daily quota', () => {
  const to = (real: number, simulated = 0) => [
    ...Array.from({ length: real }, (_, i) => `r${i}@example.net`),
    ...Array.from({ length: simulated }, (_, i) => `success+${i}@simulator.amazonses.com`),
  ]
  it.each<[limit: number, sent: number, recipients: string[], after: number | null]>([
    [200, 0, to(1), 1],
    [200, 190, to(10), 200],
    [200, 190, to(11), null],
    [200, 200, to(1), null],
    [200, 200, to(0, 5), 200],
    [200, 199, to(1, 5), 200],
    // Of a quota that was lowered.
    [200, 250, to(0, 5), 250],
    [-1, 9_000_000, to(50), 9_000_050],
    [0, 0, to(1), null],
  ])('limit %i, %i sent', (limit, sentLast24Hours, recipients, after) => {
    const attempt = () =>
      admit(ask({ account: { ...production, max24HourSend: limit }, recipients, usage: { ...fresh, sentLast24Hours } }), T0)
    if (after === null)
      expect(attempt).toThrow(expect.objectContaining({ code: 'quota-exceeded', message: 'Daily message quota exceeded.' }))
    else expect(attempt().sentLast24Hours).toBe(after)
  })
})

describe('the send rate', () => {
  it.each<[rate: number, tokens: number, elapsedMs: number, recipients: number, after: number | null]>([
    [1, 1, 0, 1, 0],
    [1, 0, 999, 1, null],
    [1, 0, 1_000, 1, 0],
    [1, 1, 60_000, 1, 0],
    [1, 1, 0, 5, -4],
    [1, -4, 4_999, 1, null],
    [1, -4, 5_000, 1, 0],
    [14, 0, 1_000, 1, 13],
    [14, 0, 72, 1, 0.008],
    [14, 0, 71, 1, null],
    [0.5, 0, 2_000, 1, 0],
    [0.5, 1, 100_000, 1, 0],
    [3, 2, -1_000, 1, 1],
    [14, 0, -1_000, 1, null],
    [14, -40, -7_200_000, 1, 13],
    [0.5, 0, -7_200_000, 1, 0],
  ])('%f/s, %f tokens, %i ms later, %i recipients', (maxSendRate, tokens, elapsedMs, count, after) => {
    const account = { ...production, maxSendRate }
    const recipients = Array.from({ length: count }, (_, i) => `r${i}@example.net`)
    const attempt = () => admit(ask({ account, recipients, usage: { ...fresh, tokens } }), T0 + elapsedMs)
    if (after === null)
      expect(attempt).toThrow(expect.objectContaining({ code: 'rate-exceeded', message: 'Maximum sending rate exceeded.' }))
    // One that was overtaken by another counts with it; a clock that was set back starts anew.
    else expect(attempt()).toMatchObject({ tokens: expect.closeTo(after, 9), tokensAt: T0 + (elapsedMs === -1_000 ? 0 : elapsedMs) })
  })

  it('counts simulator recipients', () => {
    expect(admit(ask({ recipients: ['success@simulator.amazonses.com'] }), T0)).toMatchObject({ tokens: 0, sentLast24Hours: 0 })
  })

  it.each([1, 3, 7, 14, 0.3])('tells how long to wait at %f/s, to the millisecond', rate => {
    for (const tokens of [-7, -0.5, 0, 0.25, 0.999]) {
      const usage = { ...fresh, tokens }
      const wait = waitForTokenMs({ maxSendRate: rate }, usage, T0)
      expect(tokensAt({ maxSendRate: rate }, usage, T0 + wait)).toBeGreaterThanOrEqual(1)
      expect(tokensAt({ maxSendRate: rate }, usage, T0 + wait - 1)).toBeLessThan(1)
    }
    expect(waitForTokenMs({ maxSendRate: rate }, fresh, T0)).toBe(0)
    expect(waitForTokenMs({ maxSendRate: 0 }, { ...fresh, tokens: 0 }, T0)).toBe(Number.POSITIVE_INFINITY)
  })
})

it('loads the labels of senders but not of recipients', () => {
  expect(namesToLoad(['a+x@s.example.com'], ['b+y@example.com'])).toEqual([
    'a+x@s.example.com',
    'a@s.example.com',
    's.example.com',
    'example.com',
    'b+y@example.com',
  ])
})
