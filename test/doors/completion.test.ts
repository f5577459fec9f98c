import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { NAMED_ARGUMENTS } from '../../src/cli/completion.ts'
import { REGISTRY } from '../../src/cli/registry.ts'
import { identityOf } from '../support/account.ts'
import { openDoor } from '../support/door.ts'
import { mailctl } from '../support/terminal.ts'

const run = promisify(execFile)

/** What bash itself offers for a command line, the last word being the unfinished one. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await mailctl(['completion', 'bash'])
  const line = ['mailctl', ...words].join(' ')
  const ask = `COMP_WORDS=(mailctl); COMP_LINE='${line}'; COMP_POINT=${line.length}; _mailctl; printf '%s\\n' "\${COMPREPLY[@]}"`
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
  expect(await offered('init', '--clock=v')).toEqual(['virtual'])
  expect(await offered('quota', '--js')).toEqual(['--json'])
  expect(await offered('help', 'exit')).toEqual(['exit-codes'])
  expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  // A file may stand here: the shell's own completion goes on.
  expect(await offered('send', '--attach', '')).toEqual([])
  expect(await offered('--home', '')).toEqual([])
})

test('names of the account are asked of mailctl', async () => {
  const door = openDoor()
  onTestFinished(() => door.remove())
  await door.run(['init'])
  await door.use(async ({ store }) => {
    for (const name of ['shop.example', 'ann@shop.example']) await store.addIdentity(identityOf(name))
  })
  await door.run(['config-set', 'create', 'receipts'])
  const names = async (kind: string) => (await door.run(['completion', '--names', kind])).stdout
  expect(await names('identity')).toBe('ann@shop.example\nshop.example\n')
  expect(await names('configuration-set')).toBe('receipts\n')
  expect(await names('template')).toBe('')
  expect(await door.run(['completion', '--names', 'secret'])).toMatchObject({ code: 64, stdout: '' })
  expect(await door.run(['completion'])).toMatchObject({ code: 64, stdout: '' })
})

test('every command that names are completed for is there', () => {
  const paths = new Set(REGISTRY.map(({ path }) => path))
  expect(Object.keys(NAMED_ARGUMENTS).filter(path => !paths.has(path))).toEqual([])
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
