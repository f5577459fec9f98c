/** Completion in the shells themselves, as it is typed: Tab in interactive bash and zsh, and what fish offers. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTerminal } from '../support/pty.ts'

const run = promisify(execFile)

let folder: string
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailctl-completion-'))
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin', 'mailctl'), `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin/mailctl.js')}' "$@"\n`, {
    mode: 0o755,
  })
  env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    HOME: folder,
    MAILCTL_HOME: join(folder, 'home'),
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  }
  const mailctl = (...argv: readonly string[]) => run('mailctl', [...argv], { env })
  await mailctl('init')
  await mailctl('verify', 'domain', 'shop.example', '--key', 'rsa1024')
  await mailctl('verify', 'email', 'ann@shop.example').catch(() => undefined) // 1: not verified yet
  await mailctl('config-set', 'create', 'receipts')
  await mailctl('template', 'create', 'welcome', '--subject', 'Hi', '--text', 'Hello')
  for (const shell of ['bash', 'zsh', 'fish']) await writeFile(join(folder, `script.${shell}`), (await mailctl('completion', shell)).stdout)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What is typed, and what stands there after Tab. */
const LINES: readonly (readonly [typed: string, completed: string])[] = [
  ['mailctl acco', 'mailctl account '],
  ['mailctl account request', 'mailctl account request-production '],
  ['mailctl init --cloc', 'mailctl init --clock '],
  ['mailctl init --clock v', 'mailctl init --clock virtual '],
  ['mailctl identity show sh', 'mailctl identity show shop.example '],
  ['mailctl identity show ann@', 'mailctl identity show ann@shop.example '],
  ['mailctl identity show ann@sh', 'mailctl identity show ann@shop.example '],
  ['mailctl init --clock=v', 'mailctl init --clock=virtual '],
  ['mailctl send --config-set re', 'mailctl send --config-set receipts '],
  ['mailctl template render we', 'mailctl template render welcome '],
  ['mailctl help exi', 'mailctl help exit-codes '],
]

const START: Readonly<Record<'bash' | 'zsh', { readonly command: string; readonly setup: string }>> = {
  bash: { command: 'bash --norc --noprofile -i', setup: 'PS1="> "; bind "set bell-style none"; source "$HOME/script.bash"' },
  zsh: {
    command: 'zsh -f -i',
    setup: 'PS1="> "; unsetopt beep prompt_sp; autoload -U compinit; compinit -u -D; source "$HOME/script.zsh"',
  },
}

test.each(['bash', 'zsh'] as const)('%s: Tab completes what is typed', async shell => {
  const { command, setup } = START[shell]
  for (const [typed, completed] of LINES) {
    const { text } = await inTerminal(command, {
      // The line is not run but shown: its first word becomes an argument.
      answers: [
        ['', `${setup}; echo rea""dy\r`],
        ['ready', `${typed}\t`],
        [completed.slice(typed.length, -1), '\u0001echo "<\u0005>"\r'],
        ['>', 'exit\r'],
      ],
      env,
      cwd: folder,
    })
    // zsh takes the space behind a word back when a quote follows.
    expect(text).toContain(`<${shell === 'zsh' ? completed.trim() : completed}>`)
  }
})

test.each(LINES)('fish offers for "%s" what makes it "%s"', async (typed, completed) => {
  const { stdout } = await run('fish', ['--no-config', '-c', `source "$HOME/script.fish"; complete -C '${typed}'`], { env })
  const offered = stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t')[0])
  expect(offered).toContain(completed.trim().split(' ').at(-1))
})
