/** `mailctl queue list`: recipients that still wait. */
import { listQueue } from '../../../operations/queue.ts'
import type { QueueEntry } from '../../../ports/store.ts'
import { command } from '../../command.ts'
import { LIMIT, limitFlag, showTime } from '../../moments.ts'
import { queueEntryJson } from '../../queue-json.ts'
import { showTable } from '../../table.ts'

export default command<readonly QueueEntry[]>({
  path: 'queue list',
  summary: 'List recipients that wait for delivery',
  examples: ['mailctl queue list', 'mailctl queue list --limit 10 --json'],
  options: [LIMIT],
  fails: ['usage', 'config', 'store-unavailable'],
  run: async ({ app }, _args, flags) => await listQueue(await app(), { limit: limitFlag(flags) }),
  json: entries => ({ Recipients: entries.map(queueEntryJson) }),
  async show(io, entries) {
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
  },
})
