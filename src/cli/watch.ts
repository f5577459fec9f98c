/**
 * `--watch`: the same again and again until the reader or the command goes away. On a terminal each picture is drawn over the one before
 * in a single write, so nothing flickers, and the last one stays; elsewhere one follows the other, with `--json` an object a line.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration, parseDuration } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import type { CommandContext, Flags, OptionSpec } from './command.ts'
import { type Io, linesOf } from './io.ts'
import { textFlag } from './moments.ts'
import { cutText } from './text-width.ts'

export interface Watched<T> {
  readonly first: T
  /** With `--watch`: what comes after it. */
  readonly following: AsyncIterable<T> | undefined
}

export const WATCH_FLAGS: readonly OptionSpec[] = [
  { flags: '--watch', summary: 'show it again and again; Ctrl-C ends it' },
  { flags: '--interval <duration>', summary: 'with --watch: how often (default: 2s)' },
]

const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 3_600_000

/** @throws MailctlError usage; what `read` throws */
export async function watched<T>(
  { io, signal }: Pick<CommandContext, 'io' | 'signal'>,
  flags: Flags,
  read: () => Promise<T>,
): Promise<Watched<T>> {
  const everyMs = parseInterval(textFlag(flags, 'interval') ?? '2s')
  if (flags['watch'] !== true && flags['interval'] !== undefined)
    throw new MailctlError('usage', '--interval needs --watch', { hint: 'Add --watch.' })
  async function* following(): AsyncIterable<T> {
    for (;;) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted || io.stdout.isGone) return
      yield await read()
    }
  }
  return { first: await read(), following: flags['watch'] === true ? following() : undefined }
}

function parseInterval(text: string): number {
  const ms = parseDuration(text)
  if (ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS) return ms
  throw new MailctlError('usage', `'${text}' is not a value of --interval`, {
    hint: `Write a duration from ${formatDuration(MIN_INTERVAL_MS)} to ${formatDuration(MAX_INTERVAL_MS)}.`,
  })
}

/** For `ndjson` of a command. */
export const watchedJson = <T>({ first, following }: Watched<T>, json: (one: T) => unknown): AsyncIterable<unknown> | undefined =>
  following === undefined ? undefined : eachAsJson({ first, following }, json)

async function* eachAsJson<T>({ first, following }: Watched<T>, json: (one: T) => unknown): AsyncIterable<unknown> {
  yield json(first)
  for await (const next of following ?? []) yield json(next)
}

type Draw<T> = (io: Io, one: T) => void | Promise<void>

export async function showWatched<T>(io: Io, { first, following }: Watched<T>, draw: Draw<T>): Promise<void> {
  if (following === undefined) await draw(io, first)
  else await (io.movesCursor ? redraw : repeat)(io, { first, following }, draw)
}

async function repeat<T>(io: Io, { first, following }: Watched<T>, draw: Draw<T>): Promise<void> {
  await draw(io, first)
  for await (const next of following ?? []) {
    io.line()
    await draw(io, next)
  }
}

const CLEAR = '\u001b[2J'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

async function redraw<T>(io: Io, { first, following }: Watched<T>, draw: Draw<T>): Promise<void> {
  let size = ''
  const show = async (one: T): Promise<void> => {
    const lines = fitted(await linesOf(io, to => draw(to, one)), io.stdout)
    // After a change of size, what stands on the screen is broken anyhow.
    const before = size
    size = `${io.stdout.columns}x${io.stdout.rows}`
    io.stdout.write(`${before === size ? '' : CLEAR}${HOME}${lines.map(line => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`)
  }
  io.stdout.write(HIDE_CURSOR)
  try {
    await show(first)
    for await (const next of following ?? []) await show(next)
  } finally {
    io.stdout.write(SHOW_CURSOR)
  }
}

/** What a screen holds, with a line left for the prompt that comes after it. */
function fitted(lines: readonly string[], { columns, rows }: Io['stdout']): string[] {
  const room = Math.max(1, rows - 1)
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `... and ${lines.length - room + 1} more lines`]
  return shown.map(line => cutText(line, columns))
}
