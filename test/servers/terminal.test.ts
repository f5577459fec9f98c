/** The built program in a real terminal: wizards that Ctrl-C ends at every question, and a watched screen. Needs `script` of util-linux. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { inTerminal } from '../support/pty.ts'

const MAILCTL = `${process.execPath} ${resolve('bin/mailctl.js')}`
const CTRL_C = '\u0003'
const ENTER = '\r'

async function newHome(): Promise<{ readonly home: string; readonly env: NodeJS.ProcessEnv }> {
  const folder = await mkdtemp(join(tmpdir(), 'mailctl-terminal-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = join(folder, 'home')
  return { home, env: { PATH: process.env['PATH'], TERM: 'xterm', LANG: 'C.UTF-8', MAILCTL_HOME: home, HOME: folder } }
}

/** What the shell says afterwards: the exit code, and that the terminal echoes what is typed as it did before. */
const AFTER = '; echo "ended with $?"; stty -a | grep -ow -e "-echo" -e "echo"; stty -a | grep -ow -e "-icanon" -e "icanon"'
const sane = /ended with (\d+)\r\necho\r\nicanon\r\n$/

const QUESTIONS = ['Where should mail go?', 'Which clock', 'Make this account?']

test.each([...QUESTIONS.keys()])('init: Ctrl-C at question %d leaves no home and a terminal as it was', async index => {
  const { home, env } = await newHome()
  const answers = QUESTIONS.slice(0, index + 1).map((shown, at) => [shown, at === index ? CTRL_C : ENTER] as const)
  const { text } = await inTerminal(MAILCTL.concat(' init', AFTER), { answers, env })
  expect(sane.exec(text)?.[1]).toBe('130')
  expect(existsSync(home) ? readdirSync(home) : []).toEqual([])
  // The cursor that a question hides is shown again.
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(text.lastIndexOf('\u001b[?25l'))
})

test('init: SIGTERM at a question ends it likewise', async () => {
  const { home, env } = await newHome()
  // The shell tells its own pid; exec gives it to mailctl.
  const { text } = await inTerminal(`sh -c 'echo $$ > "$HOME/pid"; exec ${MAILCTL} init'${AFTER}`, {
    answers: [['Where should mail go?', '']],
    env,
    seen: () => process.kill(Number(readFileSync(join(home, '..', 'pid'), 'utf8')), 'SIGTERM'),
  })
  expect(sane.exec(text)?.[1]).toBe('130')
  expect(existsSync(home) ? readdirSync(home) : []).toEqual([])
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'))
})

test('init by Enter alone; then a screen that is watched until Ctrl-C, which leaves it and the cursor there', async () => {
  const { home, env } = await newHome()
  const made = await inTerminal(MAILCTL.concat(' init', AFTER), { answers: QUESTIONS.map(shown => [shown, ENTER] as const), env })
  expect(sane.exec(made.text)?.[1]).toBe('0')
  expect(made.text).toContain(`in ${home} (lab, system clock)`)
  for (const words of ['status', 'stats', 'queue stats', 'reputation']) {
    const { text } = await inTerminal(`trap : INT; ${MAILCTL} ${words} --watch --interval 100ms${AFTER}`, {
      // The second picture is there.
      answers: [
        ['\u001b[H', ''],
        ['\u001b[H', CTRL_C],
      ],
      env,
    })
    expect(sane.exec(text)?.[1]).toBe('0')
    expect(text.split('\u001b[2J')).toHaveLength(2)
    expect(text.match(/\u001b\[\?25[hl]/g)).toEqual(['\u001b[?25l', '\u001b[?25h'])
    expect(text.indexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[H'))
  }
})
