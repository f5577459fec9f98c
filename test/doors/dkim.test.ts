/** The keys of a domain through the commands, and what receivers say to mail that is sent between two moves. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/account.ts'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

async function shop(): Promise<WholeDoor & { readonly verdict: () => Promise<string> }> {
  const door = await wholeDoor()
  await door.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await door.json(['account', 'request-production', '--approve'])
  /** Selector and result of the signature on a message sent now, as the receiver saw it. */
  const verdict = async (): Promise<string> => {
    await door.json(['send', '--from', 'a@shop.example', '--to', 'ann@gmail.com', '--subject', 'x', '--text', 'y'])
    const { Messages } = await door.json(['inbox', 'list', '--limit', '1'])
    const [{ Selector, Result }] = Messages[0].Authentication.Dkim
    return `${Selector} ${Result}`
  }
  return { ...door, verdict }
}
const selectors = (shown: { readonly Keys: readonly { readonly Selector: string; readonly State: string }[] }) =>
  shown.Keys.map(({ Selector }) => Selector)

test('every message on the way through rotations, a key of the owner and back has a signature that verifies', async () => {
  const { run, json, verdict, home } = await shop()
  const [a, b, c] = selectors(await json(['dkim', 'show', 'shop.example']))
  expect(await verdict()).toBe(`${a} pass`)
  const rotated = await json(['dkim', 'rotate', 'shop.example'])
  expect(rotated).toMatchObject({
    EmailIdentity: 'shop.example',
    DkimAttributes: {
      Status: 'SUCCESS',
      Tokens: [b, c, expect.stringMatching(/^[a-z2-7]{32}$/)],
      LastKeyGenerationTimestamp: '2026-01-01T00:00:00.000Z',
    },
    Keys: [
      { Selector: b, State: 'SIGNING', KeyLength: 1024, Name: `${b}._domainkey.shop.example` },
      { Selector: c, State: 'WAITING' },
      { State: 'WAITING' },
      { Selector: a, State: 'RETIRED', PublishedUntil: '2026-01-08T00:00:00.000Z' },
    ],
  })
  expect(
    rotated.DnsRecords.filter(({ Purpose }: { Purpose: string }) => Purpose === 'DKIM').map(({ Status }: { Status: string }) => Status),
  ).toEqual(Array(4).fill('FOUND'))
  expect(await verdict()).toBe(`${b} pass`)

  const file = join(home, 'mine.pem')
  writeFileSync(file, generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const elsewhere = ['--publish', 'rfc2136://127.0.0.1:9']
  const pending = await json(['identity', 'set', 'shop.example', '--dkim', `byo:mine:${file}`])
  expect(pending).toMatchObject({
    VerificationStatus: 'SUCCESS',
    DkimAttributes: { Status: 'PENDING', SigningAttributesOrigin: 'EXTERNAL' },
  })
  expect(await verdict(), 'the new key is not published yet').toBe(`${b} pass`)
  expect((await run(['identity', 'show', 'shop.example'])).stdout).toContain('the key before signs until the new ones are found')
  expect((await run(['dkim', 'import', 'shop.example', '--selector', 'mine', '--key-file', file, ...elsewhere])).code).toBe(69)
  expect(await json(['dkim', 'import', 'shop.example', '--selector', 'mine', '--key-file', file])).toMatchObject({
    DkimAttributes: { Status: 'SUCCESS', SigningAttributesOrigin: 'EXTERNAL', CurrentSigningKeyLength: 'RSA_1024_BIT' },
  })
  expect(await verdict()).toBe('mine pass')
  const back = await json(['verify', 'domain', 'shop.example', '--dkim', 'cname', '--key', 'rsa1024'])
  expect(back.DkimAttributes).toMatchObject({ Status: 'SUCCESS', SigningAttributesOrigin: 'AWS_SES' })
  expect(await verdict()).toBe(`${back.DkimAttributes.Tokens[0]} pass`)
})

test('a private key leaves for a new file of its owner alone, or for stdout when that is said', async () => {
  const { run, json } = await shop()
  const folder = tempFolder()
  const file = join(folder, 'shop.pem')
  const [a, b] = selectors(await json(['dkim', 'show', 'shop.example']))
  const silent = await run(['dkim', 'export', 'shop.example'])
  expect(silent).toMatchObject({ code: 64, stdout: '' })
  expect(silent.stderr).toContain('Give -o FILE, or -o - for stdout.')
  expect(await json(['dkim', 'export', 'shop.example', '-o', file])).toEqual({ EmailIdentity: 'shop.example', Selector: a, File: file })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const pem = readFileSync(file, 'utf8')
  expect(createPrivateKey(pem).asymmetricKeyDetails?.modulusLength).toBe(1024)
  const printed = await run(['dkim', 'export', 'shop.example', '--selector', b ?? '', '-o', '-'], { tty: ['stdout'] })
  expect(printed.stdout).toMatch(/^-----BEGIN PRIVATE KEY-----\n[\s\S]+-----END PRIVATE KEY-----\n$/)
  expect(printed.stdout).not.toBe(pem)
  expect(await run(['dkim', 'export', 'shop.example', '-o', file, '--json'])).toMatchObject({ code: 1, stdout: '' })
  const link = join(folder, 'link.pem')
  symlinkSync(join(folder, 'nowhere'), link)
  expect((await run(['dkim', 'export', 'shop.example', '-o', link])).code).toBe(1)
  expect(await run(['dkim', 'export', 'shop.example', '-o', join(folder, 'no', 'such')])).toMatchObject({ code: 74, stdout: '' })
  expect(await run(['dkim', 'export', 'shop.example', '--selector', 'gone', '-o', '-'])).toMatchObject({ code: 1, stdout: '' })
  for (const argv of [
    ['dkim', 'show'],
    ['dkim', 'rotate'],
    ['identity', 'show'],
  ])
    for (const form of [[], ['--json']]) expect((await run([...argv, 'shop.example', ...form])).stdout).not.toContain('PRIVATE')
})

test.each([
  [['show', 'gone.example'], 1, 'NotFoundException', /^Email identity gone\.example does not exist\.$/],
  [['show', 'ann@shop.example'], 1, 'NotFoundException', /^Email identity ann@shop\.example does not exist\.$/],
  [['rotate', 'gone.example'], 1, 'NotFoundException', /gone\.example/],
  [['rotate', 'shop.example', '--publish', 'nowhere'], 64, 'UsageError', /no place to publish/],
  [['import', 'gone.example', '--selector', 's', '--key-file', '-'], 1, 'NotFoundException', /gone\.example/],
  [['import', 'shop.example', '--key-file', '-'], 64, 'UsageError', /^--selector is missing$/],
  [['import', 'shop.example', '--selector', 's'], 64, 'UsageError', /^--key-file is missing$/],
  [['import', 'shop.example', '--selector', 'a.b', '--key-file', '-'], 65, 'BadRequestException', /'a\.b' is not a DKIM selector/],
  [['import', 'shop.example', '--selector', 's', '--key-file', '/no/such/file'], 66, 'InputUnreadable', /no\/such/],
  [['import', 'shop.example', '--selector', 's', '--key-file', '-'], 65, 'BadRequestException', /no RSA private key of 1024 to 2048 bits/],
])('dkim %j ends with %i', async (argv, code, name, says) => {
  const { run, json } = await wholeDoor()
  await json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  const ran = await run(['dkim', ...argv, '--json'], { stdin: 'no key' })
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(JSON.parse(ran.stderr).Error).toMatchObject({ Code: name, Message: expect.stringMatching(says), Hint: expect.stringMatching(/./) })
})
