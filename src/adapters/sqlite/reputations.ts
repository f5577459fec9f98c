/** The `Reputations` port on SQLite: counting, the standing that follows, and the case for production access. Rules are applied inside transactions. */
import { mayFollow, type ProductionCase } from '../../account/production-access.ts'
import { dayOf, judge, ratesOf, resumed, type Standing, WINDOW_DAYS } from '../../account/reputation.ts'
import type { Database } from '../../base/database.ts'
import type { Reputations } from '../../ports/reputation.ts'
import { readAccount, writeAccount } from './account-rows.ts'
import { text } from './columns.ts'
import type { Commit } from './group-commit.ts'
import { forgetCounts, readCounts } from './reputation-day-rows.ts'
import { type CountingPlace, countNext, readProofs, uncounted } from './reputation-rows.ts'
import { readStanding, writeStanding } from './standing-row.ts'

/** @param place.known is told when the account changes */
export function reputations(database: Database, { commit, known, network }: CountingPlace & { readonly commit: Commit }): Reputations {
  function judged(now: number): { readonly before: Standing; readonly after: Standing } {
    const before = readStanding(database)
    const today = dayOf(now)
    const [counted] = readCounts(database, { kind: 'account', since: today - WINDOW_DAYS, limit: 1 })
    return { before, after: judge(before, ratesOf(counted?.days ?? [], today), now) }
  }

  return {
    async countEvents({ limit, atLeast, now }) {
      if (uncounted(database) < Math.max(1, atLeast)) return false
      return await commit(() => countNext(database, { known, network }, { limit, now }))
    },
    countsOf: async ask => readCounts(database, ask),
    proofs: async () => readProofs(database),

    standing: async () => readStanding(database),
    async judgeStanding(now) {
      const seen = judged(now)
      if (seen.after === seen.before) return seen.before
      return await commit(() => {
        const { before, after } = judged(now)
        if (after !== before) writeStanding(database, after)
        known.forget()
        return after
      })
    },
    endSuspension: now =>
      commit(() => {
        const standing = resumed(now)
        known.forget()
        writeAccount(database, { ...readAccount(database), sendingEnabled: true })
        writeStanding(database, standing)
        forgetCounts(database, 'account', '')
        return standing
      }),

    productionCase: async () => readCase(database),
    saveProductionCase: (next, { step, account }) =>
      commit(() => {
        if (!mayFollow(readCase(database), next, step)) return false
        database.prepare('INSERT OR REPLACE INTO production_case (one, record) VALUES (1, ?)').run(JSON.stringify(next))
        if (account) {
          known.forget()
          writeAccount(database, { ...readAccount(database), ...account })
        }
        return true
      }),
  }
}

function readCase(database: Database): ProductionCase | undefined {
  const row = database.prepare('SELECT record FROM production_case').get()
  return row && JSON.parse(text(row, 'record'))
}
