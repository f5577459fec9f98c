/**
 * One terminal command as a value: how it is written, what it runs, how its result is shown. `run-command.ts` adds everything that is
 * the same for all of them: global flags, `--json`, the spinner, errors, exit codes and the frame of `--help`.
 */
import type { ErrorCode } from '../base/errors.ts'
import type { App } from '../operations/app.ts'
import type { Config } from '../ports/settings.ts'
import type { Io } from './io.ts'

export interface OptionSpec {
  /** As commander writes it: `--attach <file>`, `-n, --dry-run`. */
  readonly flags: string
  readonly summary: string
  /** May be given several times; its value is then an array. */
  readonly repeat?: boolean
  readonly choices?: readonly string[]
}

/** Option values under their camel-case names, as commander gives them. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export interface CommandContext {
  readonly io: Io
  /** Opens the account on first use; closed by `run-command` after the command. @throws MailctlError config when there is no home */
  readonly app: () => Promise<App>
  /** The folder of the account and the settings file; commands that only read settings need no app. */
  readonly config: Config
  /** Aborted by Ctrl-C, SIGTERM. */
  readonly signal: AbortSignal
  /** Shows what is going on, on a terminal's stderr only; replaced by each call, removed by the end. */
  readonly progress: (text: string) => void
  /** One line on stderr for people: a warning or a hint. Not with `--json` when the command fails. */
  readonly notice: (text: string) => void
}

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
  /** Errors it can end with; `--help` prints their exit codes. */
  readonly fails: readonly ErrorCode[]
  /** Exit codes that are results: `{ 1: 'not verified yet', 75: 'timed out waiting' }`. */
  readonly results?: Readonly<Record<number, string>>
  run(context: CommandContext, args: readonly string[], flags: Flags): Promise<Result>
  /** The one JSON value. Absent: the result itself. */
  json?(result: Result): unknown
  /** For people, on stdout. */
  show(io: Io, result: Result, flags: Flags): void | Promise<void>
  /** 0 when absent. */
  exit?(result: Result): number
}

/** Gives the command its types without repeating them. */
export const command = <Result>(spec: Command<Result>): Command<Result> => spec
