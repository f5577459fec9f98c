import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { smtpPassword } from '../../src/account/credential.ts'
import { silent } from '../../src/base/log.ts'
import { loadConfig } from '../../src/config.ts'
import { openApp } from '../../src/open-app.ts'
import { checkSmtpLogin } from '../../src/operations/credentials.ts'
import { tempFolder } from '../support/account.ts'
import { wholeDoor } from '../support/whole-door.ts'

const AT = '2026-01-01T00:00:00.000Z'

describe.each([
  { words: ['keys'], id: 'AccessKeyId', secret: 'SecretAccessKey', list: 'AccessKeys' },
  { words: ['smtp', 'credentials'], id: 'UserName', secret: 'Password', list: 'SmtpCredentials' },
])('$words', ({ words, id, secret, list }) => {
  test('makes, lists and revokes; the secret is shown once', async () => {
    const { json, run } = await wholeDoor()
    expect(await json([...words, 'list'])).toEqual({ [list]: [] })
    const made = await json([...words, 'create'])
    expect(Object.keys(made)).toEqual([id, secret])
    expect(made[id]).toMatch(/^AKIA[A-Z2-7]{16}$/)
    expect(made[secret]).toMatch(secret === 'Password' ? /^B[A-Za-z0-9+/]{43}$/ : /^[A-Za-z0-9+/]{40}$/)
    expect(await json([...words, 'list'])).toEqual({ [list]: [{ [id]: made[id], Status: 'ACTIVE', CreatedTimestamp: AT }] })

    const other = words.length === 1 ? ['smtp', 'credentials'] : ['keys']
    expect(await run([...other, 'revoke', made[id]])).toMatchObject({ code: 1, stdout: '' })
    expect(await json([...words, 'revoke', made[id]])).toEqual({ [id]: made[id], Status: 'REVOKED' })
    const again = await run([...words, 'revoke', made[id], '--json'])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(JSON.parse(again.stderr).Error).toMatchObject({
      Code: 'NotFoundException',
      Message: `The Access Key with id ${made[id]} cannot be found.`,
    })
    const shown = await run([...words, 'list'])
    expect(shown.stdout).toContain(made[id])
    expect(shown.stdout).not.toContain(made[secret])
    expect(await json([...words, 'list'])).toEqual({
      [list]: [{ [id]: made[id], Status: 'REVOKED', CreatedTimestamp: AT, RevokedTimestamp: AT }],
    })
  })

  test('differ from home to home although the seed is the same', async () => {
    const [one, two] = [await wholeDoor(), await wholeDoor()]
    expect((await one.json([...words, 'create']))[id]).not.toBe((await two.json([...words, 'create']))[id])
  })
})

test('the master key lies where MAILCTL_MASTER_KEY_FILE says, and is missed by name without it', async () => {
  const { home, run } = await wholeDoor()
  const file = join(tempFolder(), 'master.key')
  const env = { MAILCTL_MASTER_KEY_FILE: file }
  expect(await run(['keys', 'create'], { env })).toMatchObject({ code: 0 })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(home, 'keys'))).not.toContain('master.key')
  const missed = await run(['keys', 'create', '--json'])
  expect(missed).toMatchObject({ code: 78, stdout: '' })
  expect(JSON.parse(missed.stderr).Error.Message).toContain(`${join('keys', 'master.key')} is gone`)
})

test('who logs in by SMTP', async () => {
  const { home, json } = await wholeDoor()
  const smtp = await json(['smtp', 'credentials', 'create'])
  const api = await json(['keys', 'create'])
  const app = await openApp(loadConfig({ home }, {}), { log: silent })
  try {
    const login = (user: string, password: string): Promise<boolean> => checkSmtpLogin(app, user, password)
    expect(await login(smtp.UserName, smtp.Password)).toBe(true)
    expect(await login(api.AccessKeyId, smtpPassword(api.SecretAccessKey, 'us-east-1'))).toBe(true)
    expect(await login(api.AccessKeyId, api.SecretAccessKey)).toBe(false)
    expect(await login(smtp.UserName, smtpPassword(api.SecretAccessKey, 'us-east-1'))).toBe(false)
    expect(await login(api.AccessKeyId, smtpPassword(api.SecretAccessKey, 'eu-west-1'))).toBe(false)
    for (const password of ['', `${smtp.Password} `, smtp.Password.toLowerCase()]) expect(await login(smtp.UserName, password)).toBe(false)
    expect(await login('', smtpPassword('', 'us-east-1'))).toBe(false)
    expect(await login('AKIANOBODYNOBODYNOBO', smtpPassword('', 'us-east-1'))).toBe(false)
    await app.credentials.revoke('smtp', smtp.UserName, 0)
    expect(await login(smtp.UserName, smtp.Password)).toBe(false)
  } finally {
    await app.close()
  }
})
