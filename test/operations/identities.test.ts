/** Identities in the lab: made, published, verified, changed, proved by mail; with the lab's zone behind a real name server. */
import { expect, test } from 'vitest'
import { deleteIdentity, setIdentity } from '../../src/operations/set-identity.ts'
import { finishEmailVerification, startEmailVerification } from '../../src/operations/verify-email.ts'
import { checkDns, verifyAll, verifyDomain } from '../../src/operations/verify-identity.ts'
import { bytesOf } from '../support/account.ts'
import { identityHome } from '../support/identity-app.ts'

const HOUR = 3_600_000

test('a domain is published to the lab and verified at once, and asking again changes nothing', async () => {
  const app = identityHome().open()
  const first = await verifyDomain(app, { domain: 'Bücher.Example.', mailFrom: 'bounce', resolver: undefined })
  expect(first).toMatchObject({
    created: true,
    timedOut: false,
    identity: { name: 'xn--bcher-kva.example', verification: { status: 'SUCCESS', proof: 'lab' } },
  })
  expect(first.identity.mailFrom).toMatchObject({ domain: 'bounce.xn--bcher-kva.example', status: 'SUCCESS' })
  expect(first.records.map(({ comparison }) => comparison.status)).toEqual(Array(7).fill('FOUND'))
  const again = await verifyDomain(app, { domain: 'bücher.example', resolver: undefined })
  expect(again.created).toBe(false)
  expect(again.identity.dkim.tokens).toEqual(first.identity.dkim.tokens)
  await app.close()
})

test('keys behind CNAMEs verify in the lab', async () => {
  const app = identityHome().open()
  const { identity } = await verifyDomain(app, {
    domain: 'shop.test',
    dkim: { kind: 'cname', keyLength: 'RSA_1024_BIT' },
    resolver: undefined,
  })
  expect(identity.verification.status).toBe('SUCCESS')
  await app.close()
})

test('records that vanish put a domain into grace and then out, by the account\u2019s clock', async () => {
  const { zone, open } = identityHome()
  const app = open()
  const { identity } = await verifyDomain(app, { domain: 'shop.test', resolver: undefined })
  const name = `${identity.dkim.tokens[2]}._domainkey.shop.test`
  const kept = zone.find(name, 'TXT')
  zone.remove(kept)
  const check = await checkDns(app, { name: 'shop.test', resolver: undefined })
  expect(check.records.filter(({ comparison }) => comparison.status === 'MISSING').map(({ planned }) => planned.name)).toEqual([name])
  expect((await app.store.identity('shop.test'))?.verification.status).toBe('SUCCESS')
  const states: string[] = []
  for (const hours of [0, 71, 2]) {
    await app.clock.waitUntil(app.clock.now() + hours * HOUR)
    states.push((await verifyAll(app, { resolver: undefined }))[0]?.identity.verification.status ?? '')
  }
  expect(states).toEqual(['TEMPORARY_FAILURE', 'TEMPORARY_FAILURE', 'FAILED'])
  zone.add(kept)
  expect((await verifyAll(app, { resolver: undefined }))[0]?.identity.verification.status).toBe('SUCCESS')
  await app.close()
})

test('waiting ends at its time-out', async () => {
  const foreign = { type: 'MX', name: 'bounce.shop.test', ttl: 60, preference: 1, exchange: 'mx.other.test' } as const
  const home = identityHome()
  home.zone.add([foreign])
  const other = home.open()
  const start = other.clock.now()
  let checks = 0
  const wait = {
    timeoutMs: HOUR,
    signal: new AbortController().signal,
    onCheck: () => {
      checks += 1
    },
  }
  const done = await verifyDomain(other, { domain: 'shop.test', mailFrom: 'bounce', resolver: undefined, wait })
  expect(done.timedOut).toBe(true)
  expect(other.clock.now()).toBe(start + HOUR)
  expect(checks).toBeGreaterThan(10)
  expect(home.zone.find('bounce.shop.test', 'MX')).toEqual([foreign])
  await other.close()
})

test('the lab asks nobody off loopback, whatever the resolver', () => {
  const { open } = identityHome()
  expect(() => open({ resolver: '192.0.2.1' })).toThrow(expect.objectContaining({ code: 'forbidden' }))
})

test.each(['', 'example', 'a..b', '-a.example', 'a b.example', 'a_b.example', `${'x'.repeat(64)}.example`, '1.2.3.4/24'])(
  '%j is no domain',
  async domain => {
    const app = identityHome().open()
    await expect(verifyDomain(app, { domain, resolver: undefined })).rejects.toMatchObject({ code: 'bad-data' })
    expect(await app.store.identities()).toEqual([])
    await app.close()
  },
)

test('a MAIL FROM domain must lie below the identity', async () => {
  const app = identityHome().open()
  await verifyDomain(app, { domain: 'shop.test', resolver: undefined })
  for (const mailFrom of ['bounce.other.test', 'shop.test', 'evilshop.test'])
    await expect(setIdentity(app, 'shop.test', { mailFrom })).rejects.toMatchObject({ code: 'bad-data' })
  expect((await setIdentity(app, 'shop.test', { mailFrom: 'b' })).mailFrom).toMatchObject({ domain: 'b.shop.test', status: 'PENDING' })
  expect((await setIdentity(app, 'shop.test', { mailFrom: '' })).mailFrom).toBeNull()
  await app.close()
})

test('deleting takes the keys along', async () => {
  const app = identityHome().open()
  const { identity } = await verifyDomain(app, { domain: 'shop.test', resolver: undefined })
  await deleteIdentity(app, 'SHOP.test')
  await expect(app.keys.publicKey(identity.dkim.tokens[0] ?? '', 'shop.test')).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(deleteIdentity(app, 'shop.test')).rejects.toMatchObject({ code: 'not-found' })
  await app.close()
})

test('an address is proved by the mailed code, once and within a day', async () => {
  const app = identityHome().open()
  const codeOf = async ({ messageId }: { readonly messageId: string | null }): Promise<string> => {
    const content = await app.store.content(messageId ?? '')
    return /--token (\S+)/.exec(String(content && (await bytesOf(content.body))))?.[1] ?? ''
  }
  const started = await startEmailVerification(app, 'Ann@Example.COM')
  const address = 'Ann@example.com'
  expect(started.identity).toMatchObject({ name: address, verification: { status: 'PENDING' } })
  const old = await codeOf(started)
  const fresh = await codeOf(await startEmailVerification(app, address))
  for (const token of [old, '', `${fresh}x`])
    await expect(finishEmailVerification(app, { address, token })).rejects.toMatchObject({ code: 'conflict' })
  await app.clock.waitUntil(app.clock.now() + 24 * HOUR)
  await expect(finishEmailVerification(app, { address, token: fresh })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('lapsed'),
  })
  const last = await codeOf(await startEmailVerification(app, address))
  expect((await finishEmailVerification(app, { address, token: last })).verification).toMatchObject({ status: 'SUCCESS', proof: 'lab' })
  await expect(finishEmailVerification(app, { address, token: last })).rejects.toMatchObject({ code: 'conflict' })
  expect((await startEmailVerification(app, address)).messageId).toBeNull()
  await app.close()
})

test.each(['lab', 'relay'] as const)('in %s the mail with the code names the link that serve answers, and the command', async network => {
  const app = identityHome().open({ network })
  const { messageId } = await startEmailVerification(app, 'ann@example.com')
  const content = await app.store.content(messageId ?? '')
  const text = content === undefined ? '' : `${content.head}${await bytesOf(content.body)}`
  expect(text).toContain('mailctl verify email ann@example.com --token ')
  expect(text.match(/https?:|href|www\./gi)).toEqual(['http:'])
  expect(text).toContain('http://127.0.0.1:8025/verify-email?address')
  expect(/^From: .*$/m.exec(text)?.[0]).toContain(network === 'lab' ? 'no-reply-aws@amazon.com' : 'no-reply@mta.mailctl.test')
  if (network !== 'lab') expect(text).not.toMatch(/amazon/i)
  await app.close()
})
