/**
 * The three streams and what may be drawn on them. Nothing else in the terminal door writes to a stream. No colour, spinner or cursor
 * movement goes to a stream that is no terminal; chalk and ora are loaded only when something is really drawn. A reader that went away
 * (EPIPE) is not an error: what is written afterwards is dropped.
 */
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { isUtf8Locale } from './locale.ts'

const COLOURS = ['bold', 'dim', 'green', 'yellow', 'red', 'cyan'] as const
export type Colour = (typeof COLOURS)[number]

export interface Io {
  /** `isGone`: nobody reads any more, what is written is dropped. */
  readonly stdout: {
    readonly isTty: boolean
    readonly columns: number
    readonly rows: number
    readonly isGone: boolean
    write(text: string | Uint8Array): void
  }
  readonly stderr: { readonly isTty: boolean; write(text: string): void; readonly stream: Writable }
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** A person is there and may be asked: stdin and stderr are terminals, no `--no-input`, no `CI`. */
  readonly interactive: boolean
  /** Aborted when the command is to end: what is being asked is given up. */
  readonly signal: AbortSignal
  /** Box drawing and bars may be written to stdout: a terminal that can do more than print ASCII, whose locale is UTF-8. */
  readonly unicode: boolean
  /** The cursor of stdout may be moved. */
  readonly movesCursor: boolean
  /** One line of result on stdout; control characters other than our own colours are replaced. */
  line(text?: string): void
  /** Octets to stdout as they are, at the reader's pace. */
  pipe(source: Readable): Promise<void>
  /** Colours that are the text itself when colour is off. */
  readonly colour: Readonly<Record<Colour, (text: string) => string>>
}

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
}

export interface IoChoices {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: 'auto' | 'always' | 'never'
  readonly input: boolean
  /** Results are JSON: nothing is coloured, so chalk is not loaded. */
  readonly json: boolean
  readonly signal: AbortSignal
}

export const isCi = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== '0' && value !== 'false'

/** `--color` wins; then NO_COLOR (any value that is not empty); then CI and TERM=dumb; then whether stdout is a terminal. */
function wantsColour({ env, color, json }: IoChoices, isTty: boolean): boolean {
  if (json || color === 'never') return false
  if (color === 'always') return true
  return isTty && !env['NO_COLOR'] && !isCi(env['CI']) && env['TERM'] !== 'dumb'
}

const plain = Object.fromEntries(COLOURS.map(name => [name, (text: string) => text])) as Io['colour']

async function colours(wanted: boolean): Promise<Io['colour']> {
  if (!wanted) return plain
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return Object.fromEntries(COLOURS.map(name => [name, (text: string) => chalk[name](text)])) as Io['colour']
}

/** Keeps line feeds, tabs and SGR sequences (`ESC [ … m`), which our own colours are; replaces every other control character. */
const safeLine = (text: string): string =>
  text.replace(/\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, match =>
    match.length > 1 ? match : '\ufffd',
  )

export async function openIo(streams: Streams, choices: IoChoices): Promise<Io> {
  const { stdout, stderr } = streams
  let gone = false
  const stop = (): void => {
    gone = true
  }
  stdout.on('error', stop)
  stderr.on('error', () => {})
  const outIsTty = stdout.isTTY === true
  const errIsTty = stderr.isTTY === true
  const isDumb = choices.env['TERM'] === 'dumb'
  const write = (text: string | Uint8Array): void => {
    if (!gone) stdout.write(text)
  }
  return {
    get stdin() {
      return streams.stdin
    },
    stdout: {
      isTty: outIsTty,
      get columns() {
        return stdout.columns || 80
      },
      get rows() {
        return stdout.rows || 24
      },
      get isGone() {
        return gone
      },
      write,
    },
    stderr: { isTty: errIsTty, write: text => void stderr.write(text), stream: stderr },
    get interactive() {
      return errIsTty && choices.input && !isCi(choices.env['CI']) && streams.stdin.isTTY === true
    },
    signal: choices.signal,
    unicode: outIsTty && !isDumb && isUtf8Locale(choices.env),
    movesCursor: outIsTty && !isDumb,
    line: (text = '') => write(`${safeLine(text)}\n`),
    async pipe(source) {
      for await (const chunk of source) {
        if (gone) break
        if (!stdout.write(chunk)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(stop)
      }
    },
    colour: await colours(wantsColour(choices, outIsTty)),
  }
}

/** What `draw` writes line by line, as text; its raw writes go nowhere. */
export async function linesOf(io: Io, draw: (io: Io) => void | Promise<void>): Promise<string[]> {
  const lines: string[] = []
  const { isTty, isGone } = io.stdout
  await draw({
    ...io,
    stdin: io.stdin,
    interactive: false,
    stdout: { isTty, isGone, columns: io.stdout.columns, rows: io.stdout.rows, write: () => {} },
    line: (text = '') => void lines.push(...safeLine(text).split('\n')),
  })
  return lines
}

export interface Spinner {
  show(text: string): void
  /** Removes the line. */
  stop(): void
}

/** A spinner on a terminal's stderr; elsewhere it draws nothing. ora comes with the first text. */
export function openSpinner(stderr: Streams['stderr'], enabled: boolean): Spinner {
  if (!enabled || stderr.isTTY !== true) return { show: () => {}, stop: () => {} }
  let wanted: string | undefined
  let spinner: { text: string; stop(): unknown } | undefined
  let loading = false
  const load = async (): Promise<void> => {
    const { default: ora } = await import('ora')
    if (wanted !== undefined) spinner = ora({ text: wanted, stream: stderr as NodeJS.WriteStream, discardStdin: false }).start()
    loading = false
  }
  return {
    show(text) {
      wanted = text
      if (spinner) spinner.text = text
      else if (!loading) {
        loading = true
        void load()
      }
    },
    stop() {
      wanted = undefined
      spinner?.stop()
      spinner = undefined
    },
  }
}
