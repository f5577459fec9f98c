/** Files and commands as places that events are told to. */
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runForEvent } from '../../../src/adapters/destinations/event-command.ts'
import { appendEvents } from '../../../src/adapters/destinations/event-file.ts'
import { tempFolder } from '../../support/account.ts'

const signal = new AbortController().signal

test('events are added to a file of their owner, and half a line of a crash is ended first', async () => {
  const file = join(tempFolder(), 'events.jsonl')
  expect(await appendEvents(file, ['{"a":1}', '{"a":2}'])).toMatchObject({ taken: true })
  appendFileSync(file, '{"half')
  await appendEvents(file, ['{"a":3}'])
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"a":2}\n{"half\n{"a":3}\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('what is no file is not written to', async () => {
  const folder = tempFolder()
  expect(await appendEvents(folder, ['{}'])).toMatchObject({ taken: false })
  expect(await appendEvents(join(folder, 'none', 'events'), ['{}'])).toMatchObject({
    taken: false,
    summary: expect.stringContaining('ENOENT'),
  })
})

test('a command reads the event, without the secrets of our environment', async () => {
  const file = join(tempFolder(), 'out')
  process.env['MAILCTL_SECRET_OF_TEST'] = 'secret'
  try {
    expect(await runForEvent(`cat > '${file}'; env | grep MAILCTL >> '${file}'; true`, '{"a":1}', signal)).toMatchObject({ taken: true })
  } finally {
    delete process.env['MAILCTL_SECRET_OF_TEST']
  }
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n')
})

test('a command that fails says why; one that is interrupted is killed with what it started', async () => {
  expect(await runForEvent('echo one >&2; echo no such queue >&2; exit 3', '{}', signal)).toMatchObject({
    taken: false,
    summary: 'the command ended with 3: no such queue',
  })
  expect(await runForEvent('exit 0', 'x'.repeat(1_000_000), signal)).toMatchObject({ taken: true })
  const cut = new AbortController()
  const run = runForEvent('sleep 1000 & wait', '{}', cut.signal)
  cut.abort()
  expect(await run).toMatchObject({ taken: false, summary: 'the command interrupted' })
})
