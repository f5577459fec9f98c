/**
 * The two SQLite packages behind one shape: `node:sqlite` where this Node has it, else `better-sqlite3`.
 *
 * Both are made to agree on what a row holds: BLOBs are Buffers, and an integer beyond 2^53 is an error. Neither is loaded before it is
 * needed. An engine whose SQLite is older than 3.51.3 is passed over: with several connections such a one can corrupt a WAL file.
 */
import { createRequire } from 'node:module'
import type { SqlRow, SqlValue } from '../../base/database.ts'
import { MailctlError, messageOf } from '../../base/errors.ts'

export interface RawStatement {
  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number }
  get(...values: SqlValue[]): Record<string, unknown> | undefined
  all(...values: SqlValue[]): Record<string, unknown>[]
  iterate(...values: SqlValue[]): IterableIterator<Record<string, unknown>>
}
export interface RawDatabase {
  prepare(sql: string): RawStatement
  exec(sql: string): void
  close(): void
}
export const ENGINE_NAMES = ['node:sqlite', 'better-sqlite3'] as const
export type EngineName = (typeof ENGINE_NAMES)[number]
export interface Engine {
  readonly name: EngineName
  open(file: string): RawDatabase
  /** A row as both engines are to give it. May change the row in place. */
  row(raw: Record<string, unknown>): SqlRow
}

/** The first SQLite without the WAL-reset fault of 3.7.0 to 3.51.2. */
const OLDEST_SQLITE = '3.51.3'

const loaded = new Map<EngineName, Engine | string>()
let chosen: Engine | undefined

/** @returns the engine, or one line on why this Node cannot have it */
export function findEngine(name: EngineName): Engine | string {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const found = name === 'node:sqlite' ? nodeSqlite() : betterSqlite()
  loaded.set(name, found)
  return found
}

/** @throws MailctlError config, when neither engine can be used */
export function chooseEngine(): Engine {
  if (chosen) return chosen
  const reasons: string[] = []
  for (const name of ENGINE_NAMES) {
    const found = findEngine(name)
    if (typeof found !== 'string') {
      chosen = found
      return found
    }
    reasons.push(found)
  }
  throw new MailctlError('config', `no SQLite that can be used: ${reasons.join('; ')}`, {
    hint: 'Use Node 22.23 or later, or run npm install better-sqlite3@12 beside mailctl.',
  })
}

function nodeSqlite(): Engine | string {
  const module = quietly(() => process.getBuiltinModule?.('node:sqlite')) as NodeSqlite | undefined
  if (!module) return `Node ${process.versions.node} has no node:sqlite`
  return checkVersion({ name: 'node:sqlite', open: file => new module.DatabaseSync(file), row: withBuffers })
}

function betterSqlite(): Engine | string {
  try {
    const require = createRequire(import.meta.url)
    const Database: BetterSqlite = require('better-sqlite3')
    // Asking for the version opens it once, so a binary built for another Node is found here and not later.
    return checkVersion({ name: 'better-sqlite3', open: file => new Database(file), row: withExactIntegers })
  } catch (error) {
    return `better-sqlite3 cannot be loaded (${messageOf(error).split('\n')[0]})`
  }
}

interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => RawDatabase
}
type BetterSqlite = new (file: string) => RawDatabase

function checkVersion(engine: Engine): Engine | string {
  const database = engine.open(':memory:')
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.version)
  database.close()
  if (isAtLeast(version, OLDEST_SQLITE)) return engine
  return `the SQLite ${version} of ${engine.name} may corrupt a database that two processes write (fixed in ${OLDEST_SQLITE})`
}

/** Both in the form `3.51.3`. */
export function isAtLeast(version: string, oldest: string): boolean {
  const have = version.split('.').map(Number)
  const want = oldest.split('.').map(Number)
  for (let i = 0; i < want.length; i += 1) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** Node 22 warns that its SQLite is experimental; that one warning is dropped, any other still comes through. */
function quietly<T>(load: () => T): T {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!/^SQLite is an experimental feature/.test(messageOf(warning))) emitWarning.call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}

function withBuffers(raw: Record<string, unknown>): SqlRow {
  for (const key in raw) {
    const value = raw[key]
    if (value instanceof Uint8Array) raw[key] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return raw as SqlRow
}

/** better-sqlite3 rounds a 64-bit integer to the nearest double, which is then itself beyond 2^53: that is how it shows. */
function withExactIntegers(raw: Record<string, unknown>): SqlRow {
  for (const key in raw) {
    const value = raw[key]
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError(`the integer in column ${key} is beyond 2^53`)
  }
  return raw as SqlRow
}
