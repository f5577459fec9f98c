/**
 * Joins the writes of one turn of the event loop into one transaction. Each still stands alone: one that throws is undone by itself and
 * only its caller hears of it. The sync to disk goes on beside the program: what is committed while one runs shares the next. There is no
 * timer: a lone write waits for nothing. Nobody is answered before the sync that covers him has ended.
 *
 * Jobs are run without savepoints, for hardly any throws after it has written. When one does, the whole group is undone and run again with
 * a savepoint for each: so a job may run twice, and changes nothing but rows until its `afterCommit`.
 */
import type { Database } from '../../base/database.ts'

export interface CommitOptions<T> {
  /** Runs when the work is durable, before any other code. */
  readonly afterCommit?: (result: T) => void
  /** Octets the work writes, about: large ones make smaller groups. */
  readonly bytes?: number
}
/** Runs `work` under BEGIN IMMEDIATE and resolves once it is durable. */
export type Commit = <T>(work: () => T, options?: CommitOptions<T>) => Promise<T>

/** What is kept in memory beside the rows follows them by these. */
export interface GroupHooks {
  /** The transaction has begun: nobody else writes now. */
  begun(): void
  /** The last moment to write, for what is written once for all jobs. */
  ending(): void
  /** Nothing of the transaction was kept. */
  undone(): void
  /** @returns goes back to this moment */
  mark(): () => void
}

/** Short enough that another process does not wait long for the lock, nor this one for the disk. */
const LARGEST_GROUP = 200
const LARGEST_GROUP_BYTES = 1024 * 1024

type Ending = () => void
const ignore: Ending = () => {}
interface Job {
  /** Does the work, and returns what is to be done after the commit. */
  readonly run: () => Ending
  readonly fail: (error: unknown) => void
  readonly bytes: number
}

export function groupCommit(database: Database, hooks: GroupHooks): Commit {
  let waiting: Job[] = []
  let scheduled = false
  /** In the database, not yet known to be on the disk. */
  let committed: { readonly end: Ending; readonly fail: (error: unknown) => void }[] = []
  let syncing = false

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  function flush(): void {
    scheduled = false
    const group = nextGroup()
    if (waiting.length > 0) schedule()
    try {
      const endings = runTogether(group) ?? runApart(group)
      for (const [index, job] of group.entries()) committed.push({ end: endings[index] ?? ignore, fail: job.fail })
      syncCommitted()
    } catch (error) {
      for (const job of group) job.fail(error)
    }
  }

  /** Once nothing else is being synced, everything that was committed until then. */
  function syncCommitted(): void {
    if (syncing || committed.length === 0) return
    const covered = committed
    committed = []
    syncing = true
    database.sync().then(
      () => {
        syncing = false
        syncCommitted()
        for (const { end } of covered) end()
      },
      (error: unknown) => {
        syncing = false
        syncCommitted()
        for (const { fail } of covered) fail(error)
      },
    )
  }

  function nextGroup(): Job[] {
    let count = 0
    for (let bytes = 0; count < waiting.length && count < LARGEST_GROUP && bytes < LARGEST_GROUP_BYTES; count += 1)
      bytes += waiting[count]?.bytes ?? 0
    const group = count === waiting.length ? waiting : waiting.slice(0, count)
    waiting = count === waiting.length ? [] : waiting.slice(count)
    return group
  }

  /** @returns undefined when one job among several failed after it had written; nothing is kept then */
  function runTogether(group: readonly Job[]): Ending[] | undefined {
    let spoilt = false
    try {
      return inTransaction(() =>
        group.map(job => {
          const written = database.writes()
          try {
            return job.run()
          } catch (error) {
            if (database.writes() === written) return () => job.fail(error)
            spoilt = true
            throw error
          }
        }),
      )
    } catch (error) {
      if (spoilt && group.length > 1) return undefined
      throw error
    }
  }

  const runApart = (group: readonly Job[]): Ending[] => inTransaction(() => group.map(runAlone))

  function inTransaction(work: () => Ending[]): Ending[] {
    try {
      return database.unsyncedTransaction(() => {
        hooks.begun()
        const endings = work()
        hooks.ending()
        return endings
      })
    } catch (error) {
      hooks.undone()
      throw error
    }
  }

  function runAlone(job: Job): Ending {
    const goBack = hooks.mark()
    database.prepare('SAVEPOINT job').run()
    try {
      const end = job.run()
      database.prepare('RELEASE job').run()
      return end
    } catch (error) {
      try {
        database.prepare('ROLLBACK TO job').run()
        database.prepare('RELEASE job').run()
      } catch {
        // SQLite has ended the whole transaction, as after a full disk: then the whole group has failed.
        throw error
      }
      goBack()
      return () => job.fail(error)
    }
  }

  return <T>(work: () => T, { afterCommit, bytes = 0 }: CommitOptions<T> = {}) =>
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
        bytes,
      })
      schedule()
    })
}
