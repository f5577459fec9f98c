/**
 * An embedded SQL database as plain calls. Opened outside (`adapters/sqlite/driver.ts`), so that rooms which keep a file of rows need
 * not know which SQLite driver this Node has.
 */

/** What a column may hold. Integers beyond 2^53 are an error, never rounded. */
export type SqlValue = string | number | Uint8Array | null
export type SqlRow = Readonly<Record<string, SqlValue>>

export interface Statement {
  /** `lastInsertRowid` is only of use after an INSERT into a table with a row id. */
  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number }
  get(...values: SqlValue[]): SqlRow | undefined
  all(...values: SqlValue[]): SqlRow[]
  iterate(...values: SqlValue[]): IterableIterator<SqlRow>
}

export interface Database {
  /** Prepared once per text and kept. */
  prepare(sql: string): Statement
  exec(sql: string): void
  /** Runs `work` under BEGIN IMMEDIATE; commits its result or rolls back what it throws. `work` must not be async. */
  transaction<T>(work: () => T): T
  /** The same, but not yet synced to disk: a crash of the program keeps it, one of the machine may not, until `sync` has resolved. */
  unsyncedTransaction<T>(work: () => T): T
  /** Makes durable what was committed before the call, without stopping the program. @throws MailctlError store-unavailable */
  sync(): Promise<void>
  /** How often a statement that may write was run: two equal answers mean that nothing was written between them. */
  writes(): number
  close(): void
}

/** One step of a schema. Its place in the list, counted from 1, is the schema version it leads to; steps are only ever added at the end. */
export interface Migration {
  readonly name: string
  readonly sql: string
}
