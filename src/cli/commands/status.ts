/** `mailctl status`: the account on one screen, once or again and again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration, parseDuration } from '../../base/duration.ts'
import { MailctlError } from '../../base/errors.ts'
import { accountView } from '../../operations/account-view.ts'
import { readStatus } from '../../operations/read-status.ts'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { isoTime, textFlag } from '../moments.ts'
import { queueJson } from '../queue-json.ts'
import { nextText, type ShownStatus, statusLines } from '../status-text.ts'

interface Shown {
  readonly status: ShownStatus
  /** With `--watch`: what comes after it, until the reader or the command goes away. */
  readonly following: AsyncIterable<ShownStatus> | undefined
}

const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 3_600_000

export default command<Shown>({
  path: 'status',
  summary: 'Show the account on one screen',
  details:
    'The last 24 hours begin with the ten minutes in which they began. --watch draws the screen anew on a terminal; elsewhere it prints one ' +
    'after the other, with --json an object a line. Ctrl-C ends it.',
  examples: ['mailctl status', 'mailctl status --json', 'mailctl status --watch --interval 5s'],
  options: [
    { flags: '--watch', summary: 'show it again and again' },
    { flags: '--interval <duration>', summary: 'with --watch: how often (default: 2s)' },
  ],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app, config, io, signal }, _args, flags) {
    const everyMs = parseInterval(textFlag(flags, 'interval') ?? '2s')
    if (flags['watch'] !== true && flags['interval'] !== undefined)
      throw new MailctlError('usage', '--interval needs --watch', { hint: 'mailctl status --watch --interval 5s' })
    const opened = await app()
    const read = async (): Promise<ShownStatus> => ({ ...(await readStatus(opened)), config })
    async function* following(): AsyncIterable<ShownStatus> {
      for (;;) {
        await sleep(everyMs, undefined, { signal }).catch(() => undefined)
        if (signal.aborted || io.stdout.isGone) return
        yield await read()
      }
    }
    return { status: await read(), following: flags['watch'] === true ? following() : undefined }
  },
  json: ({ status }) => statusJson(status),
  ndjson: shown => (shown.following === undefined ? undefined : eachAsJson(shown)),
  show: async (io, { status, following }) => {
    if (following === undefined) for (const line of statusLines(io, status)) io.line(line)
    else await (io.stdout.isTty ? redraw : repeat)(io, { status, following })
  },
})

function parseInterval(text: string): number {
  const ms = parseDuration(text)
  if (ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS) return ms
  throw new MailctlError('usage', `'${text}' is not a value of --interval`, {
    hint: `Write a duration from ${formatDuration(MIN_INTERVAL_MS)} to ${formatDuration(MAX_INTERVAL_MS)}.`,
  })
}

async function* eachAsJson({ status, following }: Shown): AsyncIterable<unknown> {
  yield statusJson(status)
  for await (const next of following ?? []) yield statusJson(next)
}

async function repeat(io: Io, { status, following }: Shown): Promise<void> {
  for (const line of statusLines(io, status)) io.line(line)
  for await (const next of following ?? []) for (const line of ['', ...statusLines(io, next)]) io.line(line)
}

const CLEAR = '\u001b[2J'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

/** Over the screen before, line by line, so that nothing flickers; the last screen stays when it ends. */
async function redraw(io: Io, { status, following }: Shown): Promise<void> {
  const draw = (shown: ShownStatus): void => {
    io.stdout.write(HOME)
    for (const line of statusLines(io, shown)) {
      io.stdout.write(CLEAR_LINE)
      io.line(line)
    }
    io.stdout.write(CLEAR_BELOW)
  }
  io.stdout.write(HIDE_CURSOR + CLEAR)
  try {
    draw(status)
    for await (const next of following ?? []) draw(next)
  } finally {
    io.stdout.write(SHOW_CURSOR)
  }
}

const statusJson = (status: ShownStatus) => ({
  ...accountView(status),
  Home: status.config.home,
  Network: status.config.settings.network,
  Clock: { Kind: status.clock.kind, Now: isoTime(status.clock.now) },
  EmailIdentities: status.identities.map(({ identity: { name, type, verification }, concern }) => ({
    IdentityType: type,
    IdentityName: name,
    SendingEnabled: verification.status === 'SUCCESS',
    VerificationStatus: verification.status,
    NeedsAttention: concern !== null,
  })),
  Queue: {
    ...queueJson(status.queue),
    ...(status.queue.oldestAt !== null && { OldestTimestamp: isoTime(status.queue.oldestAt) }),
    ...(status.queue.deferral && {
      TopDeferral: {
        Status: status.queue.deferral.status,
        Recipients: status.queue.deferral.recipients,
        RecipientsIsExact: status.queue.deferral.isExact,
        ...(status.queue.deferral.lastReply !== null && { SmtpResponse: status.queue.deferral.lastReply }),
      },
    }),
  },
  EventsLast24Hours: status.day.events,
  RecipientsLast24Hours: {
    Sent: status.day.sent,
    Delivered: status.day.delivered,
    Bounced: status.day.bounced,
    Complained: status.day.complained,
    Delayed: status.day.delayed,
  },
  Activity: status.day.spans.map(({ at, sent, delivered, bounced }) => ({
    Timestamp: isoTime(at),
    Sent: sent,
    Delivered: delivered,
    Bounced: bounced,
  })),
  NextCommand: nextText(status),
})
