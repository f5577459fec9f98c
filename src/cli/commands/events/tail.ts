/** `mailctl events tail`: events as they happen. */
import { parseDuration } from '../../../base/duration.ts'
import { printable } from '../../../base/redact.ts'
import { followEvents } from '../../../operations/follow-events.ts'
import type { LoggedEvent } from '../../../ports/store.ts'
import { command } from '../../command.ts'
import { EVENT_FILTERS, eventCells, eventFilter } from '../../event-flags.ts'
import { parseNumber, textFlag } from '../../moments.ts'

export default command<AsyncIterable<LoggedEvent>>({
  path: 'events tail',
  arguments: '[message-id]',
  summary: 'Show events as they happen',
  details:
    'Begins with the next event, or with --since at that moment, and goes on until Ctrl-C, --timeout or --limit. With --json an event a line. ' +
    'The time is real time, whatever the clock of the account.',
  examples: [
    'mailctl events tail',
    'mailctl events tail --type Bounce --json',
    'mailctl events tail --since 1h --timeout 30s --json | jq .eventType',
  ],
  options: [
    ...EVENT_FILTERS,
    { flags: '--limit <n>', summary: 'end after so many events' },
    { flags: '--timeout <duration>', summary: 'end after this long' },
  ],
  fails: ['usage', 'interrupted', 'config', 'store-unavailable'],
  async run({ app, io, signal }, [messageId], flags) {
    const opened = await app()
    const [limit, timeout] = [textFlag(flags, 'limit'), textFlag(flags, 'timeout')]
    return followEvents(opened, {
      filter: eventFilter(messageId, flags, opened.clock.now()),
      ...(limit !== undefined && { limit: parseNumber(limit, { flag: '--limit', min: 1, max: 1_000_000_000, whole: true }) }),
      ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) }),
      signal,
      isGone: () => io.stdout.isGone,
    })
  },
  ndjson: eventsOf,
  async show(io, events) {
    for await (const event of events) io.line(eventCells(event).map(printable).join('  '))
  },
})

async function* eventsOf(events: AsyncIterable<LoggedEvent>) {
  for await (const { event } of events) yield event
}
