// What a new user sees: types commands into a real terminal (tmux) over a fresh home and writes docs/first-ten-minutes.md from its screens.
// node scripts/first-ten-minutes.mjs [--check]: with --check it only says whether the page is what would be written (exit 1: it is not).
// Needs tmux, bash and a build.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PAGE = 'docs/first-ten-minutes.md'
const COLUMNS = 80
const ROWS = 50
const STEP_MS = 60_000

/** Heading, what is said, and what is typed: a command (`{id}`: of the last message), or with `keys` what answers each question once it stands there. */
const STEPS = [
  {
    title: 'Is it there, and what can it do?',
    commands: ['mailctl --version', 'mailctl | head -20', 'mailctl send'],
  },
  {
    title: 'An account',
    text: 'Three questions, each answered with Enter. Nothing will leave the machine.',
    commands: [
      {
        type: 'mailctl init',
        keys: [
          ['Where should mail go?', 'Enter'],
          ['Which clock', 'Enter'],
          ['Make this account?', 'Enter'],
        ],
      },
    ],
  },
  {
    title: 'A domain',
    text: 'In the lab every domain is yours.',
    commands: [
      {
        type: 'mailctl verify domain',
        keys: [
          ['Which domain', 'shop.example', 'Enter'],
          ['Its own MAIL FROM', 'Enter'],
          ['Publish its records', 'Enter'],
        ],
      },
    ],
  },
  {
    title: 'The first message',
    text: 'The command that was printed, as it was printed; then to somebody who did not ask for it.',
    commands: [
      "mailctl send --from hello@shop.example --to success@simulator.amazonses.com --subject Hello --text 'It works.'",
      'mailctl send --from hello@shop.example --to ann@gmail.com --subject Hello --text Hi',
      'mailctl account request-production --approve',
      'mailctl send --from hello@shop.example --to ann@gmail.com --subject Hello --text Hi',
    ],
  },
  {
    title: 'Did it arrive?',
    commands: ['mailctl inbox list', 'mailctl expect mail --to ann@gmail.com --subject Hello && echo yes'],
  },
  {
    title: 'What goes wrong',
    text: 'A mailbox that does not exist, a word that does not exist, a bounce from the mailbox simulator.',
    commands: [
      'mailctl send --from hello@shop.example --to bob@nouser.test --subject Hello --text Hi',
      'mailctl why {id}',
      'mailctl statsu',
      'mailctl simulate bounce',
    ],
  },
  {
    title: 'Where things stand',
    commands: ['mailctl status', 'mailctl stats', 'mailctl reputation'],
  },
]

/** What differs from run to run, by kind. */
const VARYING = [
  [
    /\b[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9a-f]{6}\b/g,
    '0100019b76da1000-7f3c2a1b-5d4e-4c3b-9a8f-0e1d2c3b4a59-000000',
  ],
  [/\b\d{12}\b/g, '425381551678'],
  [/\b[a-z2-7]{32}\b/g, 'rd3dilhsummxmsrq5iq25y2z4sipes76'],
  [
    /\b\d{4}-\d{2}-\d{2}([ T])\d{2}:\d{2}:\d{2}(\.\d{3})?Z/g,
    (_, between, ms) => `2026-01-31${between}12:00:00${ms === undefined ? '' : '.000'}Z`,
  ],
  [/\b\d{4}-\d{2}-\d{2}\b/g, '2026-01-31'],
  [/\b\d{2}:\d{2}:\d{2}(\.\d{3})?(?=Z?\b)/g, (_, ms) => `12:00:00${ms === undefined ? '' : '.000'}`],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:40025'],
  [/\+(\d+ ?ms|[\d.]+s)/g, '+12ms'],
  [/^ {4}\+\d+ /gm, '    +12 '],
]

const flags = process.argv.slice(2)
if (flags.some(flag => flag !== '--check')) throw new Error('usage: node scripts/first-ten-minutes.mjs [--check]')
const page = await written()
if (flags.includes('--check')) {
  const same = existsSync(PAGE) && readFileSync(PAGE, 'utf8') === page
  if (!same) {
    const file = join(mkdtempSync(join(tmpdir(), 'mailctl-minutes-')), 'page.md')
    writeFileSync(file, page)
    console.error(`${PAGE} is not what a new user sees; see: diff ${PAGE} ${file}`)
  }
  process.exitCode = same ? 0 : 1
} else writeFileSync(PAGE, page)

async function written() {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-minutes-'))
  const terminal = openTerminal(folder)
  try {
    await terminal.ready()
    const sections = []
    for (const { title, text, commands } of STEPS) {
      const screens = []
      for (const command of commands) screens.push(await terminal.run(typeof command === 'string' ? { type: command, keys: [] } : command))
      sections.push(`## ${title}\n\n${text === undefined ? '' : `${text}\n\n`}\`\`\`\n${screens.join('\n')}\n\`\`\`\n`)
    }
    return `# The first ten minutes

What a new user sees, typed by \`node scripts/first-ten-minutes.mjs\` into a terminal of ${COLUMNS} columns over an empty home; \`npm run test:servers\` compares.
Ids, keys, moments and ports are replaced, since they differ from run to run; \`# exit 77\` says how a command ended that did not end with 0. In the
terminal it is in colour.

${sections.join('\n')}`
  } finally {
    terminal.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function openTerminal(folder) {
  const home = join(folder, 'ann')
  const ended = join(folder, 'ended')
  const socket = join(folder, 'tmux')
  for (const name of ['bin', 'ann']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'bin', 'mailctl'), `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin/mailctl.js')}' "$@"\n`, {
    mode: 0o755,
  })
  writeFileSync(ended, '')
  writeFileSync(join(folder, 'rc'), `PS1='$ '\nPROMPT_COMMAND='echo $? >> ${ended}'\nset +o history\n`)
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: home, LANG: 'C.UTF-8', SHELL: '/bin/bash' }
  const tmux = (...argv) => execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...argv], { env, cwd: home, encoding: 'utf8' })
  tmux('new-session', '-d', '-x', String(COLUMNS), '-y', String(ROWS), `bash --noprofile --rcfile ${join(folder, 'rc')} -i`)
  tmux('set-option', '-g', 'history-limit', '5000')
  let lastId = ''
  const exits = () => readFileSync(ended, 'utf8').split('\n').slice(0, -1)
  const screen = () => tmux('capture-pane', '-p', '-J', '-S', '-')
  const until = async (what, met) => {
    const end = Date.now() + STEP_MS
    while (!met()) {
      if (Date.now() > end) throw new Error(`not seen within a minute: ${what}\n${screen()}`)
      await sleep(20)
    }
  }
  const plain = text => {
    const own = text.replaceAll(folder, '/home')
    return VARYING.reduce((so, [kind, same]) => so.replace(kind, same), own)
  }
  return {
    ready: () => until('the first prompt', () => exits().length === 1),
    async run({ type: written, keys }) {
      const type = written.replace('{id}', lastId)
      const before = exits().length
      tmux('send-keys', '-R')
      tmux('clear-history')
      tmux('send-keys', '-l', type)
      tmux('send-keys', 'Enter')
      for (const [question, ...answer] of keys) {
        await until(question, () => screen().includes(question))
        for (const key of answer) tmux('send-keys', ...(key === 'Enter' ? [key] : ['-l', key]))
      }
      await until(`the end of ${type}`, () => exits().length > before && /\n\$ *\n*$/.test(screen()))
      const exit = exits().at(-1)
      lastId = /^Accepted (\S+)/m.exec(screen())?.[1] ?? lastId
      const lines = screen()
        .trimEnd()
        .split('\n')
        .map(line => line.trimEnd())
      lines.pop() // the next prompt
      const first = lines.findIndex(line => line.includes(type.slice(0, 20)))
      return plain([`$ ${type}`, ...lines.slice(first + 1), ...(exit === '0' ? [] : [`# exit ${exit}`])].join('\n'))
    },
    close: () => tmux('kill-server'),
  }
}
