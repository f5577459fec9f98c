import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { REGISTRY } from '../../src/cli/registry.ts'
import { mailctl } from '../support/terminal.ts'

const run = promisify(execFile)

/** What bash itself offers for a command line, the last word being the unfinished one. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await mailctl(['completion', 'bash'])
  const line = ['mailctl', ...words].map(word => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _mailctl; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['-c', `${script}\n${ask}`])
  return stdout.trim().split('\n').filter(Boolean)
}

test('bash completes words, flags and the values of flags', async () => {
  expect(await offered('')).toEqual([...new Set(REGISTRY.map(({ path }) => path.split(' ')[0]))])
  expect(await offered('acc')).toEqual(['account'])
  expect(await offered('config', '')).toEqual(['get', 'set', 'list', 'path'])
  expect(await offered('--home', 'x', 'config', 's')).toEqual(['set'])
  expect(await offered('init', '--cl')).toEqual(['--clock'])
  expect(await offered('init', '--clock', '')).toEqual(['system', 'virtual'])
  expect(await offered('quota', '--js')).toEqual(['--json'])
})

test.each(['bash', 'zsh', 'fish'])('%s: every command and its flags are in the script', async shell => {
  const { stdout, code } = await mailctl(['completion', shell])
  expect(code).toBe(0)
  for (const { path } of REGISTRY) expect(stdout).toContain(`'${path}'`)
  expect(stdout).toContain('website-url')
})

test('an unknown shell is 64 with a suggestion', async () => {
  const ran = await mailctl(['completion', 'bsh'])
  expect(ran).toMatchObject({ code: 64, stdout: '' })
  expect(ran.stderr).toContain("Did you mean 'bash'?")
})
