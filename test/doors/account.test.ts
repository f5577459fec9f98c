import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Identity } from '../../src/account/identity.ts'
import { type Door, openDoor } from '../support/door.ts'

let door: Door
beforeEach(() => {
  door = openDoor()
})
afterEach(() => door.remove())

const identity = (name: string, status: Identity['verification']['status'], proof: 'lab' | 'dns' | null): Identity => ({
  name,
  type: 'DOMAIN',
  createdAt: 0,
  verification: { status, proof, startedAt: 0, lastCheckedAt: null, lastSuccessAt: null, errorType: null, soa: null },
  dkim: { signingEnabled: true, status, origin: 'AWS_SES', method: 'txt', tokens: [], keyLength: 'RSA_2048_BIT', lastKeyGeneratedAt: null },
  mailFrom: null,
  configurationSet: null,
  feedbackForwarding: true,
  token: null,
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

test('a review grants to a proved domain and otherwise says what is missing', async () => {
  await door.run(['init'])
  const ask = ['account', 'request-production', '--mail-type', 'TRANSACTIONAL', '--website-url', 'https://example.com']
  const denied = await door.run([...ask, '--json'])
  expect(denied.code).toBe(1)
  expect(JSON.parse(denied.stdout)).toMatchObject({
    ProductionAccessEnabled: false,
    Details: { MailType: 'TRANSACTIONAL', ReviewDetails: { Status: 'DENIED' } },
  })
  await door.use(({ store }) => store.addIdentity(identity('example.com', 'PENDING', null)))
  expect((await door.run(ask)).stdout).toContain('example.com is not verified (PENDING)')
  await door.use(({ store }) => store.saveIdentity(identity('example.com', 'SUCCESS', 'lab')))
  expect(await door.run(ask)).toMatchObject({ code: 0 })
  expect((await json(['account', 'show'])).ProductionAccessEnabled).toBe(true)
})

test.each([
  [['account', 'request-production'], '--mail-type and --website-url'],
  [['account', 'request-production', '--approve', '--max-24h-send', '0'], '--max-24h-send'],
  [['account', 'request-production', '--approve', '--max-send-rate', 'fast'], '--max-send-rate'],
  [['account', 'request-production', '--mail-type', 'SPAM'], 'TRANSACTIONAL, MARKETING'],
  [['account', 'request-production', '--mail-type', 'MARKETING', '--website-url', 'example'], '--website-url'],
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
  await door.use(
    async ({ store }) => await store.saveAccount({ ...(await store.account()), enforcementStatus: 'SHUTDOWN', sendingEnabled: false }),
  )
  expect(await door.run(['account', 'resume'])).toMatchObject({ code: 77, stdout: '' })
  expect(await json(['account', 'show'])).toMatchObject({ SendingEnabled: false })
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
