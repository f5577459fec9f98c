import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openCredentials } from '../../../src/adapters/sqlite/credential-rows.ts'
import { openVault } from '../../../src/adapters/sqlite/vault.ts'
import type { Database } from '../../../src/base/database.ts'
import type { Credentials } from '../../../src/ports/credentials.ts'
import { T0, tempFolder } from '../../support/account.ts'

interface Opened {
  readonly credentials: Credentials
  readonly database: Database
}

function open(home: string, keyFile = join(home, 'keys', 'master.key')): Opened {
  const { database, store } = openAccount(home, 'lab')
  onTestFinished(() => store.close())
  return { database, credentials: openCredentials(database, openVault(database, keyFile)) }
}

function newHome(): string {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'system' })
  return home
}

it('keeps a key for other processes, and its secret out of the database', async () => {
  const home = newHome()
  const { credentials, database } = open(home)
  const { id, secret } = await credentials.create('smtp', T0)
  expect(await open(home).credentials.secretOf(id)).toEqual({ secret, kind: 'smtp' })
  expect(await credentials.list('smtp')).toEqual([{ id, kind: 'smtp', createdAt: T0, revokedAt: null }])
  expect(await credentials.list('api')).toEqual([])
  const row = database.prepare('SELECT * FROM credential').get()
  const stored = Object.values(row ?? {}).map(value => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
  expect(stored).toContain(id)
  expect(stored.join(' ')).not.toContain(secret)
  expect(statSync(join(home, 'keys', 'master.key')).mode & 0o777).toBe(0o600)
  expect(statSync(join(home, 'keys')).mode & 0o777).toBe(0o700)
})

it('revokes once, and then has no secret any more', async () => {
  const { credentials, database } = open(newHome())
  const { id } = await credentials.create('api', T0)
  expect([await credentials.isInUse(id), await credentials.revoke('smtp', id, T0 + 1)]).toEqual([true, false])
  expect([await credentials.revoke('api', id, T0 + 2), await credentials.revoke('api', id, T0 + 3)]).toEqual([true, false])
  expect([await credentials.isInUse(id), await credentials.secretOf(id)]).toEqual([false, undefined])
  expect(await credentials.list('api')).toEqual([{ id, kind: 'api', createdAt: T0, revokedAt: T0 + 2 }])
  expect(database.prepare('SELECT sealed FROM credential').get()).toEqual({ sealed: null })
})

it('knows nobody by a name that is not there, whatever it is', async () => {
  const { credentials } = open(newHome())
  for (const id of ['', 'AKIA', "' OR 1=1 --", '\0', 'x'.repeat(10_000)]) expect(await credentials.secretOf(id)).toBeUndefined()
})

it('opens a sealed secret in its own row only, and not after a change', async () => {
  const home = newHome()
  const { credentials, database } = open(home)
  const [a, b] = [await credentials.create('api', T0), await credentials.create('api', T0)]
  const { sealed } = database.prepare('SELECT sealed FROM credential WHERE id = ?').get(a.id) ?? {}
  database.prepare('UPDATE credential SET sealed = ? WHERE id = ?').run(sealed as Buffer, b.id)
  await expect(credentials.secretOf(b.id)).rejects.toMatchObject({ code: 'config', message: `the stored secret ${b.id} is damaged` })
  for (let at = 0; at < (sealed as Buffer).length; at += 1) {
    const changed = Buffer.from(sealed as Buffer)
    changed[at] = (changed[at] ?? 0) ^ 0x80
    database.prepare('UPDATE credential SET sealed = ? WHERE id = ?').run(changed, a.id)
    await expect(credentials.secretOf(a.id)).rejects.toMatchObject({ code: 'config' })
  }
})

it('tells a master key that is gone, another, or none at all, and never makes a new one over stored secrets', async () => {
  const home = newHome()
  const file = join(home, 'keys', 'master.key')
  const { id, secret } = await open(home).credentials.create('api', T0)
  const right = readFileSync(file)
  const refused = async (text: RegExp): Promise<void> => {
    for (const work of [(c: Credentials) => c.secretOf(id), (c: Credentials) => c.create('api', T0)])
      await expect(work(open(home).credentials)).rejects.toMatchObject({ code: 'config', message: expect.stringMatching(text) })
  }
  rmSync(file)
  await refused(/is gone/)
  writeFileSync(file, Buffer.alloc(32).toString('base64'))
  await refused(/is not the one/)
  writeFileSync(file, 'short')
  await refused(/holds no key/)
  writeFileSync(file, right)
  expect(await open(home).credentials.secretOf(id)).toEqual({ secret, kind: 'api' })
})

it('takes a key that lies elsewhere, in base64 or as it is, and makes it there when it is the first', async () => {
  const home = newHome()
  const elsewhere = join(tempFolder(), 'secrets', 'master.key')
  const { id, secret } = await open(home, elsewhere).credentials.create('api', T0)
  const raw = join(tempFolder(), 'raw.key')
  writeFileSync(raw, Buffer.from(readFileSync(elsewhere, 'latin1'), 'base64'))
  expect(await open(home, raw).credentials.secretOf(id)).toEqual({ secret, kind: 'api' })
})

it('makes one master key, however many make the first secret', async () => {
  const home = newHome()
  const processes = Array.from({ length: 4 }, () => open(home).credentials)
  const made = await Promise.all(processes.map(credentials => credentials.create('api', T0)))
  const { credentials } = open(home)
  for (const { id, secret } of made) expect(await credentials.secretOf(id)).toEqual({ secret, kind: 'api' })
})
