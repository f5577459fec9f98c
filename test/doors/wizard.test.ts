/** What a person is asked on a terminal: defaults, answers that are checked at once, Ctrl-C at every question, and nobody there to ask. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Door, openDoor } from '../support/door.ts'
import { openEngine } from '../support/engine.ts'
import { mailctl, type TerminalOptions } from '../support/terminal.ts'

const PERSON = ['stdin', 'stderr'] as const
const CTRL_C = '\u0003'
const ENTER = '\r'
const DOWN = '\u001b[B'

let door: Door
beforeEach(() => {
  door = openDoor()
})
afterEach(() => door.remove())

type Answers = NonNullable<TerminalOptions['answers']>
const ask = (argv: readonly string[], answers: Answers) => door.run(argv, { tty: PERSON, answers })

/** Every file of a home with what is in it. */
function files(home: string): Record<string, string> {
  if (!existsSync(home)) return {}
  const names = readdirSync(home, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return Object.fromEntries(
    names.map(entry => {
      const file = join(entry.parentPath, entry.name)
      return [file, createHash('sha256').update(readFileSync(file)).digest('hex')]
    }),
  )
}

const INIT: Answers = [
  ['Where should mail go?', ENTER],
  ['Which clock', ENTER],
  ['Make this account?', ENTER],
]
const RELAY: Answers = [
  ['Where should mail go?', `${DOWN}${ENTER}`],
  ['Through which server?', `smtp://ann@mail.example.com${ENTER}`],
  ['Make this account?', ENTER],
]
const PRODUCTION: Answers = [
  ['What will be sent?', ENTER],
  ['Which website', `https://shop.example${ENTER}`],
  ['How are recipients chosen', `Receipts${ENTER}`],
  ['In which language', ENTER],
  ['Who else', ENTER],
  ['Ask for production access', ENTER],
]

test('init: Enter three times makes what no question would', async () => {
  const ran = await ask(['init'], INIT)
  expect(ran).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Made account \d{12} in .*\(lab, system clock\)\nNext: mailctl verify domain example\.com\n$/),
  })
  expect(ran.stderr).toMatch(/Home +\S+\n +Network +lab\n +Clock +system\n +Region +us-east-1\n/)
  // The second time there is nothing to ask.
  expect(await ask(['init'], [])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Found account/) })
})

test('init: a relay that cannot be one is told at once, and asked again', async () => {
  const [where, , make] = RELAY as [Answers[0], Answers[0], Answers[0]]
  const ran = await ask(
    ['init', '--json'],
    [
      where,
      ['Through which server?', `mail.example.com${ENTER}`],
      ['Write smtp://user@host:587', `${'\u007f'.repeat(20)}smtps://mail.example.com${ENTER}`],
      make,
    ],
  )
  expect(ran.code).toBe(0)
  expect(JSON.parse(ran.stdout)).toMatchObject({ Network: 'relay', Clock: 'system', Created: true })
  expect(JSON.parse((await door.run(['config', 'get', 'relay', '--json'])).stdout)).toMatchObject({ Value: 'smtps://mail.example.com' })
})

test('init: no is no', async () => {
  const ran = await ask(['init'], [...INIT.slice(0, 2), ['Make this account?', `n${ENTER}`]])
  expect(ran).toMatchObject({ code: 130, stdout: '' })
  expect(files(door.home)).toEqual({})
})

const upTo = (answers: Answers, index: number): Answers => [...answers.slice(0, index), [answers[index]?.[0] ?? '', CTRL_C]]

test.each(
  [...INIT.keys()]
    .map(index => [INIT[index]?.[0] ?? '', INIT, index] as const)
    .concat([...RELAY.keys()].map(index => [RELAY[index]?.[0] ?? '', RELAY, index] as const)),
)('init: Ctrl-C at "%s" leaves no file', async (_, answers, index) => {
  expect(await ask(['init'], upTo(answers, index))).toMatchObject({ code: 130, stdout: '' })
  expect(files(door.home)).toEqual({})
})

test.each([...PRODUCTION.keys()].map(index => [PRODUCTION[index]?.[0] ?? '', index] as const))(
  'account request-production: Ctrl-C at "%s" changes nothing',
  async (_, index) => {
    await door.run(['init'])
    const before = files(door.home)
    expect(await ask(['account', 'request-production', '--quiet'], upTo(PRODUCTION, index))).toMatchObject({ code: 130, stdout: '' })
    expect(files(door.home)).toEqual(before)
  },
)

test('account request-production: an answer that SES would refuse is told at once', async () => {
  await door.run(['init'])
  const [type, , ...rest] = PRODUCTION as [Answers[0], Answers[0], ...Answers]
  const ran = await ask(
    ['account', 'request-production'],
    [type, ['Which website', `shop${ENTER}`], ['must satisfy', `${'\u007f'.repeat(4)}https://shop.example${ENTER}`], ...rest],
  )
  expect(ran).toMatchObject({ code: 1, stdout: expect.stringMatching(/Denied\. The account stays in the sandbox\.\nNext: /) })
})

const DOMAIN: Answers = [
  ['Which domain', `shop.example${ENTER}`],
  ['Its own MAIL FROM', `bounce${ENTER}`],
  ['Publish its records', ENTER],
]

test('verify domain: a domain, its MAIL FROM, and what comes next', { timeout: 60_000 }, async () => {
  const engine = await openEngine({ domain: null, production: false })
  const run = (answers: Answers) =>
    mailctl(['verify', 'domain', '--quiet', '--key', 'rsa1024', '--home', engine.home], {
      openApp: async () => ({ ...engine.app, close: async () => {} }),
      tty: PERSON,
      answers,
    })
  for (const index of DOMAIN.keys()) {
    const before = files(engine.home)
    expect(await run(upTo(DOMAIN, index))).toMatchObject({ code: 130, stdout: '' })
    expect(files(engine.home)).toEqual(before)
  }
  const wrong: Answers = [
    ['Which domain', `shop${ENTER}`],
    ['Did you mean shop.com?', `.example${ENTER}`],
    ['Its own MAIL FROM', `bounce.other.example${ENTER}`],
    ['not a subdomain', `${'\u007f'.repeat(14)}${ENTER}`],
  ]
  const ran = await run([...wrong, ['Publish its records', ENTER]])
  expect(ran).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\nNext: mailctl send --from hello@shop\.example --to success@simulator/),
  })
  expect((await engine.app.store.identity('shop.example'))?.mailFrom).toMatchObject({ domain: 'bounce.shop.example' })
})

test.each([
  [{ tty: PERSON, env: { CI: 'true' } }, [] as string[]],
  [{ tty: PERSON }, ['--no-input']],
  [{ tty: ['stderr'] as const }, []],
  [{ tty: ['stdin'] as const }, []],
])('nobody is asked with %j %j: what is missing is named', async (options, more) => {
  expect(await door.run(['init', ...more], options)).toMatchObject({ code: 0, stderr: '' })
  const production = await door.run(['account', 'request-production', ...more], options)
  expect(production).toMatchObject({ code: 64, stdout: '' })
  expect(production.stderr).toContain('--mail-type and --website-url')
  const domain = await door.run(['verify', 'domain', ...more], options)
  expect(domain).toMatchObject({ code: 64, stdout: '' })
  expect(domain.stderr).toContain('mailctl verify domain example.com')
})
