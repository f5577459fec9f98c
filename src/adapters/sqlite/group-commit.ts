/**
 * Joins the writes of one turn of the event loop into one transaction. Each still stands alone: one that throws is undone by itself and
 * only its caller hears of it. The sync to disk goes on beside the program: what comes while one runs waits for the next. A lone write
 * waits for nothing; where they come in numbers, transactions keep `GATHER_MS` apart. Nobody is answered before the sync that covers him has ended.
 *
 * A job that throws before it has written costs the others nothing, and hardly any throws later. When one does, or the commit fails, the
 * whole group is undone and its jobs are run again in a transaction each: so a job may run twice, and changes nothing but rows, and what
 * the hooks put right, until its `afterCommit`.
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
  /** Nothing of it was kept. */
  undone(): void
}

/** Short enough that another process does not wait long for the lock, nor this one for the disk. */
const LARGEST_GROUP = 200
const LARGEST_GROUP_BYTES = 1024 * 1024

/** A disk that does not sync is asked again so soon, and for so long; below the 10 s in which `serve` has to stop. */
const SYNC_AGAIN_MS = 100
const SYNC_FOR_MS = 5_000

/** From one transaction to the next while jobs come in numbers: each writes the same dozen pages to the log again, whatever its size. */
const GATHER_MS = 8

type Ending = () => void
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
  /** The last group was more than one job: others will follow, and may share the next. */
  let isBusy = false
  /** `performance.now()` of the last transaction. */
  let flushedAt = 0
  /** Syncs that failed one after the other. */
  let failures = 0

  /** While the disk is busy nothing is gained by another transaction: its jobs wait together for the sync that is to cover them. */
  function schedule(): void {
    if (scheduled || syncing || waiting.length === 0) return
    scheduled = true
    const restMs = isBusy ? flushedAt + GATHER_MS - performance.now() : 0
    if (restMs < 1) setImmediate(flush)
    else setTimeout(flush, restMs)
  }

  function flush(): void {
    scheduled = false
    const group = nextGroup()
    isBusy = group.length > 1
    flushedAt = performance.now()
    if (!run(group)) for (const job of group) run([job])
    syncCommitted()
    schedule()
  }

  function nextGroup(): Job[] {
    let count = 0
    for (let bytes = 0; count < waiting.length && count < LARGEST_GROUP && bytes < LARGEST_GROUP_BYTES; count += 1)
      bytes += waiting[count]?.bytes ?? 0
    const group = count === waiting.length ? waiting : waiting.slice(0, count)
    waiting = count === waiting.length ? [] : waiting.slice(count)
    return group
  }

  /** @returns false when the jobs have to be run one by one; nothing was kept then */
  function run(group: readonly Job[]): boolean {
    let begun = false
    try {
      const done = database.unsyncedTransaction(() => {
        begun = true
        hooks.begun()
        const made = group.map(job => ({ end: attempt(job), fail: job.fail }))
        hooks.ending()
        return made
      })
      for (const one of done) committed.push(one)
      return true
    } catch (error) {
      hooks.undone()
      if (begun && group.length > 1) return false
      for (const job of group) job.fail(error)
      return true
    }
  }

  function attempt(job: Job): Ending {
    const written = database.writes()
    try {
      return job.run()
    } catch (error) {
      if (database.writes() !== written) throw error
      return () => job.fail(error)
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
        failures = 0
        syncing = false
        for (const { end } of covered) end()
        syncCommitted()
        schedule()
      },
      (error: unknown) => {
        failures += 1
        if (failures * SYNC_AGAIN_MS > SYNC_FOR_MS) {
          failures = 0
          for (const { fail } of covered) fail(error)
        } else {
          // It is in the database, and others see it there: to refuse it now would be untrue.
          committed = [...covered, ...committed]
        }
        setTimeout(() => {
          syncing = false
          syncCommitted()
          schedule()
        }, SYNC_AGAIN_MS)
      },
    )
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
