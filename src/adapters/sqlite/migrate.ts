/**
 * Brings a database to the schema of this program. `PRAGMA user_version` counts the migrations that ran; each runs in one transaction
 * with its count, so a crash leaves a whole schema. A database with data in it is copied first, to `FILE.v<version>`; a copy that is
 * already there is kept. A schema newer than the program is refused untouched.
 */
import { existsSync, linkSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import type { Database, Migration } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import { fileFailure, makePrivateFile, syncFile } from '../private-files.ts'

/** @throws MailctlError config when the file is newer than `migrations`, store-unavailable */
export function migrate(file: string, database: Database, migrations: readonly Migration[]): void {
  const version = schemaVersion(database)
  if (version > migrations.length) throw tooNew(file, version, migrations.length)
  if (version === migrations.length) return
  if (version > 0) keepCopy(file, database, version)
  for (let next = version; next < migrations.length; next += 1) runOne(file, database, migrations, next)
}

function runOne(file: string, database: Database, migrations: readonly Migration[], index: number): void {
  database.transaction(() => {
    // Another process may have done it while this one waited for the lock.
    const now = schemaVersion(database)
    if (now > migrations.length) throw tooNew(file, now, migrations.length)
    const migration = migrations[index]
    if (now > index || !migration) return
    database.exec(migration.sql)
    database.exec(`PRAGMA user_version = ${index + 1}`)
  })
}

function schemaVersion(database: Database): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version)
}

function tooNew(file: string, found: number, known: number): MailctlError {
  return new MailctlError('config', `${basename(file)} has schema version ${found}; this mailctl knows versions up to ${known} (${file})`, {
    hint: 'Use the mailctl that made it, or a later one.',
  })
}

/** Complete or absent: written beside, synced, then linked to its name. */
function keepCopy(file: string, database: Database, version: number): void {
  const copy = `${file}.v${version}`
  if (existsSync(copy)) return
  const unfinished = `${copy}.${process.pid}`
  try {
    rmSync(unfinished, { force: true })
    makePrivateFile(unfinished)
    database.prepare('VACUUM INTO ?').run(unfinished)
    syncFile(unfinished)
    if (!existsSync(copy)) linkSync(unfinished, copy)
  } catch (error) {
    throw fileFailure(`cannot copy ${file} before migrating it`, error)
  } finally {
    rmSync(unfinished, { force: true })
  }
}
