/** The store's suppression lists on SQLite: reads as they come, changes in the store's own commits. */
import type { Database } from '../../base/database.ts'
import type { SuppressionLists } from '../../ports/suppression.ts'
import type { Commit } from './group-commit.ts'
import {
  countSuppressed,
  findGlobally,
  findSuppressed,
  globalPage,
  type SuppressionRows,
  suppressedFrom,
  suppressedPage,
} from './suppression-rows.ts'

export function suppressionLists(
  database: Database,
  { commit, rows }: { readonly commit: Commit; readonly rows: SuppressionRows },
): SuppressionLists {
  return {
    suppressedAddress: async address => findSuppressed(database, address),
    suppressedAddresses: async ask => suppressedPage(database, ask),
    suppressedFrom: async (after, limit) => suppressedFrom(database, after, limit),
    suppressedCount: async () => countSuppressed(database),
    suppress: entries => commit(() => rows.put(entries)),
    unsuppress: addresses => commit(() => rows.remove(addresses)),
    globallySuppressed: async ask => globalPage(database, ask),
    async globallySuppressedAddress(address, now) {
      const found = findGlobally(database, address)
      return found !== undefined && found.expiresAt > now ? found : undefined
    },
    unsuppressGlobally: (address, now) => commit(() => rows.removeFromGlobalList(address, now)),
  }
}
