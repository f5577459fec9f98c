/** A bulk run is killed in the middle with SIGKILL, twice, and then finished. Needs `npm run build`. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuiltProgram, builtProgram } from '../support/built.ts'

let program: BuiltProgram
beforeAll(async () => {
  program = await builtProgram()
})
afterAll(() => program.remove())

const ROWS = 120

test('killed twice, no row is skipped, and only what was in doubt may have arrived twice', { timeout: 300_000 }, async () => {
  await program.run(['init'])
  await program.run(['verify', 'domain', 'shop.test'])
  await program.run(['account', 'request-production', '--approve', '--max-24h-send', '-1', '--max-send-rate', '1000'])
  await program.run(['template', 'create', 'note', '--subject', 'Row {{n}}', '--text', 'x'])
  const file = join(program.folder, 'rows.csv')
  const results = `${file}.results.jsonl`
  writeFileSync(file, `to,n\n${Array.from({ length: ROWS }, (_, i) => `p${i + 1}@gmx.de,${i + 1}\n`).join('')}`)
  const argv = ['bulk', file, '--template', 'note', '--from', 'a@shop.test', '--timeout', '2m']
  const lines = (): number => (existsSync(results) ? readFileSync(results, 'utf8').split('\n').length - 1 : 0)

  /** Waits for a state of the world, not for a time. */
  async function killAt(count: number, child: ChildProcess): Promise<void> {
    while (child.exitCode === null && lines() < count) await pause(2)
    child.kill('SIGKILL')
  }
  for (const count of [15, 60]) {
    let killed: Promise<void> | undefined
    const ran = await program.run(argv, {
      started: child => {
        killed = killAt(count, child)
      },
    })
    await killed
    expect(ran).toMatchObject({ code: null, stdout: '' })
    expect(lines()).toBeLessThan(ROWS)
  }

  const finished = await program.json(argv)
  expect(finished).toMatchObject({ Rows: ROWS, Delivered: ROWS, Queued: 0, Deferred: 0, Rejected: 0 })
  expect(finished.SentBefore).toBeGreaterThanOrEqual(60)

  const { Messages: arrived } = await program.json(['inbox', 'list', '--limit', '1000'])
  const times = new Map<string, number>()
  for (const { Subject } of arrived) times.set(Subject, (times.get(Subject) ?? 0) + 1)
  expect([...times.keys()].sort()).toEqual(Array.from({ length: ROWS }, (_, i) => `Row ${i + 1}`).sort())
  const told = readFileSync(results, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const doubtful = new Set(told.filter(({ InDoubt }) => InDoubt).map(({ Row }) => `Row ${Row}`))
  // Ten are under way at once: no more than those of two kills.
  expect(doubtful.size).toBeLessThanOrEqual(20)
  for (const [subject, count] of times) if (count > 1) expect(doubtful).toContain(subject)
  // One message a row was accepted, however often it was attempted.
  const events = (await program.json(['events', 'list', '--type', 'Send', '--limit', '1000'])) as { Events?: unknown[] } | unknown[]
  expect(Array.isArray(events) ? events : events.Events).toHaveLength(ROWS)
})
