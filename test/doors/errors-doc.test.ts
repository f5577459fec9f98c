import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BUG, EXIT_CODES, EXIT_MEANINGS } from '../../src/cli/exit-codes.ts'
import { mailctl } from '../support/terminal.ts'

const rows = readFileSync('docs/errors.md', 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.includes('---'))
  .map(line =>
    line
      .slice(2, -2)
      .split(' | ')
      .map(cell => cell.replaceAll('`', '')),
  )

test('docs/errors.md lists every code with its exit status and name, and no other', () => {
  const documented = rows.filter(cells => cells.length === 3).slice(1)
  const real = Object.entries(EXIT_CODES).map(([code, { exit, name }]) => [code, String(exit), name])
  expect(documented).toEqual([...real, ['anything else, a bug', String(BUG.exit), BUG.name]])
})

test('docs/errors.md and help exit-codes say the same of every exit status', async () => {
  const documented = rows.filter(cells => cells.length === 2).slice(1)
  expect(documented).toEqual(Object.entries(EXIT_MEANINGS))
  const { stdout } = await mailctl(['help', 'exit-codes'])
  for (const [code, meaning] of documented) expect(stdout).toContain(`${code?.padStart(3)}  ${meaning}`)
})

test('every exit status an error can have is explained', () => {
  for (const { exit } of [...Object.values(EXIT_CODES), BUG]) expect(EXIT_MEANINGS[exit]).toBeDefined()
})
