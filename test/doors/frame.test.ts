import { expect, test } from 'vitest'
import { MailctlError } from '../../src/base/errors.ts'
import { command } from '../../src/cli/command.ts'
import type { Entry } from '../../src/cli/registry.ts'
import { REGISTRY } from '../../src/cli/registry.ts'
import { mailctl } from '../support/terminal.ts'

const echo = command<Record<string, unknown>>({
  path: 'probe echo',
  arguments: '[words...]',
  summary: 'Show what was understood',
  examples: ['mailctl probe echo hello'],
  options: [
    { flags: '--to <address>', summary: 'repeatable', repeat: true },
    { flags: '--text <text>', summary: 'a text', stdin: true },
    { flags: '--raw <file>', summary: 'a file', path: true },
    { flags: '--mode <mode>', summary: 'a choice', choices: ['fast', 'slow'] },
    { flags: '--max-24h-send <n>', summary: 'a number' },
    { flags: '--wait', summary: 'wait' },
  ],
  fails: ['not-verified'],
  results: { 1: 'a no' },
  run: async ({ notice }, args, flags) => {
    notice('mind the gap')
    return { args, flags }
  },
  show: (io, { args }) => io.line(io.colour.green(String(args))),
  exit: ({ args }) => ((args as string[]).includes('no') ? 1 : 0),
})
const fail = command({
  path: 'probe fail',
  arguments: '<how>',
  summary: 'Fail',
  examples: ['mailctl probe fail bug'],
  fails: ['not-verified'],
  run: async ({ notice }, [how]) => {
    notice('something else')
    if (how === 'bug') throw new TypeError('x is not a function')
    throw new MailctlError('not-verified', `Email address is not verified: evil\u001b[31m\u009b2J\nline`, { hint: 'Verify it.' })
  },
  show: () => {},
})
const entryOf = (spec: typeof echo | typeof fail): Entry => ({
  path: spec.path,
  summary: spec.summary,
  load: async () => ({ default: spec }),
})
const registry = [entryOf(echo), entryOf(fail)]
const probe = (argv: readonly string[], options = {}) => mailctl(argv, { registry, ...options })

test('global flags stand before, between and after the words', async () => {
  for (const argv of [
    ['--json', '--home', '/x', 'probe', 'echo', 'a'],
    ['probe', '--json', 'echo', '--home', '/x', 'a'],
    ['probe', 'echo', 'a', '--home=/x', '--json'],
  ]) {
    const { code, stdout, stderr } = await probe(argv)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ args: ['a'], flags: { json: true, home: '/x' } })
    expect(stderr).toBe('mind the gap\n')
  }
})

test("a global flag's value is not taken for the command, and a flag's value not for a global flag", async () => {
  const { stdout } = await probe(['--profile', 'probe', 'probe', 'echo', '--text', '--quiet', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ flags: { profile: 'probe', text: '--quiet' } })
})

test('values: repeated, negative, @file, @@, stdin, paths untouched', async () => {
  const { stdout } = await probe(
    ['probe', 'echo', '--to', '@@a', '--to', '@-', '--max-24h-send', '-1', '--raw', '@x', '--mode', 'fast', '--json'],
    { stdin: 'from stdin' },
  )
  expect(JSON.parse(stdout).flags).toMatchObject({ to: ['@a', 'from stdin'], max24hSend: '-1', raw: '@x', mode: 'fast' })
  expect(JSON.parse((await probe(['probe', 'echo', '--text', '-', '--json'], { stdin: 'körper' })).stdout).flags.text).toBe('körper')
})

test('a file that cannot be read is 66, one that is not UTF-8 is 65', async () => {
  const missing = await probe(['probe', 'echo', '--text', '@/nowhere/at/all'])
  expect(missing).toMatchObject({ code: 66, stdout: '' })
  expect(missing.stderr).toContain('/nowhere/at/all: there is no such file')
  expect(await probe(['probe', 'echo', '--text', '-'], { stdin: Buffer.from([0xff, 0xfe]) })).toMatchObject({ code: 65, stdout: '' })
  expect(await probe(['probe', 'echo', '--text', '@/'])).toMatchObject({ code: 66, stdout: '' })
})

test.each([
  [['prob', 'echo'], "unknown command 'prob'", "Did you mean 'probe'?"],
  [['probe', 'ecko'], "unknown command 'probe ecko'", "Did you mean 'probe echo'?"],
  [['probe', 'echo', '--wiat'], "unknown option '--wiat'", "Did you mean '--wait'?"],
  [['probe', 'echo', '--jsno=1'], "unknown option '--jsno=1'", "Did you mean '--json'?"],
  [['--bogus', 'probe', 'echo'], "unknown option '--bogus'", 'probe echo --help'],
  [['probe', 'echo', '--mode', 'fst'], "'fst' is not a value of --mode", "Did you mean 'fast'?"],
  [['probe', 'echo', '--mode'], "option '--mode <mode>' argument missing", '--help'],
  [['probe', 'echo', '--color', 'pink'], "'pink' is not a value of --color", 'auto, always, never'],
  [['probe', 'echo', '--debug', 'smpt'], "'smpt' is no debug category", 'smtp'],
  [['probe', 'fail'], "missing required argument 'how'", '--help'],
  [['probe', 'fail', 'a', 'b'], 'too many arguments', '--help'],
  [['probe'], "'mailctl probe' needs one more word", 'echo, fail'],
])('%j is wrong usage, said in two lines', async (argv, message, hint) => {
  const { code, stdout, stderr } = await probe(argv)
  expect(code).toBe(64)
  expect(stdout).toBe('')
  const [first, second, ...rest] = stderr.split('\n')
  expect(first).toContain(`mailctl: ${message}`)
  expect(second).toContain(hint)
  expect(rest).toEqual([''])
})

test('with --json an error is one object on stderr and nothing else', async () => {
  const { code, stdout, stderr } = await probe(['probe', 'fail', 'rule', '--json'])
  expect(code).toBe(77)
  expect(stdout).toBe('')
  expect(stderr.trimEnd()).not.toContain('\n')
  expect(JSON.parse(stderr)).toEqual({
    Error: { Code: 'MessageRejected', Message: 'Email address is not verified: evil\ufffd[31m\ufffd2J\ufffdline', Hint: 'Verify it.' },
  })
})

test('control characters of an error never reach the terminal', async () => {
  const { stderr } = await probe(['probe', 'fail', 'rule'])
  expect(stderr).toBe('something else\nmailctl: Email address is not verified: evil\ufffd[31m\ufffd2J\ufffdline\n  Verify it.\n')
})

test('a bug is 70, with a stack only for --debug', async () => {
  const short = await probe(['probe', 'fail', 'bug'])
  expect(short.code).toBe(70)
  expect(short.stderr).not.toContain('    at ')
  expect((await probe(['probe', 'fail', 'bug', '--debug', 'all'])).stderr).toContain('    at ')
  expect(JSON.parse((await probe(['probe', 'fail', 'bug', '--json'])).stderr).Error.Code).toBe('InternalFailure')
})

test('exit 1 is a result: it stands on stdout', async () => {
  expect(await probe(['probe', 'echo', 'no'])).toMatchObject({ code: 1, stdout: 'no\n' })
})

test('-q leaves the result alone', async () => {
  expect(await probe(['probe', 'echo', 'a', '-q'])).toMatchObject({ stdout: 'a\n', stderr: '' })
})

test.each([
  [{}, [], false],
  [{}, ['--color', 'always'], true],
  [{ tty: ['stdout'] }, [], true],
  [{ tty: ['stdout'] }, ['--color', 'never'], false],
  [{ tty: ['stdout'], env: { NO_COLOR: '1' } }, [], false],
  [{ tty: ['stdout'], env: { NO_COLOR: '' } }, [], true],
  [{ tty: ['stdout'], env: { CI: 'true' } }, [], false],
  [{ tty: ['stdout'], env: { TERM: 'dumb' } }, [], false],
  [{ tty: ['stdout'], env: { NO_COLOR: '1' } }, ['--color', 'always'], true],
  [{ tty: ['stderr'] }, [], false],
])('colour with %j and %j: %s', async (options, flags, coloured) => {
  const { stdout } = await probe(['probe', 'echo', 'a', ...flags], options)
  expect(stdout.includes('\u001b[')).toBe(coloured)
})

test('an interrupted command is 130', async () => {
  const controller = new AbortController()
  let started = (): void => {}
  const running = new Promise<void>(resolve => {
    started = resolve
  })
  const wait = command({
    path: 'wait',
    summary: 'Wait',
    examples: [],
    fails: [],
    run: ({ signal }) => {
      started()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
    show: () => {},
  })
  const ran = mailctl(['wait'], {
    registry: [{ path: 'wait', summary: 'Wait', load: async () => ({ default: wait }) }],
    signal: controller.signal,
  })
  await running
  controller.abort()
  expect(await ran).toEqual({ code: 130, stdout: '', stderr: 'mailctl: interrupted\n' })
})

test('a reader that goes away is no error', async () => {
  const { Writable, Readable } = await import('node:stream')
  const { openIo } = await import('../../src/cli/io.ts')
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })) })
  const io = await openIo(
    { stdin: Readable.from([]), stdout: broken, stderr: new Writable() },
    { env: {}, color: 'never', input: true, json: false, signal: new AbortController().signal },
  )
  io.line('one')
  await io.pipe(Readable.from([Buffer.alloc(100_000), Buffer.alloc(100_000)]))
  io.line('two')
})

test('the registry says the same as the modules', async () => {
  for (const entry of REGISTRY) {
    const { default: spec } = await entry.load()
    expect([entry.path, entry.summary]).toEqual([spec.path, spec.summary])
    expect(spec.examples.length).toBeGreaterThan(0)
    for (const example of spec.examples) expect(example).toContain(`mailctl ${spec.path}`)
  }
})
