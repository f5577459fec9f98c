/** `--dry-run` says what would happen, refuses what would be refused, and changes nothing. */
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/account.ts'
import { wholeDoor } from '../support/whole-door.ts'

test('simulate and queue flush', async () => {
  const { run, json } = await wholeDoor()
  expect(await run(['simulate', 'bounce', '-n'])).toMatchObject({ code: 77, stdout: '' })
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  expect(await json(['simulate', 'bounce', '--label', 'x', '-n'])).toEqual({
    DryRun: true,
    Recipients: [{ EmailAddress: 'bounce+x@simulator.amazonses.com' }],
  })
  expect(await json(['events', 'list'])).toEqual({ Events: [] })

  const { MessageId } = await json(['simulate', 'delay'])
  expect(await json(['queue', 'flush', '--dry-run'])).toEqual({ DryRun: true, WouldAttempt: 1 })
  expect(await json(['queue', 'flush', MessageId, '-n'])).toEqual({ DryRun: true, WouldAttempt: 1 })
  expect((await json(['queue', 'list'])).Recipients).toMatchObject([{ MessageId, Attempts: 1 }])
  expect(await run(['queue', 'flush', 'none', '-n'])).toMatchObject({ code: 1, stdout: '' })
})

test('dkim import: the record that it would need, and no key in the home', async () => {
  const { run, json, home } = await wholeDoor()
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  const file = join(tempFolder(), 'mine.pem')
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const ask = ['dkim', 'import', 'shop.example', '--selector', 'Mine', '--key-file', file, '--dry-run']
  const before = [await json(['identity', 'show', 'shop.example']), readdirSync(join(home, 'keys'), { recursive: true })]
  const value = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
  expect(await json(ask)).toEqual({
    DryRun: true,
    EmailIdentity: 'shop.example',
    Selector: 'mine',
    KeyLength: 'RSA_2048_BIT',
    DnsRecords: [{ Type: 'TXT', Name: 'mine._domainkey.shop.example', Value: value }],
  })
  expect((await run(ask)).stdout).toContain('nothing was stored')
  expect([await json(['identity', 'show', 'shop.example']), readdirSync(join(home, 'keys'), { recursive: true })]).toEqual(before)
  writeFileSync(file, 'no key')
  expect(await run(ask)).toMatchObject({ code: 65, stdout: '' })
  expect(await run(ask.with(2, 'gone.example'))).toMatchObject({ code: 1, stdout: '' })
})
