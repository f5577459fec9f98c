/** `mailctl queue stats`: recipients by state, and the destinations that most is queued for. */
import { formatDuration } from '../../../base/duration.ts'
import { type QueueSummary, summariseQueue } from '../../../operations/queue.ts'
import { showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'
import type { Io } from '../../io.ts'
import { parseNumber, textFlag } from '../../moments.ts'
import { queueJson, queueSummaryJson } from '../../queue-json.ts'
import { drawQueue } from '../../queue-text.ts'
import { showTable } from '../../table.ts'
import { showWatched, WATCH_FLAGS, type Watched, watched, watchedJson } from '../../watch.ts'

interface Shown extends QueueSummary {
  readonly now: number
}

export default command<Watched<Shown>>({
  path: 'queue stats',
  summary: 'Count what is in the queue, by state and by destination',
  details:
    'Destinations are those that most waits for, with the age of their oldest recipient; what is being tried is not in their counts.',
  examples: ['mailctl queue stats', 'mailctl queue stats --watch', 'mailctl queue stats --limit 3 --json'],
  options: [{ flags: '--limit <n>', summary: 'at most this many destinations (default: 10)' }, ...WATCH_FLAGS],
  fails: ['usage', 'config', 'store-unavailable'],
  async run(context, _args, flags) {
    const opened = await context.app()
    const limit = parseNumber(textFlag(flags, 'limit') ?? '10', { flag: '--limit', min: 0, max: 10_000, whole: true })
    return await watched(context, flags, async () => ({ ...(await summariseQueue(opened, { limit })), now: opened.clock.now() }))
  },
  json: ({ first }) => queueSummaryJson(first),
  ndjson: shown => watchedJson(shown, queueSummaryJson),
  show: (io, shown) =>
    showWatched(io, shown, (to, summary) => (to.stdout.isTty ? drawQueue(to, summary, summary.now) : plainQueue(to, summary))),
})

async function plainQueue(io: Io, summary: Shown): Promise<void> {
  showFacts(
    io,
    Object.entries(queueJson(summary)).map(([name, number]) => [name, String(number)]),
  )
  if (summary.destinations.length === 0) return
  io.line()
  await showTable(io, {
    head: ['Destination', 'Queued', 'Deferred', 'Held', 'Oldest'],
    rows: summary.destinations.map(({ domain, queued, deferred, held, oldestAt }) => [
      domain,
      queued,
      deferred,
      held,
      oldestAt === null ? '-' : formatDuration(Math.max(0, summary.now - oldestAt)),
    ]),
  })
}
