/** MTA-STS policies over a real HTTPS server on loopback: RFC 8461 §3.3, §5.1, §10.2. */
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ACCOUNT_MIGRATIONS } from '../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../src/adapters/sqlite/driver.ts'
import { openStsPolicies, type StsOptions } from '../../src/adapters/sts-policies.ts'
import type { Database } from '../../src/base/database.ts'
import type { StsPolicies } from '../../src/ports/sts-policies.ts'
import { issueCertificate, makeAuthority } from '../../src/wire/certificate.ts'
import { isPublicAddress } from '../../src/wire/public-address.ts'
import { T0, tempFolder } from '../support/account.ts'
import { type DnsMap, dnsMap } from '../support/dns-map.ts'

const authority = makeAuthority('web authority')
const HOUR = 3_600_000
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const policyText = (mx: string, more = ''): string => `version: STSv1\r\nmode: enforce\r\nmax_age: 604800\r\nmx: ${mx}\r\n${more}`

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Takes the question and says nothing. */
  readonly silent?: boolean
}

interface PolicyHost {
  readonly port: number
  /** What it answers from now on. */
  answer: Answer
  /** `host path` of each question. */
  readonly asked: string[]
}

async function policyHost(names: readonly string[] = ['mta-sts.example.test']): Promise<PolicyHost> {
  const { key, certificate } = issueCertificate(authority, names)
  const asked: string[] = []
  const server: Server = createServer({ key, cert: certificate }, (request, response) => {
    asked.push(`${request.headers.host} ${request.url}`)
    const { status = 200, type = 'text/plain; charset=utf-8', body = policyText('mx.test'), headers = {}, silent } = host.answer
    if (silent) return
    response.writeHead(status, { 'content-type': type, ...headers }).end(body)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  open.push(async () => {
    server.closeAllConnections()
    await new Promise(done => server.close(done))
  })
  const host: PolicyHost = { port: address !== null && typeof address === 'object' ? address.port : 0, answer: {}, asked }
  return host
}

interface World {
  readonly host: PolicyHost
  /** What DNS says; may be replaced on the way. */
  dns: DnsMap
  readonly clock: { now: number }
  readonly database: Database
  policies(more?: Partial<StsOptions>): StsPolicies
}

const RECORDS = { '_mta-sts.example.test TXT': 'v=STSv1; id=1;', 'mta-sts.example.test A': '127.0.0.1' }

async function world(names?: readonly string[]): Promise<World> {
  const host = await policyHost(names)
  const database = openDatabase(join(tempFolder(), 'account.db'), ACCOUNT_MIGRATIONS)
  open.push(() => database.close())
  const made: World = {
    host,
    dns: RECORDS,
    clock: { now: T0 },
    database,
    policies(more = {}) {
      const opened = openStsPolicies({
        resolver: { lookup: (name, type) => dnsMap(made.dns).lookup(name, type) },
        database,
        mayAsk: address => address === '127.0.0.1',
        port: host.port,
        ca: authority.certificate,
        now: () => made.clock.now,
        ...more,
      })
      open.push(() => opened.close())
      return opened
    },
  }
  return made
}

const enforced = (...mx: string[]) => ({ kind: 'policy', policy: { mode: 'enforce', mx, maxAgeSeconds: 604_800 } })

test('a policy is fetched from the well-known place, once, and kept across restarts', async () => {
  const { host, policies } = await world()
  const first = policies()
  expect(await Promise.all([first.policyOf('example.test'), first.policyOf('example.test')])).toEqual([
    enforced('mx.test'),
    enforced('mx.test'),
  ])
  expect(await policies().policyOf('example.test')).toEqual(enforced('mx.test'))
  expect(host.asked).toEqual(['mta-sts.example.test /.well-known/mta-sts.txt'])
})

test('a domain without the record is not asked for a policy', async () => {
  const made = await world()
  made.dns = { 'mta-sts.example.test A': '127.0.0.1' }
  expect(await made.policies().policyOf('example.test')).toEqual({ kind: 'none' })
  expect(made.host.asked).toEqual([])
})

test.each<[string, Answer, RegExp, string?]>([
  ['a redirect is not followed', { status: 301, headers: { location: 'https://other.test/' } }, /answered 301/],
  ['an error is none', { status: 500 }, /answered 500/],
  ['a page is none', { type: 'text/html' }, /another type/],
  ['what is not well formed is none', { body: 'version: STSv1\nmode: perhaps\n' }, /no well-formed policy/, 'sts-policy-invalid'],
  ['a flood is cut', { body: policyText('mx.test', `x: ${'y'.repeat(70_000)}`) }, /more than 65536 octets/],
  ['silence ends', { silent: true }, /no answer in time/],
])('%s', async (_, answer, detail, failure = 'sts-policy-fetch-error') => {
  const { host, policies } = await world()
  host.answer = answer
  const found = await policies({ timeoutMs: 300 }).policyOf('example.test')
  expect(found).toEqual({ kind: 'failed', failure, detail: expect.stringMatching(detail) })
})

test('the certificate must be of a trusted authority, and for the name', async () => {
  const wrong = await world(['example.test'])
  expect(await wrong.policies().policyOf('example.test')).toMatchObject({ kind: 'failed', failure: 'sts-policy-fetch-error' })
  const { host, policies } = await world()
  expect(await policies({ ca: makeAuthority('another').certificate }).policyOf('example.test')).toMatchObject({ kind: 'failed' })
  expect([...wrong.host.asked, ...host.asked]).toEqual([])
})

test('an address that is not out in the world is never asked', async () => {
  const { host, policies } = await world()
  const found = await policies({ mayAsk: isPublicAddress }).policyOf('example.test')
  expect(found).toMatchObject({ kind: 'failed', detail: 'mta-sts.example.test has no public address' })
  expect(host.asked).toEqual([])
})

test('a new id brings the new policy; the same id does not ask again for a day', async () => {
  const made = await world()
  const policies = made.policies()
  await policies.policyOf('example.test')
  made.host.answer = { body: policyText('new.test') }
  made.clock.now += HOUR
  expect(await policies.policyOf('example.test')).toEqual(enforced('mx.test'))
  expect(made.host.asked).toHaveLength(1)
  made.dns = { ...RECORDS, '_mta-sts.example.test TXT': 'v=STSv1; id=2;' }
  expect(await policies.policyOf('example.test')).toEqual(enforced('mx.test'))
  made.clock.now += 301_000
  expect(await policies.policyOf('example.test')).toEqual(enforced('new.test'))
  expect(made.host.asked).toHaveLength(2)
})

test('what cannot be fetched, or is no longer announced, does not undo what is kept, until its time is over', async () => {
  const made = await world()
  await made.policies().policyOf('example.test')
  const later = async () => {
    made.clock.now += HOUR
    return await made.policies().policyOf('example.test')
  }
  made.dns = { ...RECORDS, '_mta-sts.example.test TXT': 'v=STSv1; id=2;' }
  made.host.answer = { status: 404 }
  expect(await later()).toEqual(enforced('mx.test'))
  made.dns = { ...RECORDS, '_mta-sts.example.test TXT': 'fail' }
  expect(await later()).toEqual(enforced('mx.test'))
  made.dns = {}
  expect(await later()).toEqual(enforced('mx.test'))
  made.clock.now += 7 * 24 * HOUR
  expect(await later()).toEqual({ kind: 'none' })
})

test('an old policy is renewed beside the mail that it is asked for', async () => {
  const made = await world()
  await made.policies().policyOf('example.test')
  made.clock.now += 25 * HOUR
  made.host.answer = { body: policyText('new.test') }
  expect(await made.policies().policyOf('example.test')).toEqual(enforced('mx.test'))
  await expect.poll(() => made.host.asked.length).toBe(2)
  const kept = () => made.database.prepare('SELECT policy FROM sts_policy').get()?.['policy']
  await expect.poll(kept).toContain('new.test')
})

test('closing ends a question that nobody waits for', async () => {
  const { host, policies } = await world()
  host.answer = { silent: true }
  const asking = policies()
  const found = asking.policyOf('example.test')
  await expect.poll(() => host.asked.length).toBe(1)
  await asking.close()
  expect(await found).toEqual({ kind: 'none' })
})
