import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Identity } from '../../src/account/identity.ts'
import { newIdentity } from '../../src/operations/create-identity.ts'
import { messageOf, openTheGates } from '../support/account.ts'
import { type Door, openDoor } from '../support/door.ts'

let door: Door
beforeEach(() => {
  door = openDoor()
})
afterEach(() => door.remove())

const identity = (name: string, status: Identity['verification']['status'], proof: 'lab' | 'dns' | null): Identity => ({
  ...newIdentity(name, 'DOMAIN', 0),
  verification: { status, proof, startedAt: 0, lastCheckedAt: null, lastSuccessAt: null, errorType: null, soa: null },
  dkim: { ...newIdentity(name, 'DOMAIN', 0).dkim, status },
})
const json = async (argv: readonly string[]) => JSON.parse((await door.run([...argv, '--json'])).stdout)

test('without an account every command that needs one is 78 and says what to do', async () => {
  for (const argv of [
    ['quota'],
    ['status'],
    ['account', 'show'],
    ['queue', 'list'],
    ['inbox', 'list'],
    ['events', 'list'],
    ['clock', 'show'],
  ]) {
    const ran = await door.run(argv)
    expect(ran).toMatchObject({ code: 78, stdout: '' })
    expect(ran.stderr).toBe(`mailctl: there is no account in ${door.home}\n  Run mailctl init.\n`)
    expect(JSON.parse((await door.run([...argv, '--json'])).stderr).Error.Code).toBe('ConfigurationError')
  }
})

test('init makes an account once, and repeats without harm', async () => {
  const first = await json(['init'])
  expect(first).toMatchObject({ Home: door.home, Network: 'lab', Region: 'us-east-1', Clock: 'system', Created: true })
  expect(first.AccountId).toMatch(/^\d{12}$/)
  expect(statSync(join(door.home, 'config.json')).mode & 0o777).toBe(0o600)
  expect(statSync(join(door.home, 'account.db')).mode & 0o777).toBe(0o600)
  expect(await json(['init'])).toEqual({ ...first, Created: false })
  expect((await door.run(['config', 'get', 'network'])).stdout).toBe('lab\n')
})

test('a virtual clock starts where it is told; its flags need it; it stays in the lab', async () => {
  expect(await door.run(['init', '--seed', '7'])).toMatchObject({ code: 64, stdout: '' })
  expect(await door.run(['init', '--clock', 'virtual', '--start', 'soon'])).toMatchObject({ code: 64 })
  expect(await door.run(['init', '--clock', 'virtual', '--seed', '-1'])).toMatchObject({ code: 64 })
  expect(await door.run(['init', '--clock', 'virtual', '--network', 'live'])).toMatchObject({ code: 77, stdout: '' })
  expect((await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7'])).code).toBe(0)
  expect(await json(['clock', 'show'])).toEqual({ Kind: 'virtual', Now: '2026-01-01T00:00:00.000Z' })
  expect(await door.run(['config', 'set', 'network', 'live', '--yes'])).toMatchObject({ code: 77, stdout: '' })
})

test('a new account is in the sandbox', async () => {
  await door.run(['init'])
  expect(await json(['quota'])).toEqual({ Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 })
  expect(await json(['account', 'show'])).toMatchObject({
    ProductionAccessEnabled: false,
    SendingEnabled: true,
    EnforcementStatus: 'HEALTHY',
  })
  expect((await door.run(['quota'])).stdout).toBe('Sent  0 of 200 in 24 hours\nRate  1 a second\n')
})

test('request-production --approve grants what is asked, or 50,000 and 14', async () => {
  await door.run(['init'])
  expect((await json(['account', 'request-production', '--approve'])).SendQuota).toEqual({
    Max24HourSend: 50_000,
    MaxSendRate: 14,
    SentLast24Hours: 0,
  })
  await door.run(['account', 'request-production', '--approve', '--max-24h-send', '-1', '--max-send-rate', '0.5'])
  expect(await json(['quota'])).toEqual({ Max24HourSend: -1, MaxSendRate: 0.5, SentLast24Hours: 0 })
  expect((await door.run(['quota'])).stdout).toContain('unlimited')
})

const ASK = ['account', 'request-production', '--mail-type', 'TRANSACTIONAL', '--website-url', 'https://shop.example/a']

test('a review says what is missing and how to mend it, and account show remembers it', async () => {
  await door.run(['init'])
  const contacts = ['--additional-contact', 'ann@shop.example', '--additional-contact', 'bob@shop.example']
  const denied = await door.run([...ASK, '--contact-language', 'JA', ...contacts, '--json'])
  expect(denied.code).toBe(1)
  const { Details, Checks, ProductionAccessEnabled } = JSON.parse(denied.stdout)
  expect(ProductionAccessEnabled).toBe(false)
  expect(Details).toEqual({
    MailType: 'TRANSACTIONAL',
    WebsiteURL: 'https://shop.example/a',
    ContactLanguage: 'JA',
    AdditionalContactEmailAddresses: ['ann@shop.example', 'bob@shop.example'],
    ReviewDetails: { Status: 'DENIED', CaseId: expect.stringMatching(/^\d{12}$/) },
  })
  expect(Checks).toContainEqual({
    Check: 'BOUNCE',
    Status: 'MISSING',
    Detail: 'A bounce of the mailbox simulator was never seen to come back',
    Fix: 'mailctl simulate bounce',
  })
  const shown = await json(['account', 'show'])
  expect(shown).toMatchObject({ Details, DedicatedIpAutoWarmupEnabled: true, EnforcementStatus: 'HEALTHY', SendingEnabled: true })
  expect((await door.run(['account', 'show'])).stdout).toContain(`DENIED (case ${Details.ReviewDetails.CaseId})`)
  await door.use(({ store }) => store.addIdentity(identity('example.com', 'PENDING', null)))
  // What was told before need not be told again.
  const again = await door.run(['account', 'request-production', '--use-case', 'Receipts'])
  expect(again).toMatchObject({ code: 1, stderr: '' })
  expect(again.stdout).toContain('missing  example.com is not verified (PENDING)\n         mailctl verify domain example.com\n')
  expect(again.stdout).toContain('ok       The use case is described\n')
  expect(again.stdout).toMatch(/\nDenied\. The account stays in the sandbox\.\nNext: .*\n$/)
})

test('--approve needs no review and says that there was none; a case under review is a conflict for everybody else', async () => {
  await door.run(['init'])
  await door.use(({ store }) =>
    store.saveProductionCase(
      {
        details: { mailType: null, websiteUrl: null, contactLanguage: null, useCase: null, additionalContacts: [] },
        asked: {},
        review: { status: 'PENDING', caseId: '123456789012', requestedAt: 0, decidedAt: null, by: 'checklist', findings: [] },
      },
      { step: 'opens' },
    ),
  )
  expect((await json(['account', 'show'])).Details).toEqual({ ReviewDetails: { Status: 'PENDING', CaseId: '123456789012' } })
  const refused = await door.run([...ASK, '--json'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse(refused.stderr).Error).toEqual({
    Code: 'ConflictException',
    Message: 'The request for production access 123456789012 is still under review.',
    Hint: expect.stringContaining('--approve'),
  })
  expect((await door.run(['account', 'request-production', '--approve'])).stdout).toContain('Nothing was reviewed')
  expect((await json(['account', 'show'])).Details.ReviewDetails).toMatchObject({ Status: 'GRANTED' })
})

test('on a terminal it asks for what was not given', { timeout: 120_000 }, async () => {
  await door.run(['init'])
  const ran = await door.run(['account', 'request-production', '--contact-language', 'EN', '--json'], {
    tty: ['stdin', 'stderr'],
    answers: [
      ['What will be sent?', '\u001b[B\r'],
      ['Which website', 'https://shop.example\r'],
      ['How are recipients chosen', 'Receipts\r'],
      ['Who else', 'ann@shop.example, bob@shop.example\r'],
      ['Ask for production access', '\r'],
    ],
  })
  expect(JSON.parse(ran.stdout).Details).toMatchObject({
    MailType: 'MARKETING',
    WebsiteURL: 'https://shop.example',
    UseCaseDescription: 'Receipts',
    ContactLanguage: 'EN',
    AdditionalContactEmailAddresses: ['ann@shop.example', 'bob@shop.example'],
    ReviewDetails: { Status: 'DENIED' },
  })
})

test.each([
  [['--website-url', 'example'], /^1 validation error detected: Value at 'websiteURL' failed to satisfy constraint: Member must satisfy/],
  [['--use-case', 'x'.repeat(5_001)], /^1 validation error detected: Value at 'useCaseDescription' .* less than or equal to 5000$/],
  [['--additional-contact', 'a@b.c'], /^1 validation error detected: Value at 'additionalContactEmailAddresses\.1\.member' /],
])('request-production %j is 65 and opens no case', async (argv, message) => {
  await door.run(['init'])
  const ran = await door.run([...ASK, ...argv, '--json'])
  expect(ran).toMatchObject({ code: 65, stdout: '' })
  expect(JSON.parse(ran.stderr).Error).toMatchObject({ Code: 'BadRequestException', Message: expect.stringMatching(message) })
  expect((await json(['account', 'show'])).Details).toBeUndefined()
})

test.each([
  [['account', 'request-production'], '--mail-type and --website-url'],
  [['account', 'request-production', '--approve', '--max-24h-send', '0'], '--max-24h-send'],
  [['account', 'request-production', '--approve', '--max-send-rate', 'fast'], '--max-send-rate'],
  [['account', 'request-production', '--mail-type', 'SPAM'], 'TRANSACTIONAL, MARKETING'],
  [['queue', 'list', '--limit', '0'], '--limit'],
  [['events', 'list', '--since', 'yesterday'], 'no moment'],
  [['events', 'list', '--type', 'bounce'], "Did you mean 'Bounce'?"],
  [['inbox', 'wait', '--timeout', 'long'], 'not a duration'],
  [['inbox', 'list', '--subject', '/(/'], 'regular expression'],
])('%j is 64', async (argv, said) => {
  await door.run(['init'])
  const ran = await door.run(argv)
  expect(ran).toMatchObject({ code: 64, stdout: '' })
  expect(ran.stderr).toContain(said)
})

test('pause and resume', async () => {
  await door.run(['init'])
  expect(await json(['account', 'pause'])).toMatchObject({ SendingEnabled: false })
  expect((await door.run(['status'])).stdout).toContain('paused')
  expect(await json(['account', 'resume'])).toMatchObject({ SendingEnabled: true })
  await door.use(({ store }) => store.changeAccount({ enforcementStatus: 'SHUTDOWN', sendingEnabled: false }))
  expect(await door.run(['account', 'resume'])).toMatchObject({ code: 77, stdout: '' })
  expect(await json(['account', 'show'])).toMatchObject({ SendingEnabled: false })
  expect(await json(['account', 'resume', '--approve'])).toMatchObject({ SendingEnabled: true, EnforcementStatus: 'PROBATION' })
})

/** A hundred bounces of a thousand recipients, a moment ago. */
async function bounce(): Promise<void> {
  await door.use(async ({ store, clock }) => {
    await openTheGates(store)
    const recipients = Array.from({ length: 1_000 }, (_, i) => `p${i}@example.net`)
    const message = messageOf({ recipients, acceptedAt: clock.now(), expiresAt: clock.now() + 3_600_000 })
    const event = (type: string, to: readonly string[], detail: Readonly<Record<string, unknown>>) => ({
      type,
      at: message.acceptedAt,
      messageId: message.id,
      recipients: to,
      detail,
    })
    await store.accept(message, [
      event('Send', recipients, { send: {} }),
      event('Bounce', recipients.slice(0, 100), { bounce: { bounceType: 'Permanent', bounceSubType: 'General' } }),
    ])
  })
}

test('a suspended account says why, with the evidence and the way out, wherever one looks', async () => {
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7'])
  await bounce()
  const reason =
    'Bounce rate 10 %: 100 of 1,000 recipients on 2026-01-01 (suspended from 10 %). Addresses that failed must be suppressed; from 2026-01-02 00:00:00Z on, mailctl account resume ends it, with --approve at once.'
  expect(await json(['reputation'])).toEqual({
    EnforcementStatus: 'SHUTDOWN',
    Since: '2026-01-01T00:00:00.000Z',
    Reason: reason,
    BounceRate: { Rate: 0.1, Count: 100, Volume: 1_000, From: '2026-01-01', Until: '2026-01-01', Verdict: 'PAUSE' },
    ComplaintRate: { Rate: 0, Count: 0, Volume: 0, From: '2026-01-01', Until: '2026-01-01', Verdict: 'NOT_REPRESENTATIVE' },
    Thresholds: { BounceRate: { Aim: 0.02, Review: 0.05, Pause: 0.1 }, ComplaintRate: { Aim: 0.001, Review: 0.001, Pause: 0.005 } },
    RepresentativeVolume: 1_000,
    WindowDays: 30,
    ConfigurationSets: [],
    EmailIdentities: [
      {
        EmailIdentity: 'example.com',
        BounceRate: { Rate: 0.1, Count: 100, Volume: 1_000, From: '2026-01-01', Until: '2026-01-01', Verdict: 'PAUSE' },
        ComplaintRate: { Rate: 0, Count: 0, Volume: 0, From: '2026-01-01', Until: '2026-01-01', Verdict: 'NOT_REPRESENTATIVE' },
      },
    ],
  })
  expect(await json(['account', 'show'])).toMatchObject({ EnforcementStatus: 'SHUTDOWN', EnforcementReason: reason })
  for (const argv of [['status'], ['account', 'show'], ['reputation']])
    expect((await door.run(argv)).stdout.replace(/\n +/g, ' ')).toContain(reason)
  const refused = await door.run(['account', 'resume', '--json'])
  expect(refused).toMatchObject({ code: 77, stdout: '' })
  expect(JSON.parse(refused.stderr).Error).toEqual({
    Code: 'SendingPausedException',
    Message: 'sending is suspended for this account: 24 hours must have passed: not before 2026-01-02 00:00:00Z',
    Hint: reason,
  })
  expect(await json(['account', 'resume', '--approve'])).toMatchObject({ EnforcementStatus: 'PROBATION', SendingEnabled: true })
  expect(await json(['reputation'])).toMatchObject({ LastFreshStart: '2026-01-01T00:00:00.000Z', BounceRate: { Volume: 0 } })
})

test('an account without mail is healthy, and its table says that this is too little to say', async () => {
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7'])
  expect((await door.run(['reputation'])).stdout).toBe(`Health  HEALTHY since 2026-01-01 00:00:00Z

Rate        Now      Recipients  From        Aim      Review from  Suspended from  Verdict
bounces     0 % (0)  0           2026-01-01  < 2 %    5 %          10 %            too few to say
complaints  0 % (0)  0           2026-01-01  < 0.1 %  0.1 %        0.5 %           too few to say
`)
})

test('going live names what must be verified again and wants --yes', async () => {
  await door.run(['init'])
  await door.use(async ({ store }) => {
    await store.addIdentity(identity('lab.example', 'SUCCESS', 'lab'))
    await store.addIdentity(identity('real.example', 'SUCCESS', 'dns'))
  })
  const asked = await door.run(['config', 'set', 'network', 'live'])
  expect(asked).toMatchObject({ code: 64, stdout: '' })
  expect(asked.stderr).toContain('lab.example')
  expect(asked.stderr).toContain('--yes')
  expect(asked.stderr).not.toContain('real.example')
  expect((await door.run(['config', 'get', 'network'])).stdout).toBe('lab\n')
  expect(await json(['config', 'set', 'network', 'live', '--yes'])).toEqual({ Key: 'network', Value: 'live', VerifyAgain: ['lab.example'] })
  expect((await door.run(['config', 'get', 'network'])).stdout).toBe('live\n')
})

test('status is one screen of everything', async () => {
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '1'])
  await door.use(({ store }) => store.addIdentity(identity('example.com', 'SUCCESS', 'lab')))
  expect(await json(['status'])).toMatchObject({
    Home: door.home,
    Network: 'lab',
    Clock: { Kind: 'virtual', Now: '2026-01-01T00:00:00.000Z' },
    ProductionAccessEnabled: false,
    EmailIdentities: [{ IdentityType: 'DOMAIN', IdentityName: 'example.com', SendingEnabled: true, VerificationStatus: 'SUCCESS' }],
    Queue: { Queued: 0, Active: 0, Deferred: 0, Held: 0 },
    EventsLast24Hours: {},
    NextCommand: 'mailctl account request-production --approve',
  })
  const { stdout } = await door.run(['status'])
  for (const text of [door.home, 'sandbox', '0 of 200', '1 a second', 'nothing waits', 'no events', 'example.com  SUCCESS  DKIM SUCCESS'])
    expect(stdout).toContain(text)
  expect(stdout.split('\n').length).toBeLessThan(24)
})

test('the quota bar is drawn on a terminal only, in ASCII where the locale is not UTF-8', async () => {
  await door.run(['init'])
  expect((await door.run(['quota'], { tty: ['stdout'], env: { LANG: 'de_DE.UTF-8', NO_COLOR: '1' } })).stdout).toContain('░░░░')
  expect((await door.run(['quota'], { tty: ['stdout'], env: { LANG: 'C', NO_COLOR: '1' } })).stdout).toContain('....')
})
