/** `serve` when the ground moves: a full disk, a log with a torn tail, a second engine, a spool file gone. docs/queue.md names each outcome. */
import { spawnSync } from 'node:child_process'
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { randomOf } from '../../scripts/reliability/random.mjs'
import { TAILS, tearTail } from '../../scripts/reliability/wal.mjs'
import { chooseEngine } from '../../src/adapters/sqlite/engines.ts'
import { openServedShop, type RunningServe, type ServedShop } from '../support/served.ts'

/** What was in flight is attempted again so soon after its engine died. */
const AGAIN = { timeout: 5_000, interval: 20 }
const SOON = { timeout: 15_000, interval: 20 }

async function killed({ process, ended }: RunningServe): Promise<void> {
  process.kill('SIGKILL')
  await ended
}

async function expectCleanStop({ process, ended }: RunningServe): Promise<void> {
  process.kill('SIGTERM')
  expect((await ended).code).toBe(0)
}

function expectWholeAccount({ home }: ServedShop): void {
  const database = chooseEngine().open(join(home, 'account.db'))
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
}

/** Changes the largest size of a file that a running process may write; it hears EFBIG beyond it, and goes on. */
const limitFiles = (pid: number | undefined, octets: string): number | null =>
  spawnSync('prlimit', ['--pid', String(pid), `--fsize=${octets}:unlimited`]).status
const canLimit = spawnSync('prlimit', ['--version']).status === 0

test.skipIf(!canLimit)('a full disk refuses for the moment, and the engine goes on when there is room', { timeout: 60_000 }, async () => {
  const shop = await openServedShop()
  const engine = await shop.start()
  await engine.submit('before')
  await vi.waitFor(() => expect(shop.taken()).toEqual(['before']), SOON)
  expect(limitFiles(engine.process.pid, '1')).toBe(0)
  await expect(engine.submit('small, in the full disk')).rejects.toMatchObject({ responseCode: 451 })
  await expect(engine.submit('large, in the full disk', { size: 100_000 })).rejects.toMatchObject({ responseCode: 451 })
  expect(limitFiles(engine.process.pid, 'unlimited')).toBe(0)
  expect(await engine.submit('after', { size: 100_000 })).toMatch(/^250 /)
  await vi.waitFor(() => expect(shop.taken()).toEqual(['before', 'after']), SOON)
  await expectCleanStop(engine)
  // One line for what was refused, one at most for the queue, and none for each message.
  const said = (await engine.ended).stderr.trimEnd().split('\n')
  expect(said.filter(line => /^messages are answered 451: .*(disk|full|write|I\/O)/.test(line))).toHaveLength(1)
  expect(said.length).toBeLessThanOrEqual(2)
  expectWholeAccount(shop)
  expect(await shop.spooled()).toEqual([])
})

test('a torn tail of the log is not read: nothing that was answered for is lost', { timeout: 60_000 }, async () => {
  const shop = await openServedShop({ DOT: TAILS.map(() => 'SILENCE' as const) })
  const accepted: string[] = []
  for (const [i, tail] of TAILS.entries()) {
    const engine = await shop.start()
    // In flight at the kill: its receiver never answers. What the round before left comes first.
    expect(await engine.submit(tail)).toMatch(/^250 /)
    accepted.push(tail)
    await vi.waitFor(() => expect(shop.sink.ended()).toBeGreaterThan(2 * i), SOON)
    await killed(engine)
    expect(tearTail(join(shop.home, 'account.db'), tail, randomOf(i + 1))).toBe(true)
  }
  const engine = await shop.start()
  await vi.waitFor(() => expect(new Set(shop.taken())).toEqual(new Set(accepted)), SOON)
  await expectCleanStop(engine)
  expectWholeAccount(shop)
})

test('two engines share a home: what one holds the other leaves alone, until it dies', { timeout: 60_000 }, async () => {
  const shop = await openServedShop({ DOT: ['SILENCE'] })
  const [first, second] = [await shop.start(), await shop.start()]
  await first.submit('held by the first')
  await vi.waitFor(() => expect(shop.sink.ended()).toBe(1), SOON)
  await second.submit('through the second')
  // The second has looked for what it could take over by then: it does so before it delivers what it finds in the queue.
  await shop.json(['send', '--from', 'orders@shop.example', '--to', 'ann@example.com', '--subject', 'left', '--text', 'x', '--no-wait'])
  await vi.waitFor(() => expect(new Set(shop.taken())).toEqual(new Set(['through the second', 'left'])), SOON)
  // What was taken is settled, whichever of them delivered it: else it would rightly come again.
  await vi.waitFor(async () => expect(await shop.json(['queue', 'stats'])).toMatchObject({ Queued: 0, Active: 1 }), SOON)
  await killed(first)
  await vi.waitFor(() => expect(shop.taken()).toContain('held by the first'), AGAIN)
  await expectCleanStop(second)
  expect(shop.taken()).toHaveLength(3)
  expect(await shop.json(['queue', 'stats'])).toMatchObject({ Queued: 0, Active: 0, Deferred: 0, Held: 0 })
})

test('a message whose spool file is gone waits, and is delivered when the file is back', { timeout: 60_000 }, async () => {
  const shop = await openServedShop({ DOT: ['SILENCE'] })
  const engine = await shop.start()
  const id = (await engine.submit('with a body in the spool', { size: 100_000 })).slice('250 Ok '.length)
  await vi.waitFor(() => expect(shop.sink.ended()).toBe(1), SOON)
  await killed(engine)
  const [name = ''] = readdirSync(join(shop.home, 'spool'))
  renameSync(join(shop.home, 'spool', name), join(shop.folder, name))

  const next = await shop.start()
  const shown = async (): Promise<unknown> => (await shop.json(['queue', 'show', id])).Recipients
  await vi.waitFor(
    async () =>
      expect(await shown()).toEqual([
        expect.objectContaining({
          Status: 'DEFERRED',
          SmtpResponse: expect.stringMatching(/^451 4\.3\.0 The message cannot be read at the moment: .*spool/),
        }),
      ]),
    AGAIN,
  )
  expect(await next.submit('another')).toMatch(/^250 /)
  renameSync(join(shop.folder, name), join(shop.home, 'spool', name))
  // Makes it due; which of the two processes then takes it is open.
  await shop.run(['queue', 'flush'])
  await vi.waitFor(() => expect(new Set(shop.taken())).toEqual(new Set(['another', 'with a body in the spool'])), SOON)
  await expectCleanStop(next)
  expect(await shop.spooled()).toEqual([])
})
