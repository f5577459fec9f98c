/** Whether another connection, of this process or another, has committed to the file. SQLite counts that: `PRAGMA data_version`. */
import type { Database, SqlValue } from '../../base/database.ts'

/** @returns a function that says whether anybody else has committed since it was last called; the first time it says no */
export function watchOthers(database: Database): () => boolean {
  const version = (): SqlValue | undefined => database.prepare('PRAGMA data_version').get()?.['data_version']
  let seen = version()
  return () => {
    const now = version()
    if (now === seen) return false
    seen = now
    return true
  }
}
