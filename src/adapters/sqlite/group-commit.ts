/**
 * Joins the writes of one turn of the event loop into one transaction, so that they share one sync to disk. Each still stands alone: one
 * that throws is undone by itself and only its caller hears of it. There is no timer: a lone write waits for nothing.
 */
import type { Database } from '../../base/database.ts'

/** Runs `work` under BEGIN IMMEDIATE and resolves once it is durable; `afterCommit` runs then, before any other code. */
export type Commit = <T>(work: () => T, afterCommit?: (result: T) => void) => Promise<T>

/** Short enough that another process does not wait long for the lock. */
const LARGEST_GROUP = 200

interface Job {
  /** Does the work, and returns what is to be done after the commit. */
  readonly run: () => () => void
  readonly fail: (error: unknown) => void
}

export function groupCommit(database: Database): Commit {
  let waiting: Job[] = []
  let scheduled = false

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  function flush(): void {
    scheduled = false
    const group = waiting.slice(0, LARGEST_GROUP)
    waiting = waiting.slice(LARGEST_GROUP)
    if (waiting.length > 0) schedule()
    try {
      for (const done of database.transaction(() => group.map(job => runOne(job, group.length > 1)))) done()
    } catch (error) {
      for (const job of group) job.fail(error)
    }
  }

  function runOne(job: Job, shared: boolean): () => void {
    if (!shared) return job.run()
    database.prepare('SAVEPOINT job').run()
    try {
      const done = job.run()
      database.prepare('RELEASE job').run()
      return done
    } catch (error) {
      // Throws when SQLite has ended the whole transaction, as after a full disk: then the whole group has failed.
      database.prepare('ROLLBACK TO job').run()
      database.prepare('RELEASE job').run()
      return () => job.fail(error)
    }
  }

  return <T>(work: () => T, afterCommit?: (result: T) => void) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({
        run: () => {
          const result = work()
          return () => {
            afterCommit?.(result)
            resolve(result)
          }
        },
        fail: reject,
      })
      schedule()
    })
}
