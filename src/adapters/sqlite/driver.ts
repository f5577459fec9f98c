/**
 * Opens a SQLite file as a `Database`: WAL, every commit synced to disk, foreign keys on, file mode 0600, schema up to date.
 *
 * Several processes may have the file open. Never memory-mapped: with several processes SQLite does not promise that to be safe.
 * A database that is locked, read-only, damaged or on a full disk is a MailctlError `store-unavailable`.
 */
import type { Database, Migration, SqlRow, Statement } from '../../base/database.ts'
import { fileFailure, makePrivateFile } from '../private-files.ts'
import { chooseEngine, type Engine, type RawDatabase } from './engines.ts'
import { databaseFailure } from './failures.ts'
import { migrate } from './migrate.ts'
import { walSync } from './wal-sync.ts'

/** How long one statement waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000

const READS_ONLY = /^\s*(SELECT|PRAGMA|EXPLAIN)\b/i

/**
 * @param file made when it is not there; its folder must exist
 * @param migrations all there are, oldest first
 * @throws MailctlError config (no usable SQLite, or the file's schema is newer than `migrations`), store-unavailable
 */
export function openDatabase(file: string, migrations: readonly Migration[], engine: Engine = chooseEngine()): Database {
  makePrivateFile(file) // SQLite gives its -wal and -shm files the same mode
  let raw: RawDatabase | undefined
  try {
    raw = engine.open(file)
    raw.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    enableWal(raw)
    raw.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 67108864')
    const database = wrap(file, raw, engine)
    migrate(file, database, migrations)
    // Else each statement that fires a trigger takes and gives back 64 KB for its journal, which costs more than the statement.
    raw.exec('PRAGMA temp_store = MEMORY')
    return database
  } catch (error) {
    raw?.close()
    throw databaseFailure(file, error)
  }
}

/**
 * Turning WAL on needs the file alone for a moment, and SQLite answers "busy" at once where waiting could be a deadlock. Two processes
 * that make the same home at the same time meet here, so this waits as every other statement does.
 */
function enableWal(raw: RawDatabase): void {
  const givenUpAt = Date.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      raw.prepare('PRAGMA journal_mode = WAL').get()
      return
    } catch (error) {
      if (!/locked|busy/i.test(String(error)) || Date.now() > givenUpAt) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

function wrap(file: string, raw: RawDatabase, engine: Engine): Database {
  const statements = new Map<string, Statement>()
  const guarded = <T>(call: () => T): T => {
    try {
      return call()
    } catch (error) {
      throw databaseFailure(file, error)
    }
  }

  let writes = 0
  function prepare(sql: string): Statement {
    const known = statements.get(sql)
    if (known) return known
    const statement = guarded(() => raw.prepare(sql))
    const counts = READS_ONLY.test(sql) ? 0 : 1
    const made: Statement = {
      run(...values) {
        writes += counts
        try {
          return statement.run(...values)
        } catch (error) {
          throw databaseFailure(file, error)
        }
      },
      get(...values) {
        writes += counts
        try {
          const row = statement.get(...values)
          return row && engine.row(row)
        } catch (error) {
          throw databaseFailure(file, error)
        }
      },
      all(...values) {
        writes += counts
        return guarded(() => statement.all(...values).map(row => engine.row(row)))
      },
      iterate(...values) {
        writes += counts
        return rows(() => statement.iterate(...values))
      },
    }
    statements.set(sql, made)
    return made
  }

  function* rows(start: () => IterableIterator<Record<string, unknown>>): IterableIterator<SqlRow> {
    try {
      for (const row of start()) yield engine.row(row)
    } catch (error) {
      throw databaseFailure(file, error)
    }
  }

  function transaction<T>(work: () => T): T {
    prepare('BEGIN IMMEDIATE').run()
    try {
      const result = work()
      prepare('COMMIT').run()
      return result
    } catch (error) {
      rollBack()
      throw error
    }
  }

  /** SQLite then leaves the sync of the WAL to `walSync`. The setting takes effect when it is compiled, so it cannot be a kept statement. */
  function unsyncedTransaction<T>(work: () => T): T {
    guarded(() => raw.exec('PRAGMA synchronous = NORMAL'))
    try {
      return transaction(work)
    } finally {
      guarded(() => raw.exec('PRAGMA synchronous = FULL'))
    }
  }

  function rollBack(): void {
    try {
      raw.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself already, as it does after a full disk.
    }
  }

  const wal = walSync(file)

  /** Why the log is not to be trusted since a sync of it failed, however well the next one goes. */
  let doubt: unknown

  async function sync(): Promise<void> {
    if (doubt === undefined) {
      try {
        return await wal.sync()
      } catch (error) {
        doubt = error
      }
    }
    // The kernel may have dropped what it could not write. A checkpoint writes it all into the database itself, and syncs that.
    const row = prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    if (row?.['busy'] !== 0) throw fileFailure(`cannot sync ${file}`, doubt)
    doubt = undefined
  }

  let open = true
  return {
    prepare,
    exec: sql => guarded(() => raw.exec(sql)),
    transaction,
    unsyncedTransaction,
    sync,
    writes: () => writes,
    close() {
      if (!open) return
      open = false
      wal.close()
      guarded(() => raw.close())
    },
  }
}
