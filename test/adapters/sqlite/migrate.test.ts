import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ACCOUNT_MIGRATIONS, accountFile, createAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { ENGINE_NAMES, type Engine, findEngine, isAtLeast } from '../../../src/adapters/sqlite/engines.ts'
import { databaseFailure } from '../../../src/adapters/sqlite/failures.ts'
import type { Database, Migration } from '../../../src/base/database.ts'
import { tempFolder } from '../../support/account.ts'

const one: Migration = { name: '001-one', sql: 'CREATE TABLE item (name TEXT NOT NULL) STRICT' }
const two: Migration = { name: '002-two', sql: `ALTER TABLE item ADD COLUMN size INTEGER; UPDATE item SET size = length(name)` }
const broken: Migration = { name: '003-broken', sql: 'UPDATE item SET size = 99; SELECT x FROM nowhere' }

function opened(file: string, migrations: readonly Migration[], engine?: Engine): Database {
  const database = openDatabase(file, migrations, engine)
  onTestFinished(() => database.close())
  return database
}
const itemsIn = (database: Database): unknown[] =>
  database
    .prepare('SELECT * FROM item')
    .all()
    .map(row => ({ ...row }))

describe('migrations', () => {
  it('bring an older file up to date and keep a copy of how it was', () => {
    const file = join(tempFolder(), 'a.db')
    const old = opened(file, [one])
    old.prepare('INSERT INTO item (name) VALUES (?)').run('hammer')
    old.close()
    expect(itemsIn(opened(file, [one, two]))).toEqual([{ name: 'hammer', size: 6 }])
    expect(statSync(`${file}.v1`).mode & 0o777).toBe(0o600)
    expect(itemsIn(opened(`${file}.v1`, [one]))).toEqual([{ name: 'hammer' }])
  })

  it('make no copy of a new file or of one that is up to date', () => {
    const folder = tempFolder()
    opened(join(folder, 'a.db'), [one, two]).close()
    opened(join(folder, 'a.db'), [one, two]).close()
    expect(readdirSync(folder)).toEqual(['a.db'])
  })

  it('leave everything as it was when one fails', () => {
    const folder = tempFolder()
    const file = join(folder, 'a.db')
    const old = opened(file, [one, two])
    old.prepare('INSERT INTO item VALUES (?, ?)').run('saw', 3)
    old.close()
    expect(() => opened(file, [one, two, broken])).toThrow(/nowhere/)
    expect(itemsIn(opened(file, [one, two]))).toEqual([{ name: 'saw', size: 3 }])
    expect(readdirSync(folder).filter(name => /\.v2\./.test(name))).toEqual([])
  })

  it('keep the first copy when they have to be tried again', () => {
    const file = join(tempFolder(), 'a.db')
    const old = opened(file, [one, two])
    old.prepare('INSERT INTO item VALUES (?, ?)').run('saw', 3)
    old.close()
    expect(() => opened(file, [one, two, broken])).toThrow()
    const between = opened(file, [one, two])
    between.exec(`UPDATE item SET name = 'axe'`)
    between.close()
    opened(file, [one, two, { name: '003-three', sql: 'DELETE FROM item' }])
    expect(itemsIn(opened(`${file}.v2`, [one, two]))).toEqual([{ name: 'saw', size: 3 }])
  })

  it('refuse a home made by a newer mailctl, naming both versions, and leave it alone', () => {
    const home = tempFolder()
    createAccount({ home, region: 'us-east-1', clock: 'system' })
    const database = opened(accountFile(home), ACCOUNT_MIGRATIONS)
    database.exec('PRAGMA user_version = 41')
    database.close()
    const known = ACCOUNT_MIGRATIONS.length
    expect(() => openAccount(home, 'lab')).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringMatching(new RegExp(`account\\.db has schema version 41; this mailctl knows versions up to ${known} `)),
      }),
    )
    expect(existsSync(`${accountFile(home)}.v41`)).toBe(false)
  })
})

describe.each(ENGINE_NAMES.map(findEngine).filter((engine): engine is Engine => typeof engine !== 'string'))('$name', engine => {
  const fresh = (): Database => opened(join(tempFolder(), 'a.db'), [{ name: '1', sql: 'CREATE TABLE t (n INTEGER, b BLOB)' }], engine)

  it('syncs every commit, in WAL, with foreign keys and without a memory map', () => {
    const database = fresh()
    const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
    expect(['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(pragma)).toEqual(['wal', 2, 1, 5_000])
    expect(pragma('mmap_size') ?? 0).toBe(0)
    expect(isAtLeast(String(database.prepare('SELECT sqlite_version() AS v').get()?.v), '3.51.3')).toBe(true)
  })

  it('gives BLOBs as Buffers and refuses integers that do not fit', () => {
    const database = fresh()
    database.prepare('INSERT INTO t VALUES (?, ?)').run(Number.MAX_SAFE_INTEGER, Buffer.from([0, 255]))
    const row = database.prepare('SELECT n, b FROM t').get()
    expect(row?.n).toBe(Number.MAX_SAFE_INTEGER)
    expect(Buffer.isBuffer(row?.b) && row.b).toEqual(Buffer.from([0, 255]))
    expect(database.prepare('INSERT INTO t VALUES (1, NULL) RETURNING n').all()).toHaveLength(1)
    database.exec('INSERT INTO t VALUES (9007199254740993, NULL)')
    expect(() => database.prepare('SELECT n FROM t').all()).toThrow()
  })

  it('undoes a transaction that throws, and can leave an iteration early', () => {
    const database = fresh()
    const insert = database.prepare('INSERT INTO t (n) VALUES (?)')
    expect(() =>
      database.transaction(() => {
        insert.run(1)
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(database.prepare('SELECT * FROM t').all()).toEqual([])
    for (const n of [1, 2, 3]) insert.run(n)
    for (const row of database.prepare('SELECT n FROM t').iterate()) {
      expect(row.n).toBe(1)
      break
    }
    expect(insert.run(4).changes).toBe(1)
  })

  it('turns a lock held by another into store-unavailable', () => {
    const file = join(tempFolder(), 'a.db')
    const holder = engine.open(file)
    const waiter = engine.open(file)
    onTestFinished(() => {
      holder.close()
      waiter.close()
    })
    holder.exec('BEGIN IMMEDIATE')
    waiter.exec('PRAGMA busy_timeout = 0')
    let thrown: unknown
    try {
      waiter.exec('BEGIN IMMEDIATE')
    } catch (error) {
      thrown = error
    }
    expect(databaseFailure(file, thrown)).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('keeps it locked') })
  })

  it('passes programming errors on', () => {
    expect(() => fresh().prepare('SELECT missing_column')).toThrow(expect.not.objectContaining({ code: 'store-unavailable' }))
  })
})

it.each([
  ['3.51.3', true],
  ['3.51.2', false],
  ['3.53.0', true],
  ['3.9.9', false],
  ['4.0', true],
  ['3.51', false],
])('SQLite %s is new enough: %s', (version, expected) => {
  expect(isAtLeast(version, '3.51.3')).toBe(expected)
})
