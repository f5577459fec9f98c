/** The store's queue tools on SQLite: reads as they come, changes in the store's own commits. */
import type { Database } from '../../base/database.ts'
import type { QueueTools } from '../../ports/queue.ts'
import type { Commit } from './group-commit.ts'
import { dropContent, isOver } from './message-rows.ts'
import { changeBatch } from './queue-change.ts'
import { countMatching, destinations, queuePage, queueStats, topDeferral } from './queue-view.ts'
import type { Spool } from './spool.ts'

export function queueTools(database: Database, { commit, spool }: { readonly commit: Commit; readonly spool: Spool }): QueueTools {
  return {
    queue: async ask => queuePage(database, ask),
    queueCount: async filter => countMatching(database, filter),
    async changeQueue(ask) {
      const { changed, next } = await commit(
        () => {
          const { ended, ...batch } = changeBatch(database, ask)
          const segments = new Set(ended.flatMap(seq => (isOver(database, seq) ? (dropContent(database, seq) ?? []) : [])))
          return { ...batch, unneeded: segments.size === 0 ? [] : spool.collect([...segments]) }
        },
        { afterCommit: ({ unneeded }) => spool.unlink(unneeded) },
      )
      return { changed, next }
    },
    queueStats: async () => queueStats(database),
    topDeferral: async () => topDeferral(database),
    queueDestinations: async limit => destinations(database, limit),
  }
}
