/** Rotation and import in the lab, with every message in between checked by the lab's own receivers: there is always a signature that verifies. */
import { generateKeyPairSync } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OVERLAP_MS } from '../../src/account/dkim-keys.ts'
import { exportKey, importKey, readKeys, rotateKeys } from '../../src/operations/dkim.ts'
import { recheckDue } from '../../src/operations/recheck-identities.ts'
import { setIdentity } from '../../src/operations/set-identity.ts'
import { verifyDomain } from '../../src/operations/verify-identity.ts'
import { identityHome } from '../support/identity-app.ts'

const HOUR = 3_600_000
const small = { kind: 'txt', keyLength: 'RSA_1024_BIT' } as const
const look = { resolver: undefined }
const pemOf = (bits = 1024): string =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

/** A domain in the lab that signs. */
async function shop() {
  const home = identityHome()
  const app = home.open()
  const { identity } = await verifyDomain(app, { domain: 'shop.test', dkim: small, ...look })
  const states = async (): Promise<string[]> => (await readKeys(app, 'shop.test')).keys.map(({ state }) => state)
  const files = async (): Promise<string[]> => (await readdir(join(home.home, 'keys', 'dkim'))).toSorted()
  return { app, zone: home.zone, home: home.home, tokens: identity.dkim.tokens, states, files }
}

describe('rotation', () => {
  test('signs with the next key, publishes the added one, and drops the old one after a week', async () => {
    const { app, zone, tokens, states, files } = await shop()
    const [a = '', b = '', c = ''] = tokens
    const { identity, added, signing, retired } = await rotateKeys(app, { domain: 'SHOP.test', ...look })
    expect([signing, retired]).toEqual([b, a])
    expect(identity).toMatchObject({
      verification: { status: 'SUCCESS' },
      dkim: { status: 'SUCCESS', tokens: [b, c, added], signing: { token: b }, unproved: [] },
    })
    expect(await states()).toEqual(['SIGNING', 'WAITING', 'WAITING', 'RETIRED'])
    for (const token of [a, b, c, added]) expect(zone.find(`${token}._domainkey.shop.test`, 'TXT')).toHaveLength(1)
    expect(await files()).toEqual([a, b, c, added].map(token => `${token}.pem`).toSorted())
    await app.clock.waitUntil(app.clock.now() + OVERLAP_MS)
    await recheckDue(app, { limit: 9, signal: new AbortController().signal })
    expect(await states()).toEqual(['SIGNING', 'WAITING', 'WAITING'])
    expect(await files()).toEqual([b, c, added].map(token => `${token}.pem`).toSorted())
    await app.close()
  })

  test('does not let a key sign whose record is not there at this moment, and changes nothing then', async () => {
    const { app, zone, tokens, files } = await shop()
    const before = await app.store.identity('shop.test')
    zone.remove(zone.find(`${tokens[1]}._domainkey.shop.test`, 'TXT'))
    await expect(rotateKeys(app, { domain: 'shop.test', ...look })).rejects.toMatchObject({
      code: 'conflict',
      message: `the next key of shop.test, ${tokens[1]}, was not found in DNS; it must be before it signs`,
    })
    expect(await app.store.identity('shop.test')).toEqual(before)
    expect(await files()).toHaveLength(3)
    await app.close()
  })

  test('an added key that is never published lowers nothing, and stops the rotation that would come to it', async () => {
    const { app, zone } = await shop()
    const first = await rotateKeys(app, { domain: 'shop.test', ...look })
    zone.remove(zone.find(`${first.added}._domainkey.shop.test`, 'TXT'))
    const second = await rotateKeys(app, { domain: 'shop.test', ...look })
    zone.remove(zone.find(`${first.added}._domainkey.shop.test`, 'TXT'))
    zone.remove(zone.find(`${second.added}._domainkey.shop.test`, 'TXT'))
    await expect(rotateKeys(app, { domain: 'shop.test', ...look })).rejects.toMatchObject({ code: 'conflict' })
    await app.close()
  })
})

describe('a key of the owner', () => {
  test('signs at once where it can be published, and the next one takes over under a new selector', async () => {
    const { app, tokens, states } = await shop()
    const one = { kind: 'byo', selector: 'Mail2026', pem: pemOf() } as const
    const { identity } = await importKey(app, { domain: 'shop.test', key: one, ...look })
    expect(identity.dkim).toMatchObject({
      origin: 'EXTERNAL',
      status: 'SUCCESS',
      tokens: ['mail2026'],
      signing: { token: 'mail2026', method: 'byo' },
    })
    expect(await states()).toEqual(['SIGNING', 'RETIRED'])
    expect((await importKey(app, { domain: 'shop.test', key: one, ...look })).identity.dkim, 'the same again changes nothing').toEqual(
      identity.dkim,
    )
    for (const selector of ['mail2026', tokens[0] ?? ''])
      await expect(importKey(app, { domain: 'shop.test', key: { kind: 'byo', selector, pem: pemOf() }, ...look })).rejects.toMatchObject({
        code: 'conflict',
        message: `the selector ${selector} of shop.test is in use with another key`,
      })
    expect((await exportKey(app, 'shop.test', undefined)).selector, 'and its key is still the one that signs').toBe('mail2026')
    await expect(rotateKeys(app, { domain: 'shop.test', ...look })).rejects.toMatchObject({ code: 'usage' })
    const two = { kind: 'byo', selector: 'mail2027', pem: pemOf() } as const
    expect((await importKey(app, { domain: 'shop.test', key: two, ...look })).identity.dkim.signing?.token).toBe('mail2027')
    expect(await states()).toEqual(['SIGNING', 'RETIRED', 'RETIRED'])
    await expect(importKey(app, { domain: 'shop.test', key: one, ...look })).rejects.toMatchObject({
      code: 'conflict',
      message: 'the key mail2026 of shop.test is on its way out and cannot come back',
    })
    await app.close()
  })

  test('waits until it is found, while the key before goes on', async () => {
    const { app, tokens } = await shop()
    const waiting = await setIdentity(app, 'shop.test', { dkim: { kind: 'byo', selector: 'mine', pem: pemOf() } })
    expect(waiting.dkim).toMatchObject({ status: 'PENDING', signing: { token: tokens[0] } })
    await app.clock.waitUntil(waiting.nextCheckAt ?? 0)
    await recheckDue(app, { limit: 9, signal: new AbortController().signal })
    expect(await app.store.identity('shop.test')).toMatchObject({
      verification: { status: 'SUCCESS' },
      dkim: { status: 'PENDING', signing: { token: tokens[0] } },
    })
    await app.clock.waitUntil(app.clock.now() + 80 * HOUR)
    await recheckDue(app, { limit: 9, signal: new AbortController().signal })
    expect(await app.store.identity('shop.test')).toMatchObject({
      verification: { status: 'SUCCESS' },
      dkim: { status: 'FAILED', signing: { token: tokens[0] } },
    })
    const again = await verifyDomain(app, { domain: 'shop.test', ...look })
    expect(again.identity.dkim).toMatchObject({ status: 'SUCCESS', signing: { token: 'mine' } })
    await app.close()
  })

  test.each([
    ['too short', pemOf(512)],
    ['too long', pemOf(3072)],
    ['no key', 'hello'],
    ['another kind', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('is refused when it is %s', async (_, pem) => {
    const { app, files } = await shop()
    await expect(importKey(app, { domain: 'shop.test', key: { kind: 'byo', selector: 'mine', pem }, ...look })).rejects.toMatchObject({
      code: 'bad-data',
      message: 'the key for mine._domainkey.shop.test is no RSA private key of 1024 to 2048 bits',
    })
    expect(await files()).toHaveLength(3)
    await app.close()
  })
})

test('another key length: new keys, and the old one signs until they are found', async () => {
  const { app, tokens } = await shop()
  await expect(setIdentity(app, 'shop.test', { dkim: small })).rejects.toMatchObject({ code: 'bad-data' })
  const { dkim } = await setIdentity(app, 'shop.test', { dkim: { kind: 'txt', keyLength: 'RSA_2048_BIT' } })
  expect(dkim).toMatchObject({ keyLength: 'RSA_2048_BIT', signing: { token: tokens[0], keyLength: 'RSA_1024_BIT' }, status: 'PENDING' })
  const { identity } = await verifyDomain(app, { domain: 'shop.test', dkim: { kind: 'cname', keyLength: 'RSA_2048_BIT' }, ...look })
  expect(identity.dkim).toMatchObject({ method: 'cname', signing: { token: dkim.tokens[0], keyLength: 'RSA_2048_BIT' }, status: 'SUCCESS' })
  await app.close()
})
