/** A queue filled for the bench is what mailctl itself would have made: with today's schema, every tool reads it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { deferOne, fillQueue, LATER, openDatabase } from '../../bench/load/fill-queue.mjs'
import { mailctl, prepareHome } from '../../bench/peers/mailctl.mjs'
import { makeKey } from '../../bench/throughput.mjs'

const folder = mkdtempSync(join(tmpdir(), 'mailctl-fill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Ten processes one after the other. */
test('copies of a deferred message are queued, due later, and each has a history of its own', { timeout: 120_000 }, () => {
  const home = join(folder, 'home')
  prepareHome(home, { key: makeKey(folder), sinkPort: 1 })
  deferOne(home, 'user@dead.test')
  fillQueue(home, 20, LATER)
  fillQueue(home, 50, LATER)
  expect(JSON.parse(mailctl(home, ['queue', 'stats', '--json']))).toMatchObject({ Queued: 0, Active: 0, Deferred: 50, Held: 0 })

  const database = openDatabase(join(home, 'account.db'))
  const ids: string[] = database
    .prepare('SELECT id FROM message ORDER BY seq')
    .all()
    .map(({ id }: { id: string }) => id)
  const early = database.prepare('SELECT count(*) AS n FROM recipient WHERE next_attempt_at < ?').get(Date.now() + 3_500_000)
  const lost = database.prepare('PRAGMA foreign_key_check').all()
  const uncounted = database.prepare('SELECT count(*) AS n FROM event WHERE id > (SELECT event FROM reputation_cursor)').get()
  database.close()
  expect(new Set(ids).size).toBe(50)
  expect({ early: early.n, lost, uncounted: uncounted.n }).toEqual({ early: 0, lost: [], uncounted: 0 })

  const history = (id = ''): unknown => {
    const { MessageId, Timeline } = JSON.parse(mailctl(home, ['why', id, '--json']))
    expect(MessageId).toBe(id)
    return Timeline.map(({ Kind, Text }: { Kind: string; Text: string }) => [Kind, Text])
  }
  expect(history(ids[42])).toEqual(history(ids[0]))
  expect(history(ids[42])).toContainEqual([
    'NEXT',
    expect.stringMatching(/^next attempt for user@dead\.test: after attempt 1 the setting retry waits /),
  ])
})
