/** A disk that does not sync: what is in the database already is not refused, and not answered for before it is on the disk. */
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { groupCommit } from '../../../src/adapters/sqlite/group-commit.ts'
import { tempFolder } from '../../support/account.ts'

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

test('is given up after some seconds, and then the store works again', { timeout: 20_000 }, async () => {
  const { sync, insert } = failingFor(51)
  await expect(insert(1)).rejects.toThrow('EIO')
  expect(sync).toHaveBeenCalledTimes(51)
  expect(await insert(2)).toBe(1)
})
