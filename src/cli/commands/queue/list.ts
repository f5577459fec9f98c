/** `mailctl queue list`: a page of the recipients in the queue. */
import { listQueue } from '../../../operations/queue.ts'
import type { QueuePage } from '../../../ports/queue.ts'
import { count } from '../../account-text.ts'
import { command } from '../../command.ts'
import { LIMIT, parseNumber, showTime, textFlag } from '../../moments.ts'
import { QUEUE_FILTERS, queueFilter, stateOption } from '../../queue-flags.ts'
import { queuePageJson } from '../../queue-json.ts'
import { showTable } from '../../table.ts'

export default command<QueuePage>({
  path: 'queue list',
  arguments: '[message-id]',
  summary: 'List recipients that wait for delivery',
  details: 'The oldest first. Filters narrow each other. --next-token goes on after the page before.',
  examples: [
    'mailctl queue list',
    'mailctl queue list --domain example.com --error 4.4 --older-than 2h',
    'mailctl queue list --limit 10 --json',
  ],
  options: [
    ...QUEUE_FILTERS,
    stateOption('queued', 'active', 'deferred', 'held'),
    LIMIT,
    { flags: '--next-token <token>', summary: 'the page after the one that gave this NextToken' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [messageId], flags) {
    const opened = await app()
    const after = textFlag(flags, 'nextToken')
    return await listQueue(opened, {
      ...queueFilter(messageId, flags, opened.clock.now()),
      limit: parseNumber(textFlag(flags, 'limit') ?? '100', { flag: '--limit', min: 1, max: 10_000, whole: true }),
      ...(after !== undefined && { after }),
    })
  },
  json: queuePageJson,
  async show(io, { entries, more, moreIsExact, next }) {
    if (entries.length === 0) return io.line('Nothing waits.')
    await showTable(io, {
      whole: true,
      head: ['Message', 'Recipient', 'State', 'Tries', 'Next', 'Last reply'],
      rows: entries.map(({ messageId, address, state, attempts, nextAttemptAt, lastReply }) => [
        messageId,
        address,
        state,
        attempts,
        nextAttemptAt === null ? '-' : showTime(nextAttemptAt),
        lastReply ?? '-',
      ]),
    })
    if (next !== null) io.line(`${moreIsExact ? '' : 'More than '}${count(more)} more: --limit, filters, or --next-token ${next}`)
  },
})
