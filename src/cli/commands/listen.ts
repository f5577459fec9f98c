/** `mailctl listen`: events to a local URL as they happen, or from a recording. */
import { open } from 'node:fs/promises'
import type { Service } from '../../account/event-destination.ts'
import { parseDuration } from '../../base/duration.ts'
import { MailctlError, messageOf } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { followEvents } from '../../operations/follow-events.ts'
import { FAULTS, type Fault, type Forwarded, forwardEvents } from '../../operations/forward-events.ts'
import { isAbout, readRecording } from '../../operations/replay-events.ts'
import type { LoggedEvent } from '../../ports/store.ts'
import { type CommandContext, command, type Flags } from '../command.ts'
import { EVENT_FILTERS, eventFilter } from '../event-flags.ts'
import { parseNumber, showTime, textFlag } from '../moments.ts'
import { readInput } from '../values.ts'

type Heard = { readonly event: LoggedEvent } & Partial<Forwarded>

export default command<AsyncIterable<Heard>>({
  path: 'listen',
  summary: 'Send events to a local URL as they happen',
  details:
    'Signed SNS notifications, as an event destination would send them, to an endpoint on this machine: no tunnel, no subscription, and nothing is stored. ' +
    'Goes on until Ctrl-C. What is not taken is said and not sent again. --record keeps the events, --replay sends them again and ends. --fault makes ' +
    'them come as SNS may bring them: each twice, in pairs the later one first, three seconds late, or again because the first answer got lost.',
  examples: [
    'mailctl listen --forward-to http://127.0.0.1:3000/ses',
    'mailctl listen --forward-to http://127.0.0.1:3000/ses --type Bounce --config-set receipts --record bounces.jsonl',
    'mailctl listen --forward-to http://127.0.0.1:3000/ses --replay bounces.jsonl --fault duplicate',
  ],
  options: [
    { flags: '--forward-to <url>', summary: 'where they are posted' },
    ...EVENT_FILTERS,
    {
      flags: '--form <form>',
      summary: 'what is said: sns, eventbridge, firehose, or plain (default: sns)',
      choices: ['sns', 'eventbridge', 'firehose', 'plain'],
    },
    { flags: '--signature-version <version>', summary: 'of SNS: 1 signs with SHA-1, 2 with SHA-256 (default: 1)', choices: ['1', '2'] },
    { flags: '--record <file>', summary: 'add the events to this file, one a line', path: true },
    { flags: '--replay <file>', summary: 'send the events of this file, and end; - is stdin', path: true },
    { flags: '--limit <n>', summary: 'end after so many events' },
    { flags: '--timeout <duration>', summary: 'end after this long' },
    { flags: '--fault <fault>', summary: `what goes wrong on the way: ${FAULTS.join(', ')}`, choices: FAULTS },
  ],
  fails: ['usage', 'bad-data', 'no-input', 'interrupted', 'config', 'store-unavailable'],
  async run(context, _, flags) {
    const [url, record] = [textFlag(flags, 'forwardTo'), textFlag(flags, 'record')]
    if (url === undefined && record === undefined)
      throw new MailctlError('usage', 'what to do with the events was not said', { hint: 'Give --forward-to URL, or --record FILE.' })
    const app = await context.app()
    const events = recorded(await eventsOf(context, flags), record)
    if (url === undefined) return heard(events)
    const fault = textFlag(flags, 'fault')
    return forwardEvents(app, {
      events,
      url,
      form: (textFlag(flags, 'form') ?? 'sns') as Service['kind'],
      signatureVersion: textFlag(flags, 'signatureVersion') === '2' ? 2 : 1,
      ...(fault !== undefined && { fault: fault as Fault }),
      signal: context.signal,
    })
  },
  async *ndjson(all) {
    for await (const { event, attempt, receipt } of all)
      yield {
        EventType: event.type,
        MessageId: event.messageId,
        ...(receipt && {
          Attempt: attempt,
          Taken: receipt.taken,
          Result: receipt.summary,
          StatusCode: receipt.response?.status,
          Milliseconds: receipt.ms,
        }),
        Event: event.event,
      }
  },
  async show(io, all) {
    for await (const { event, attempt = 1, receipt } of all) {
      const about = `${showTime(event.at)}  ${event.type.padEnd(14)} ${event.messageId}`
      const result = receipt && (receipt.taken ? io.colour.green : io.colour.red)(`${printable(receipt.summary)} (${receipt.ms} ms)`)
      io.line([printable(about), ...(result ? [result] : []), ...(attempt > 1 ? ['again'] : [])].join('  '))
    }
  },
})

async function eventsOf(context: CommandContext, flags: Flags): Promise<AsyncIterable<LoggedEvent>> {
  const app = await context.app()
  const filter = eventFilter(undefined, flags, app.clock.now())
  const [replay, limit, timeout] = ['replay', 'limit', 'timeout'].map(name => textFlag(flags, name))
  const most = limit === undefined ? undefined : parseNumber(limit, { flag: '--limit', min: 1, max: 1_000_000_000, whole: true })
  if (replay === undefined)
    return followEvents(app, {
      filter,
      ...(most !== undefined && { limit: most }),
      ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) }),
      signal: context.signal,
      isGone: () => context.io.stdout.isGone,
    })
  const all = readRecording((await readInput(replay, context.io)).toString('utf8'), replay === '-' ? 'stdin' : replay)
  return among(all.filter(event => isAbout(event, filter)).slice(0, most), context.signal)
}

async function* among(events: readonly LoggedEvent[], signal: AbortSignal): AsyncGenerator<LoggedEvent> {
  for (const event of events) {
    if (signal.aborted) throw new MailctlError('interrupted', 'interrupted')
    yield event
  }
}

async function* heard(events: AsyncIterable<LoggedEvent>): AsyncGenerator<Heard> {
  for await (const event of events) yield { event }
}

/** Written before it is sent on, so that the recording has what an endpoint got. @throws MailctlError store-unavailable */
async function* recorded(events: AsyncIterable<LoggedEvent>, file: string | undefined): AsyncGenerator<LoggedEvent> {
  if (file === undefined) return yield* events
  const failed = (cause: unknown): never => {
    throw new MailctlError('store-unavailable', `cannot write ${printable(file)}: ${messageOf(cause)}`, {
      hint: 'Check the folder and the space on its disk.',
      cause,
    })
  }
  const handle = await open(file, 'a', 0o600).catch(failed)
  try {
    for await (const event of events) {
      await handle.appendFile(`${JSON.stringify(event.event)}\n`).catch(failed)
      yield event
    }
  } finally {
    await handle.close()
  }
}
