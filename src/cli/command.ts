/**
 * One terminal command as a value: how it is written, what it runs, how its result is shown. `run-command.ts` adds everything that is
 * the same for all of them: global flags, `--json`, the spinner, errors, exit codes and the frame of `--help`.
 *
 * A command lives in `commands/<noun>/<verb>.ts`, is exported there as `default`, and has one line in `registry.ts`.
 */
import type { Account } from '../account/account.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { App } from '../operations/app.ts'
import type { Machine } from '../ports/machine.ts'
import type { Config } from '../ports/settings.ts'
import type { Io } from './io.ts'
import type { ListenAddress } from './listen-address.ts'
import type { Entry } from './registry.ts'

export interface OptionSpec {
  /** As commander writes it: `--attach <file>`, `-n, --dry-run`. */
  readonly flags: string
  readonly summary: string
  /** May be given several times; its value is then an array. */
  readonly repeat?: boolean
  readonly choices?: readonly string[]
  /** The value names a file that the command opens itself (`readInput`, `openInput` in `values.ts`), so `@` and `-` reach it untouched. */
  readonly path?: boolean
  /** `-` stands for the text on stdin, as `@-` does for every option without `path`; beside `path` both do, and the text is escaped by `@@`. */
  readonly stdin?: boolean
}

/**
 * Option values under their camel-case names, as commander gives them, global flags included. A value written `@file` is already the
 * file's text and `@@x` is `@x`, except for options with `path`.
 */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export interface CreateAccountOptions {
  readonly clock: 'system' | 'virtual'
  /** Epoch milliseconds; virtual clock only. */
  readonly startAt?: number
  /** Makes ids and chance repeatable. */
  readonly seed?: number
  readonly region: string
}

export interface CreatedAccount {
  readonly account: Account
  /** false: the home had an account already, and nothing was changed. */
  readonly created: boolean
}

/** What `serve` is to open. */
export interface ServeAsk {
  /** undefined: closed. */
  readonly smtp: ListenAddress | undefined
  readonly smtps: ListenAddress | undefined
  /** CIDR ranges with commas between; absent: nobody. */
  readonly smtpTrust?: string
  readonly http?: ListenAddress | undefined
  readonly https?: ListenAddress | undefined
  readonly mx?: ListenAddress | undefined
  /** Absent: `none` in the lab, `sigv4` elsewhere. */
  readonly httpAuth?: 'sigv4' | 'none'
  /** Instead of the account's own certificate. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string }
}

/** The ready file, and what `serve --json` prints: `IP:PORT` of each door, for HTTP its URL; null for a closed one. */
export interface Doors {
  readonly Smtp: string | null
  readonly Smtps: string | null
  readonly Http: string | null
  readonly Https: string | null
  readonly Mx: string | null
  readonly Pid: number
}

export interface Serving {
  readonly doors: Doors
  /** Resolves when everything is closed, after the signal. */
  readonly ended: Promise<void>
}

export interface CommandContext {
  readonly io: Io
  /** Opens the account on first use; closed by `run-command` after the command. @throws MailctlError config when there is no home */
  readonly app: () => Promise<App>
  /** Of this home, whether there is an account in it or not. */
  readonly machine: () => Promise<Machine>
  /** Read on first use; commands that only read settings need no app. @throws MailctlError config, when `config.json` is unusable */
  readonly config: Config
  /** Makes the account of this home, or finds it. @throws MailctlError store-unavailable, config */
  readonly createAccount: (options: CreateAccountOptions) => Promise<CreatedAccount>
  /** Opens the doors and the worker of this account. @throws MailctlError usage, unreachable, config, store-unavailable */
  readonly serve: (ask: ServeAsk, signal: AbortSignal) => Promise<Serving>
  /** Aborted by Ctrl-C, SIGTERM. */
  readonly signal: AbortSignal
  /** Shows what is going on, on a terminal's stderr only; replaced by each call, removed by the end. */
  readonly progress: (text: string) => void
  /** One line on stderr for people: a warning or a hint. Not with `--json` when the command fails. */
  readonly notice: (text: string) => void
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Path of the script that started the program, for commands that run it again. */
  readonly script: string
  /** Every command there is, for those that speak of commands. */
  readonly registry: readonly Entry[]
}

/** Exit codes that come with a result on stdout: done, a truthful no, not yet. Every other one is a thrown `MailctlError`. */
export type ResultExit = 0 | 1 | 75

export interface Command<Result = unknown> {
  /** The words: `identity show`. */
  readonly path: string
  /** Positional arguments as commander writes them: `<domain>`, `[files...]`. */
  readonly arguments?: string
  readonly summary: string
  /** A paragraph for `--help`. */
  readonly details?: string
  /** Full lines: `mailctl verify domain example.com --wait`. */
  readonly examples: readonly string[]
  readonly options?: readonly OptionSpec[]
  /** It can set anew what `config.json` holds in vain: such values do not keep it from running. */
  readonly mendsConfig?: true
  /** Errors it can end with; `--help` prints their exit codes. */
  readonly fails: readonly ErrorCode[]
  /** Exit codes that are results: `{ 1: 'not verified yet', 75: 'timed out waiting' }`. */
  readonly results?: Readonly<Partial<Record<ResultExit, string>>>
  /** Turns flags that are written in another command's old way into those of `options`. @throws MailctlError usage */
  argv?(given: readonly string[]): readonly string[]
  run(context: CommandContext, args: readonly string[], flags: Flags): Promise<Result>
  /** The one JSON value. Absent: the result itself. */
  json?(result: Result): unknown
  /** In place of `json` where `--json` gives several values, one a line; undefined: this time it is one value. */
  ndjson?(result: Result): Iterable<unknown> | AsyncIterable<unknown> | undefined
  /** For people, on stdout. */
  show(io: Io, result: Result, flags: Flags): void | Promise<void>
  /** 0 when absent. */
  exit?(result: Result): ResultExit
}

/** Gives the command its types without repeating them. */
export const command = <Result>(spec: Command<Result>): Command<Result> => spec
