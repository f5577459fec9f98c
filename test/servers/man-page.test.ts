/** The manual page as groff sets it: without a warning, and with every command and flag there is. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuiltProgram, builtProgram } from '../support/built.ts'

let program: BuiltProgram
beforeAll(async () => {
  program = await builtProgram()
})
afterAll(() => program.remove())

test('nothing in it makes groff complain, and nothing is missing', async () => {
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Kutf8', '-Tutf8', '-P-cbou', '-rLL=400n', 'man/mailctl.1'], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  const text = stdout.replaceAll('\u2010', '-').replaceAll('\u2212', '-')
  const { Commands } = await program.json(['commands'])
  for (const { Path, Summary, Flags } of Commands) {
    const start = text.search(new RegExp(`^ *mailctl ${Path}( [<[].*)?$`, 'm'))
    expect(start, Path).toBeGreaterThan(0)
    const section = text.slice(start, start + 20_000)
    expect(section).toContain(Summary)
    for (const flag of Flags) expect(section, Path).toContain(flag.Flags)
  }
})
