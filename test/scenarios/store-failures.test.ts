/** The disk says no, with the built program: exit 74, one line and what to do, nothing stored, and the next command works. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chooseEngine } from '../../src/adapters/sqlite/engines.ts'
import type { Run } from '../support/built.ts'
import { openShop, type Shop } from '../support/shop.ts'

function expectHelpfulRefusal({ code, stdout, stderr }: Run, message: RegExp): void {
  expect(stderr.split('\n')).toEqual([expect.stringMatching(message), expect.stringMatching(/^ {2}[A-Z].*\.$/), ''])
  expect([code, stdout]).toEqual([74, ''])
}

async function expectSendWorks(shop: Shop, args: readonly string[]): Promise<void> {
  const { Recipients } = await shop.json(args)
  expect(Recipients).toEqual([expect.objectContaining({ Status: 'DELIVERED' })])
  expect(await shop.spooled()).toEqual([])
}

async function withAttachment(shop: Shop, octets: number): Promise<string[]> {
  const file = join(shop.folder, 'data.bin')
  await writeFile(file, randomBytes(octets))
  return shop.message('a file', '--text', 'x', '--attach', file)
}

// Windows has no limit on the size of a process's files.
describe.skipIf(process.platform === 'win32')('a full disk', () => {
  test('while the body is spooled', async () => {
    const shop = await openShop()
    const send = await withAttachment(shop, 3_000_000)
    expectHelpfulRefusal(await shop.run(send, { limits: 'ulimit -f 2000' }), /^mailctl: cannot spool the message: disk full/)
    await shop.nothingStored()
    await expectSendWorks(shop, send)
  })

  test('while the account is written', async () => {
    const shop = await openShop()
    const send = shop.message('small', '--text', 'x')
    expectHelpfulRefusal(await shop.run(send, { limits: 'ulimit -f 4' }), /^mailctl: cannot .*(full|disk|failed)/)
    await shop.nothingStored()
    await expectSendWorks(shop, send)
  })
})

test('a store that another process keeps locked is waited for, then refused', { timeout: 90_000 }, async () => {
  const shop = await openShop()
  const send = await withAttachment(shop, 100_000)
  const other = chooseEngine().open(join(shop.home, 'account.db'))
  other.exec('BEGIN IMMEDIATE')
  expectHelpfulRefusal(await shop.run(send), /^mailctl: cannot use .*account\.db: another process keeps it locked/)
  // Reading needs no lock.
  expect(await shop.json(['queue', 'stats'])).toMatchObject({ Queued: 0 })
  other.exec('ROLLBACK')
  other.close()
  await shop.nothingStored()
  await expectSendWorks(shop, send)
})

test('a receiver that cannot write puts the message off, and it waits', { timeout: 90_000 }, async () => {
  const shop = await openShop()
  const send = await withAttachment(shop, 100_000)
  const other = chooseEngine().open(join(shop.home, 'lab.db'))
  other.exec('BEGIN IMMEDIATE')
  const { Recipients } = await shop.json(send, 75)
  expect(Recipients).toEqual([expect.objectContaining({ Status: 'DEFERRED', SmtpResponse: expect.stringMatching(/^451 4\.3\.0 /) })])
  other.exec('ROLLBACK')
  other.close()
  expect(await shop.json(['queue', 'flush'])).toMatchObject({ Attempted: 1, Deferred: 0 })
  expect((await shop.json(['inbox', 'list'])).Messages).toHaveLength(1)
})

test('a failure after acceptance says that the message was accepted', async () => {
  const shop = await openShop()
  const lab = join(shop.home, 'lab.db')
  await writeFile(lab, randomBytes(20_000))
  const { code, stdout, stderr } = await shop.run(shop.message('x', '--text', 'x'))
  expect([code, stdout]).toEqual([74, ''])
  expect(stderr).toMatch(/^mailctl: cannot use .*lab\.db: .*\n {2}Message \S+ was accepted and waits in the queue\. .*\n$/)
  await rm(lab)
  expect(await shop.json(['queue', 'flush'])).toMatchObject({ Attempted: 1, Queued: 0 })
})

describe('a read-only home', () => {
  const isRoot = process.getuid?.() === 0
  // Modes do not bind root, so it gets a read-only mount, in a name space of its own; some containers do not allow that.
  const canMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0

  test.skipIf(isRoot ? !canMount : process.platform === 'win32')('is refused by every command that needs it', async () => {
    const shop = await openShop()
    const { home } = shop
    const mount = `mount --bind '${home}' '${home}' && mount -o remount,bind,ro '${home}'`
    const limits = isRoot ? `exec unshare -m /bin/bash --norc -c "${mount} && exec \\"\\$@\\"" bash "$@"` : 'true'
    const setModes = (folder: number, file: number): void => {
      for (const name of readdirSync(home)) if (statSync(join(home, name)).isFile()) chmodSync(join(home, name), file)
      chmodSync(home, folder)
    }
    if (!isRoot) setModes(0o500, 0o400)
    const send = shop.message('x', '--text', 'x')
    for (const args of [
      send,
      ['queue', 'flush'],
      ['init'],
      ['serve', '--smtp', '127.0.0.1:0', '--smtps', 'off', '--mx', 'off', '--http', 'off', '--https', 'off'],
      ['config', 'set', 'hostname', 'x.example'],
    ])
      expectHelpfulRefusal(await shop.run(args, { limits }), /^mailctl: cannot (open|use|write) .*(E(ROFS|ACCES|PERM)|read-only)/)
    if (!isRoot) setModes(0o700, 0o600)
    await shop.nothingStored()
    await expectSendWorks(shop, send)
  })
})
