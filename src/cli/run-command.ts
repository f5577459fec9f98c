/**
 * argv → exit code, for every command alike: finds and loads the one command, reads its flags, runs it, shows its result or its error,
 * closes what it opened. Results go to stdout, everything else to stderr; a non-zero exit that is no result leaves stdout empty.
 */
import { MailctlError, messageOf } from '../base/errors.ts'
import { DEBUG_CATEGORIES, type DebugCategory, type Log, silent } from '../base/log.ts'
import { printable } from '../base/redact.ts'
import type { App } from '../operations/app.ts'
import type { Machine } from '../ports/machine.ts'
import type { Config, SettingKey } from '../ports/settings.ts'
import type { Command, CommandContext, CreateAccountOptions, CreatedAccount, Flags, ServeAsk, Serving } from './command.ts'
import { commandHelp, groupHelp } from './help.ts'
import { type Io, isCi, openIo, openSpinner, type Streams } from './io.ts'
import { toJson } from './json.ts'
import { findCommand, type Parsed, parseFlags } from './parse-argv.ts'
import { type Entry, REGISTRY } from './registry.ts'
import { reportError } from './report-error.ts'
import { expandValues } from './values.ts'

/** Settings given on the command line; what is absent comes from the environment, `config.json` or a default. */
export type SettingFlags = Readonly<Partial<Record<'home' | 'profile' | SettingKey, string>>>

export interface OpenAppOptions {
  readonly log: Log
  readonly signal: AbortSignal
}

/** What the doors need from outside their walls; `main.ts` passes the real ones, tests their own. */
export interface Program {
  readonly version: string
  /** Path of the script that started the program. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly streams: Streams
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** @throws MailctlError config, usage */
  readonly loadConfig: (flags: SettingFlags, env: Program['env'], purpose: 'use' | 'mend') => Config
  /** @throws MailctlError config when the home has no account */
  readonly openApp: (config: Config, options: OpenAppOptions) => Promise<App & { close(): Promise<void> }>
  readonly openMachine: (config: Config) => Promise<Machine>
  readonly createAccount: (config: Config, options: CreateAccountOptions) => Promise<CreatedAccount>
  /** Opens doors and worker over an account. @param warn told of what failed and will be tried again */
  readonly serve: (
    app: App,
    ask: ServeAsk,
    running: { readonly signal: AbortSignal; readonly warn: (text: string) => void; readonly version: string },
  ) => Promise<Serving>
  /** The commands there are; tests may pass others. */
  readonly registry?: readonly Entry[]
}

/** How long an interrupted command may take to come to a clean end before what it opened is closed under it. */
const GRACE_MS = 5_000

/** @returns the exit code; never throws */
export async function runCommand(argv: readonly string[], program: Program): Promise<number> {
  // Before the flags are read, an error's form is told by looking: a value that happens to be `--json` costs nothing but that form.
  let form = { json: argv.includes('--json'), debug: argv.includes('--debug') }
  try {
    const found = findCommand(argv, program.registry ?? REGISTRY)
    if (found.kind === 'group') return await showGroup(found, program)
    const { default: spec } = await found.entry.load()
    const parsed = parseFlags(spec, spec.argv?.(found.rest) ?? found.rest)
    if (parsed.kind === 'run') form = { json: parsed.flags['json'] === true, debug: parsed.flags['debug'] !== undefined }
    return await runParsed(spec, parsed, program)
  } catch (thrown) {
    const { exit, text } = reportError(asInterrupt(thrown, program.signal), form)
    program.streams.stderr.write(text)
    return exit
  }
}

async function showGroup({ words, rest }: { words: readonly string[]; rest: readonly string[] }, program: Program): Promise<number> {
  const registry = program.registry ?? REGISTRY
  if (words.length === 0 && rest.some(flag => flag === '--version' || flag === '-V')) {
    program.streams.stdout.write(`${program.version}\n`)
    return 0
  }
  const parsed = parseFlags({ path: words.join(' ') }, rest)
  if (words.length > 0 && parsed.kind === 'run') {
    const verbs = registry.filter(({ path }) => path.startsWith(`${words.join(' ')} `)).map(({ path }) => path.split(' ')[words.length])
    throw new MailctlError('usage', `'mailctl ${words.join(' ')}' needs one more word`, {
      hint: `One of: ${[...new Set(verbs)].join(', ')}.`,
    })
  }
  program.streams.stdout.write(groupHelp(words, registry))
  return 0
}

async function runParsed(spec: Command, parsed: Parsed, program: Program): Promise<number> {
  if (parsed.kind === 'help') {
    program.streams.stdout.write(commandHelp(spec))
    return 0
  }
  const { flags: typed, args } = parsed
  const json = typed['json'] === true
  const { env, signal } = program
  const io = await openIo(program.streams, { env, color: colorOf(typed), input: typed['input'] !== false, json, signal })
  const flags = await expandValues(typed, spec.options ?? [], io)
  const quiet = typed['quiet'] === true
  const spinner = openSpinner(program.streams.stderr, !quiet && !json && !isCi(program.env['CI']))
  const notices = new Notices(io, { quiet, held: json })
  const account = new OpenAccount(program, { flags, purpose: spec.mendsConfig ? 'mend' : 'use', log: debugLog(typed['debug'], io) })
  const context: CommandContext = {
    io,
    env: program.env,
    version: program.version,
    script: program.script,
    registry: program.registry ?? REGISTRY,
    signal: program.signal,
    get config() {
      return account.config()
    },
    app: () => account.app(),
    machine: () => program.openMachine(account.config()),
    createAccount: options => program.createAccount(account.config(), options),
    serve: async (ask, signal) =>
      program.serve(await account.app(), ask, { signal, warn: text => notices.add(text), version: program.version }),
    progress: text => spinner.show(printable(text)),
    notice: text => notices.add(text),
  }
  try {
    const result = await untilAborted(spec.run(context, args, flags), program.signal)
    spinner.stop()
    const exit = spec.exit?.(result) ?? 0
    await showResult(spec, { result, flags, json }, io)
    notices.release()
    return exit
  } finally {
    spinner.stop()
    await account.close()
  }
}

async function showResult(spec: Command, { result, flags, json }: { result: unknown; flags: Flags; json: boolean }, io: Io): Promise<void> {
  if (!json) return await spec.show(io, result, flags)
  const values = spec.ndjson?.(result)
  if (!values) return io.stdout.write(toJson(spec.json ? spec.json(result) : result, 2))
  for await (const value of values) io.stdout.write(toJson(value, 0))
}

const colorOf = (flags: Flags): 'auto' | 'always' | 'never' => (flags['color'] ?? 'auto') as 'auto' | 'always' | 'never'

/** Of those that wait: what runs for months does not keep all of them. */
const MOST_HELD = 100

/** Lines on stderr for people. With `--json` they wait until it is known that no error object will stand there. */
class Notices {
  readonly #io: Io
  readonly #quiet: boolean
  #held: string[] | undefined
  #dropped = 0

  constructor(io: Io, { quiet, held }: { quiet: boolean; held: boolean }) {
    this.#io = io
    this.#quiet = quiet
    this.#held = held ? [] : undefined
  }

  add(text: string): void {
    if (this.#quiet) return
    if (this.#held && this.#held.length >= MOST_HELD) this.#dropped += 1
    else if (this.#held) this.#held.push(text)
    else this.#io.stderr.write(`${printable(text)}\n`)
  }

  release(): void {
    for (const text of this.#held ?? []) this.#io.stderr.write(`${printable(text)}\n`)
    if (this.#dropped > 0) this.#io.stderr.write(`and ${this.#dropped} more lines\n`)
    this.#held = undefined
  }
}

/** Settings and account of this run, each opened on first use and closed at the end. */
class OpenAccount {
  readonly #program: Program
  readonly #flags: Flags
  readonly #purpose: 'use' | 'mend'
  readonly #log: Log
  #config: Config | undefined
  #app: Promise<App & { close(): Promise<void> }> | undefined

  constructor(program: Program, { flags, purpose, log }: { readonly flags: Flags; readonly purpose: 'use' | 'mend'; readonly log: Log }) {
    this.#program = program
    this.#flags = flags
    this.#purpose = purpose
    this.#log = log
  }

  config(): Config {
    this.#config ??= this.#program.loadConfig(settingFlags(this.#flags), this.#program.env, this.#purpose)
    return this.#config
  }

  async app(): Promise<App> {
    this.#app ??= this.#program.openApp(this.config(), { log: this.#log, signal: this.#program.signal })
    return await this.#app
  }

  async close(): Promise<void> {
    // A failure to open was already thrown to the command.
    const app = await this.#app?.catch(() => undefined)
    await app?.close()
  }
}

function settingFlags(flags: Flags): SettingFlags {
  const given: Record<string, string> = {}
  for (const name of ['home', 'profile', 'network', 'relay', 'hostname', 'resolver', 'region', 'store']) {
    const value = flags[name]
    if (typeof value === 'string') given[name] = value
  }
  return given
}

/** @throws MailctlError usage, for a category that does not exist */
function debugLog(asked: Flags[string], io: Io): Log {
  if (typeof asked !== 'string') return silent
  const categories = new Set<string>(asked.split(',').flatMap(name => (name.trim() === 'all' ? DEBUG_CATEGORIES : [name.trim()])))
  const known: readonly string[] = DEBUG_CATEGORIES
  const unknown = [...categories].find(name => !known.includes(name))
  if (unknown !== undefined)
    throw new MailctlError('usage', `'${unknown}' is no debug category`, { hint: `Use ${DEBUG_CATEGORIES.join(', ')} or all.` })
  return (category: DebugCategory, text) => {
    if (categories.has(category)) io.stderr.write(`${category}: ${printable(text)}\n`)
  }
}

/** The work's own end; after an abort it has `GRACE_MS` for that, then this rejects so that everything can be closed. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let onAbort = (): void => {}
  const overdue = new Promise<never>((_, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(new MailctlError('interrupted', 'interrupted')), GRACE_MS)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, overdue])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** Whatever a command throws because it was aborted is the interruption, not a bug. */
function asInterrupt(thrown: unknown, signal: AbortSignal): unknown {
  if (thrown instanceof MailctlError) return thrown
  const name = thrown instanceof Error ? thrown.name : ''
  if (!signal.aborted && name !== 'ExitPromptError') return thrown
  return new MailctlError('interrupted', 'interrupted', { cause: new Error(messageOf(thrown)) })
}
