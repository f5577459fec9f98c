/** Golden mail through the terminal door. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/account.ts'
import { wholeDoor } from '../support/whole-door.ts'

const compose = (...more: string[]) => [
  'compose',
  '--from',
  'a@shop.example',
  '--to',
  'ann@gmail.com',
  '--subject',
  'Hello',
  '--deterministic',
  ...more,
]

test('written once, the same message differs in nothing, and another one shows where', async () => {
  const { run, json } = await wholeDoor()
  const folder = tempFolder()
  const [message, other, golden] = ['a.eml', 'b.eml', 'a.snap'].map(name => join(folder, name)) as [string, string, string]
  await json([...compose('--text', 'Dear Ann\nthank you\n'), '-o', message])
  await json([...compose('--text', 'Dear Ann\nthanks\n', '--header', 'X-New: 1'), '-o', other])
  expect(await run(['snapshot', 'write', message, '-o', golden])).toMatchObject({ code: 0, stdout: `Wrote ${golden}\n` })
  expect((await run(['snapshot', 'write', '-'], { stdin: readFileSync(message) })).stdout).toBe(readFileSync(golden, 'utf8'))
  expect(await run(['snapshot', 'diff', golden, message])).toMatchObject({ code: 0, stdout: 'No difference.\n' })
  expect(await run(['snapshot', 'diff', golden, other])).toMatchObject({
    code: 1,
    stderr: '',
    stdout: 'text/plain\n    Dear Ann\n  - thank you\n  + thanks\n\nX-New\n  + 1\n',
  })
  expect(await json(['snapshot', 'diff', message, other], 1)).toEqual({
    Same: false,
    Differences: [
      { Title: '== text/plain', Removed: ['thank you'], Added: ['thanks'] },
      { Title: 'X-New', Removed: [], Added: ['1'] },
    ],
  })
})

test('only what is near a change is shown, and nothing that a terminal would obey', async () => {
  const { run } = await wholeDoor('none')
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  const mail = (text: readonly string[]) => `From: a@shop.example\r\n\r\n${text.join('\r\n')}\r\n`
  const file = join(tempFolder(), 'a.eml')
  writeFileSync(file, mail(lines))
  const { stdout } = await run(['snapshot', 'diff', file, '-'], { stdin: mail(lines.with(10, 'line \u001b[31mten')) })
  expect(stdout).not.toContain('\u001b')
  expect(stdout.split('\n').slice(0, 6)).toEqual(['text/plain', '  …', '    line 7', '    line 8', '    line 9', '  - line 10'])
  expect(stdout).toMatch(/ {4}line 13\n {2}…\n$/)
})

test.each([
  ['a file that is not there', ['snapshot', 'write', 'none.eml'], 66],
  ['nothing at all', ['snapshot', 'write', '-'], 65],
  ['no snapshot to compare with', ['snapshot', 'diff'], 64],
])('%s is refused', async (_, argv, code) => {
  const { run } = await wholeDoor('none')
  expect(await run(argv, { stdin: '' })).toMatchObject({ code, stdout: '' })
})
