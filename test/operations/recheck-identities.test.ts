/** Domains looked at again when their time comes: in order, a few at once, only where the answers count; and what a virtual clock makes of it. */
import { expect, test } from 'vitest'
import { SEARCH_MS } from '../../src/account/search.ts'
import { recheckDue } from '../../src/operations/recheck-identities.ts'
import { setIdentity } from '../../src/operations/set-identity.ts'
import { verifyDomain } from '../../src/operations/verify-identity.ts'
import { identityHome } from '../support/identity-app.ts'

const HOUR = 3_600_000
const dkim = { kind: 'txt', keyLength: 'RSA_1024_BIT' } as const
const signal = new AbortController().signal

test('what is due is looked at, the longest due first and no more than asked', async () => {
  const { open, zone } = identityHome()
  const app = open()
  for (const domain of ['b.test', 'a.test', 'c.test']) {
    await verifyDomain(app, { domain, dkim, resolver: undefined })
    await app.clock.waitUntil(app.clock.now() + 1_000)
  }
  expect(await recheckDue(app, { limit: 9, signal }), 'nothing is due yet').toEqual({ checked: 0, warnings: [] })
  const due = (await app.store.nextCheckAt()) ?? 0
  await app.clock.waitUntil(due + 1_000)
  for (const token of (await app.store.identity('a.test'))?.dkim.tokens ?? []) zone.remove(zone.find(`${token}._domainkey.a.test`, 'TXT'))
  expect((await recheckDue(app, { limit: 1, signal })).checked).toBe(1)
  expect(await app.store.identity('b.test')).toMatchObject({
    verification: { lastCheckedAt: due + 1_000 },
    nextCheckAt: due + 1_000 + 6 * HOUR,
  })
  const { checked, warnings } = await recheckDue(app, { limit: 9, signal })
  expect(checked).toBe(1)
  const until = new Date(due + 1_000 + SEARCH_MS).toISOString()
  expect(warnings).toEqual([
    `the records of a.test are not found any more; unless they come back by ${until}, it is revoked (mailctl verify domain a.test)`,
  ])
  expect(await app.store.identity('a.test')).toMatchObject({ verification: { status: 'TEMPORARY_FAILURE' }, nextCheckAt: due + 61_000 })
  await app.close()
})

test('a MAIL FROM domain has the same states, and must be set again after it failed', async () => {
  const { open, zone } = identityHome()
  const app = open()
  const { identity } = await verifyDomain(app, { domain: 'shop.test', dkim, mailFrom: 'bounce', resolver: undefined })
  expect(identity.mailFrom?.status).toBe('SUCCESS')
  const mx = zone.find('bounce.shop.test', 'MX')
  zone.remove(mx)
  const statusAt = async (at: number): Promise<string | undefined> => {
    await app.clock.waitUntil(at)
    await recheckDue(app, { limit: 9, signal })
    return (await app.store.identity('shop.test'))?.mailFrom?.status
  }
  const lost = (await app.store.nextCheckAt()) ?? 0
  expect(await statusAt(lost)).toBe('TEMPORARY_FAILURE')
  expect(await statusAt(lost + SEARCH_MS - 1)).toBe('TEMPORARY_FAILURE')
  expect(await statusAt(lost + SEARCH_MS)).toBe('FAILED')
  expect((await app.store.identity('shop.test'))?.verification.status, 'the domain itself still stands').toBe('SUCCESS')
  zone.add(mx)
  expect(await statusAt(lost + SEARCH_MS + 7 * HOUR), 'it was given up').toBe('FAILED')
  expect((await setIdentity(app, 'shop.test', { mailFrom: 'bounce' })).mailFrom?.status).toBe('PENDING')
  expect(await statusAt(app.clock.now() + 60_000)).toBe('SUCCESS')
  await app.close()
})

test('a domain proved in the lab is asked about nowhere else but live, where it has to prove itself anew', async () => {
  const home = identityHome()
  const lab = home.open()
  await verifyDomain(lab, { domain: 'shop.test', dkim, resolver: undefined })
  await lab.clock.waitUntil(lab.clock.now() + 6 * HOUR)
  await lab.close()
  const outside = (network: 'relay' | 'live') => {
    const app = home.open({ network })
    const asked: string[] = []
    const lookupAuthoritative = async (name: string) => {
      asked.push(name)
      return { kind: 'no-name', chain: [], server: 'outside' } as const
    }
    return { app: { ...app, resolver: { ...app.resolver, proof: 'dns' as const, takeNotices: () => [], lookupAuthoritative } }, asked }
  }
  const relay = outside('relay')
  expect((await recheckDue(relay.app, { limit: 9, signal })).checked).toBe(1)
  expect(relay.asked).toEqual([])
  expect(await relay.app.store.identity('shop.test')).toMatchObject({
    verification: { status: 'SUCCESS', proof: 'lab' },
    nextCheckAt: relay.app.clock.now() + 6 * HOUR,
  })
  await relay.app.clock.waitUntil(relay.app.clock.now() + 6 * HOUR)
  await relay.app.close()
  const live = outside('live')
  await recheckDue(live.app, { limit: 9, signal })
  expect(live.asked).toContain('shop.test')
  expect(await live.app.store.identity('shop.test')).toMatchObject({
    verification: { status: 'PENDING', proof: null, errorType: 'HOST_NOT_FOUND' },
    dkim: { status: 'PENDING', signing: null },
  })
  await live.app.close()
})

test('what is changed or deleted during the look is not overwritten', async () => {
  const { open } = identityHome()
  const app = open()
  await verifyDomain(app, { domain: 'shop.test', dkim, resolver: undefined })
  await app.clock.waitUntil(app.clock.now() + 6 * HOUR)
  const during = (work: () => Promise<unknown>) => {
    const resolver = {
      ...app.resolver,
      takeNotices: () => [],
      lookupAuthoritative: async (...asked: Parameters<typeof app.resolver.lookupAuthoritative>) => {
        if (asked[1] === 'SOA') await work()
        return await app.resolver.lookupAuthoritative(...asked)
      },
    }
    return recheckDue({ ...app, resolver }, { limit: 9, signal })
  }
  await during(() => setIdentity(app, 'shop.test', { signing: 'off' }))
  expect(await app.store.identity('shop.test'), 'a setting that the answers do not depend on stays, and the look counts').toMatchObject({
    dkim: { signingEnabled: false },
    verification: { lastCheckedAt: app.clock.now() },
  })
  await app.clock.waitUntil(app.clock.now() + 6 * HOUR)
  await during(() => setIdentity(app, 'shop.test', { mailFrom: 'bounce' }))
  const changed = await app.store.identity('shop.test')
  expect(changed?.mailFrom?.status).toBe('PENDING')
  expect(changed?.verification.lastCheckedAt).toBe(app.clock.now() - 6 * HOUR)
  await app.clock.waitUntil(app.clock.now() + 6 * HOUR)
  await during(() => app.store.deleteIdentity('shop.test'))
  expect(await app.store.identities()).toEqual([])
  await app.close()
})

test('a look that cannot be made is told and made again later', async () => {
  const { open } = identityHome()
  const app = open()
  const { identity } = await verifyDomain(app, { domain: 'shop.test', dkim, resolver: undefined })
  await app.keys.remove(identity.dkim.tokens[2] ?? '', 'shop.test')
  await app.clock.waitUntil(app.clock.now() + 6 * HOUR)
  const { warnings } = await recheckDue(app, { limit: 9, signal })
  expect(warnings).toEqual([expect.stringMatching(/^shop\.test could not be checked: the private key .* is gone/)])
  expect(await app.store.nextCheckAt()).toBe(app.clock.now() + HOUR)
  await app.close()
})
