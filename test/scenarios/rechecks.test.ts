/** The part of `serve` that looks again at domains: all whose time has come, a few at once, and nothing after it was stopped. */
import { expect, test } from 'vitest'
import { verifyDomain } from '../../src/operations/verify-identity.ts'
import { Rechecker } from '../../src/worker/rechecker.ts'
import { identityHome } from '../support/identity-app.ts'

test('domains that have lost their records are found out, however many there are', async () => {
  const { open, zone } = identityHome('system')
  const app = open()
  const names = Array.from({ length: 12 }, (_, index) => `shop${String(index).padStart(2, '0')}.test`)
  for (const domain of names) {
    const { identity } = await verifyDomain(app, { domain, dkim: { kind: 'txt', keyLength: 'RSA_1024_BIT' }, resolver: undefined })
    await app.store.saveIdentity({ ...identity, nextCheckAt: app.clock.now() }, identity)
    for (const token of identity.dkim.tokens) zone.remove(zone.find(`${token}._domainkey.${domain}`, 'TXT'))
  }
  const under = { now: 0, most: 0 }
  const lookupAuthoritative: typeof app.resolver.lookupAuthoritative = async (name, type) => {
    if (type !== 'SOA') return await app.resolver.lookupAuthoritative(name, type)
    under.now += 1
    under.most = Math.max(under.most, under.now)
    const answer = await app.resolver.lookupAuthoritative(name, type)
    under.now -= 1
    return answer
  }
  const resolver = { ...app.resolver, takeNotices: () => app.resolver.takeNotices(), lookupAuthoritative }
  const said: string[] = []
  let rechecker: Rechecker | undefined
  await new Promise<void>(resolve => {
    rechecker = new Rechecker({ ...app, resolver }, text => {
      said.push(text)
      if (said.length === names.length) resolve()
    })
    rechecker.start()
  })
  rechecker?.stop()
  await rechecker?.stopped(5_000)
  expect(said.map(text => /records of (\S+) are not found/.exec(text)?.[1]).toSorted()).toEqual(names)
  expect(under.most, 'one domain at a time').toBe(1)
  for (const name of names) expect((await app.store.identity(name))?.verification.status).toBe('TEMPORARY_FAILURE')
  await app.close()
})

test('stopping gives up the questions under way and changes nothing', async () => {
  const { open } = identityHome('system')
  const app = open()
  const { identity } = await verifyDomain(app, {
    domain: 'shop.test',
    dkim: { kind: 'txt', keyLength: 'RSA_1024_BIT' },
    resolver: undefined,
  })
  const due = { ...identity, nextCheckAt: app.clock.now() }
  await app.store.saveIdentity(due, identity)
  const said: string[] = []
  let rechecker: Rechecker | undefined
  await new Promise<void>(resolve => {
    const resolver = {
      ...app.resolver,
      takeNotices: () => [],
      lookupAuthoritative: () => {
        resolve()
        return new Promise<never>(() => {}) // a server that never answers
      },
    }
    rechecker = new Rechecker({ ...app, resolver }, text => said.push(text))
    rechecker.start()
  })
  rechecker?.stop()
  await rechecker?.stopped(60_000)
  expect(said).toEqual([])
  expect(await app.store.identity('shop.test')).toEqual(due)
  await app.close()
})
