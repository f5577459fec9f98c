/** `mailctl queue stats`: recipients by state. */
import { type QueueStats, queueStats } from '../../../operations/queue.ts'
import { showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'
import { queueJson } from '../../queue-json.ts'

export default command<QueueStats>({
  path: 'queue stats',
  summary: 'Count waiting recipients by state',
  examples: ['mailctl queue stats', 'mailctl queue stats --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await queueStats(await app()),
  json: queueJson,
  show: (io, stats) =>
    showFacts(
      io,
      Object.entries(queueJson(stats)).map(([name, count]) => [name, String(count)]),
    ),
})
