/** A disk that does not sync: what is in the database already is not refused, and not answered for before it is on the disk. */
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ACCOUNT_MIGRATIONS, accountFile, createAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { groupCommit } from '../../../src/adapters/sqlite/group-commit.ts'
import { openStore } from '../../../src/adapters/sqlite/store.ts'
import { bytesOf, messageOf, openTheGates, T0, tempFolder } from '../../support/account.ts'

const HOOKS = { begun() {}, ending() {}, undone() {} }

function failingFor(times: number) {
  const database = openDatabase(join(tempFolder(), 'x.db'), [{ name: '001', sql: 'CREATE TABLE t (n INTEGER) STRICT' }])
  onTestFinished(() => database.close())
  const sync = vi.fn(database.sync)
  for (let i = 0; i < times; i += 1) sync.mockRejectedValueOnce(new Error('EIO'))
  const commit = groupCommit({ ...database, sync }, HOOKS)
  return { sync, database, insert: (n: number) => commit(() => database.prepare('INSERT INTO t (n) VALUES (?)').run(n).changes) }
}

test('is asked again, and the writer waits', async () => {
  const { sync, database, insert } = failingFor(2)
  let answered = false
  const first = insert(1).then(() => {
    answered = true
  })
  await vi.waitFor(() => expect(sync).toHaveBeenCalledTimes(1))
  expect([answered, database.prepare('SELECT n FROM t').all()]).toEqual([false, [{ n: 1 }]])
  const second = insert(2)
  await Promise.all([first, second])
  // Twice in vain and once for the first; the second came while they went on, and has one of its own.
  expect(sync).toHaveBeenCalledTimes(4)
})

test('what is refused in the end, and is in the database, keeps its body there', { timeout: 20_000 }, async () => {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 })
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  const sync = vi.fn(database.sync)
  const store = openStore({ ...database, sync }, { home, network: 'live' })
  onTestFinished(() => store.close())
  await openTheGates(store)
  const whole = messageOf({ body: { kind: 'inline', bytes: Buffer.alloc(50_000, 'whole') } })
  const sink = store.newBody()
  await sink.write(Buffer.alloc(300_000, 'streamed'))
  const streamed = messageOf({ body: await sink.finish() })
  sync.mockRejectedValue(new Error('EIO'))
  const refused = await Promise.allSettled([store.accept(whole, []), store.accept(streamed, []).finally(() => sink.abort())])
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  sync.mockImplementation(database.sync)
  await store.accept(messageOf({ body: { kind: 'inline', bytes: Buffer.alloc(400_000, 'next') } }), [])
  for (const [{ id }, octets] of [
    [whole, Buffer.alloc(50_000, 'whole')],
    [streamed, Buffer.alloc(300_000, 'streamed')],
  ] as const) {
    const content = await store.content(id)
    expect(content && (await bytesOf(content.body)).equals(octets)).toBe(true)
  }
})

test('is given up after some seconds, and then the store works again', { timeout: 20_000 }, async () => {
  const { sync, insert } = failingFor(51)
  await expect(insert(1)).rejects.toThrow('EIO')
  expect(sync).toHaveBeenCalledTimes(51)
  expect(await insert(2)).toBe(1)
})
