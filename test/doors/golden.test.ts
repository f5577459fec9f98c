/**
 * Help texts and the command tree as files, so that a change of what users see is seen. Written anew, on purpose, by
 * `UPDATE_GOLDEN=1 npx vitest run test/doors/golden.test.ts`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REGISTRY } from '../../src/cli/registry.ts'
import { TOPICS } from '../../src/cli/topics.ts'
import { mailctl } from '../support/terminal.ts'

const FOLDER = 'test/doors/golden'
const HINT = 'UPDATE_GOLDEN=1 npx vitest run test/doors/golden.test.ts writes it; read the difference'
const update = process.env['UPDATE_GOLDEN'] === '1'

const groups = [
  ...new Set(
    REGISTRY.map(({ path }) => path)
      .filter(path => path.includes(' '))
      .map(path => path.split(' ')[0] ?? ''),
  ),
]
const lines: readonly (readonly [file: string, argv: readonly string[]])[] = [
  ['mailctl.txt', ['--help']],
  ['commands.json', ['commands', '--json']],
  ...groups.map(name => [`group-${name}.txt`, [name, '--help']] as const),
  ...REGISTRY.map(({ path }) => [`${path.replaceAll(' ', '-')}.txt`, [...path.split(' '), '--help']] as const),
  ...Object.keys(TOPICS).map(topic => [`topic-${topic}.txt`, ['help', topic]] as const),
]

if (update) {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
}

test.each(lines)('%s', async (file, argv) => {
  const ran = await mailctl(argv)
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  if (update) writeFileSync(join(FOLDER, file), ran.stdout)
  expect(existsSync(join(FOLDER, file)), HINT).toBe(true)
  expect(ran.stdout, HINT).toBe(readFileSync(join(FOLDER, file), 'utf8'))
})

test('no golden file is left over', () => {
  expect(readdirSync(FOLDER).sort(), HINT).toEqual(lines.map(([file]) => file).sort())
})

test('every help opens with examples and ends with exit codes', async () => {
  for (const { path } of REGISTRY) {
    const { stdout } = await mailctl([...path.split(' '), '--help'])
    expect(stdout.startsWith(`Examples:\n  mailctl ${path}`), path).toBe(true)
    expect(stdout.trimEnd().split('\n\n').at(-1)?.startsWith('Exit codes:\n  0 '), path).toBe(true)
  }
})
