import { createPublicKey, createSign, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openKeys } from '../../src/adapters/keys.ts'
import { tempFolder } from '../support/account.ts'

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey
const bare = (pem: string): string => pem.replace(/-----[^-]+-----/g, '')

function belongTogether(publicKey: string, privateKey: KeyObject): boolean {
  const signature = createSign('sha256').update('text').sign(privateKey)
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  return createVerify('sha256').update('text').verify(key, signature)
}

describe('own keys', () => {
  it('are made under a new selector, and are there for the next process', async () => {
    const folder = join(tempFolder(), 'keys')
    const made = await openKeys(folder).create('RSA_2048_BIT')
    expect(made.selector).toMatch(/^[a-z2-7]{32}$/)
    const later = openKeys(folder)
    const key = await later.privateKey(made.selector, 'example.com')
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048)
    expect(belongTogether(made.publicKey, key)).toBe(true)
    expect(await later.publicKey(made.selector, 'any.example')).toBe(made.publicKey)
    expect(await later.privateKey(made.selector, 'example.com')).toBe(key)
    expect((await later.create('RSA_1024_BIT')).selector).not.toBe(made.selector)
  })

  it('are readable by their owner alone, and nothing unfinished stays', async () => {
    const folder = join(tempFolder(), 'keys')
    const before = process.umask(0)
    try {
      await openKeys(folder).create('RSA_1024_BIT')
      await openKeys(folder).import('mine', 'example.com', rsa(1024).export({ type: 'pkcs8', format: 'pem' }).toString())
    } finally {
      process.umask(before)
    }
    const mode = (...path: string[]): number => statSync(join(folder, ...path)).mode & 0o777
    expect([mode(), mode('dkim'), mode('dkim', 'example.com')]).toEqual([0o700, 0o700, 0o700])
    const names = readdirSync(join(folder, 'dkim')).filter(name => name.endsWith('.pem'))
    expect(names.map(name => mode('dkim', name))).toEqual([0o600])
    expect(readdirSync(join(folder, 'dkim', 'example.com'))).toEqual(['mine.pem'])
    expect(mode('dkim', 'example.com', 'mine.pem')).toBe(0o600)
  })
})

describe("a caller's key", () => {
  it.each([
    ['PKCS#8 PEM', 2048, (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['PKCS#1 PEM', 1024, (key: KeyObject) => key.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['PKCS#8 base64', 2048, (key: KeyObject) => bare(key.export({ type: 'pkcs8', format: 'pem' }).toString())],
    ['PKCS#1 base64 on one line', 1024, (key: KeyObject) => key.export({ type: 'pkcs1', format: 'der' }).toString('base64')],
  ] as const)('is taken as %s', async (_, bits, written) => {
    const keys = openKeys(join(tempFolder(), 'keys'))
    const key = rsa(bits)
    const { publicKey, length } = await keys.import('sel-1', 'example.com', written(key))
    expect(length).toBe(bits === 2048 ? 'RSA_2048_BIT' : 'RSA_1024_BIT')
    expect(publicKey).toBe(createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'))
    expect(belongTogether(publicKey, await keys.privateKey('sel-1', 'example.com'))).toBe(true)
  })

  it('belongs to one domain and replaces the one before it', async () => {
    const keys = openKeys(join(tempFolder(), 'keys'))
    const pems = [rsa(1024), rsa(1024), rsa(1024)].map(key => key.export({ type: 'pkcs8', format: 'pem' }).toString())
    const first = await keys.import('s', 'example.com', pems[0] ?? '')
    const other = await keys.import('s', 'example.org', pems[1] ?? '')
    const second = await keys.import('s', 'example.com', pems[2] ?? '')
    expect(new Set([first.publicKey, other.publicKey, second.publicKey]).size).toBe(3)
    expect(await keys.publicKey('s', 'example.com')).toBe(second.publicKey)
    await keys.remove('s', 'example.com')
    await expect(keys.publicKey('s', 'example.com')).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await keys.publicKey('s', 'example.org')).toBe(other.publicKey)
  })

  it('with the name of one of ours leaves ours alone', async () => {
    const keys = openKeys(join(tempFolder(), 'keys'))
    const { selector, publicKey } = await keys.create('RSA_1024_BIT')
    await keys.import(selector, 'example.com', rsa(1024).export({ type: 'pkcs8', format: 'pem' }).toString())
    await keys.remove(selector, 'example.com')
    expect(await keys.publicKey(selector, 'example.com')).toBe(publicKey)
    await keys.remove(selector, 'example.com')
    await expect(keys.publicKey(selector, 'example.com')).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  const secret = rsa(512).export({ type: 'pkcs8', format: 'pem' }).toString()
  it.each([
    ['too short', secret],
    ['too long', rsa(2056).export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['elliptic', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['encrypted', rsa(1024).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()],
    ['public', createPublicKey(rsa(1024)).export({ type: 'spki', format: 'pem' }).toString()],
    ['cut', rsa(1024).export({ type: 'pkcs8', format: 'pem' }).toString().slice(0, 300)],
    ['words', 'not a key'],
    ['empty', ''],
    ['huge', 'A'.repeat(30_000)],
  ])('is refused when it is %s, without telling it', async (_, text) => {
    const folder = join(tempFolder(), 'keys')
    const error = await openKeys(folder)
      .import('sel', 'example.com', text)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'bad-data' })
    const body = bare(text).trim().slice(0, 40)
    if (body.length > 10) expect(JSON.stringify(error) + String(error)).not.toContain(body)
    expect(() => readdirSync(folder)).toThrow()
  })

  it.each([
    ['../../etc', 'example.com'],
    ['s', '../example.com'],
    ['s', 'example..com'],
    ['s', '/etc'],
    ['', 'example.com'],
    ['a.b', 'example.com'],
    ['s', `${'a'.repeat(250)}.com`],
  ])('never leaves its folder: %s, %s', async (selector, domain) => {
    const keys = openKeys(join(tempFolder(), 'keys'))
    const pem = rsa(1024).export({ type: 'pkcs8', format: 'pem' }).toString()
    for (const call of [keys.import(selector, domain, pem), keys.privateKey(selector, domain), keys.remove(selector, domain)])
      await expect(call).rejects.toMatchObject({ code: 'bad-data' })
  })
})

it('says which key is gone or damaged', async () => {
  const folder = join(tempFolder(), 'keys')
  const { selector } = await openKeys(folder).create('RSA_1024_BIT')
  const file = join(folder, 'dkim', `${selector}.pem`)
  writeFileSync(file, readFileSync(file, 'latin1').slice(0, 200))
  await expect(openKeys(folder).privateKey(selector, 'example.com')).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining(selector),
  })
  rmSync(file)
  await expect(openKeys(folder).privateKey(selector, 'example.com')).rejects.toMatchObject({ code: 'store-unavailable' })
})

it('a key that another process has replaced is noticed within a second or two', async () => {
  const folder = join(tempFolder(), 'keys')
  const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const [first, second] = [rsa(1024), rsa(1024)]
  const engine = openKeys(folder)
  await engine.import('mine', 'example.com', pemOf(first))
  expect((await engine.privateKey('mine', 'example.com')).equals(first)).toBe(true)
  const command = openKeys(folder)
  await command.remove('mine', 'example.com')
  await command.import('mine', 'example.com', pemOf(second))
  const later = performance.now() + 2_000
  const clock = vi.spyOn(performance, 'now').mockReturnValue(later)
  try {
    expect((await engine.privateKey('mine', 'example.com')).equals(second)).toBe(true)
    await command.remove('mine', 'example.com')
    clock.mockReturnValue(later + 2_000)
    await expect(engine.privateKey('mine', 'example.com')).rejects.toMatchObject({ code: 'store-unavailable' })
  } finally {
    clock.mockRestore()
  }
})
