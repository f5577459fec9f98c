/** Identities, each one row with its record as JSON, and beside it what the store looks for: when they are checked again. */
import { type Identity, MAX_IDENTITIES } from '../../account/identity.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import { number, text } from './columns.ts'

const toIdentity = (row: SqlRow): Identity => JSON.parse(text(row, 'record'))

export function insertIdentity(database: Database, identity: Identity): void {
  if (findIdentity(database, identity.name))
    throw new MailctlError('already-exists', `Email identity ${identity.name} already exist.`, {
      hint: `mailctl identity show ${identity.name} shows it.`,
    })
  const counted = database.prepare('SELECT count FROM identity_count').get()
  if (counted && number(counted, 'count') >= MAX_IDENTITIES)
    throw new MailctlError('limit-exceeded', `the account has ${MAX_IDENTITIES} identities, the most there can be`, {
      hint: 'Delete one with mailctl identity delete.',
    })
  database
    .prepare('INSERT INTO identity (name, record, check_at) VALUES (?, ?, ?)')
    .run(identity.name, JSON.stringify(identity), identity.nextCheckAt)
}

export function findIdentity(database: Database, name: string): Identity | undefined {
  const row = database.prepare('SELECT record FROM identity WHERE name = ?').get(name)
  return row && toIdentity(row)
}

export function allIdentities(database: Database): Identity[] {
  return database.prepare('SELECT record FROM identity ORDER BY name').all().map(toIdentity)
}

/** @param was what the change was made from */
export function replaceIdentity(database: Database, identity: Identity, was: Identity): void {
  const { name } = identity
  const known = database.prepare('SELECT record FROM identity WHERE name = ?').get(name)
  if (!known) throw notFound(name)
  if (JSON.stringify(toIdentity(known)) !== JSON.stringify(was))
    throw new MailctlError('conflict', `${name} was changed by somebody else meanwhile`, { hint: 'Look at it, then try again.' })
  database.prepare('UPDATE identity SET record = ?, check_at = ? WHERE name = ?').run(JSON.stringify(identity), identity.nextCheckAt, name)
}

/** Those whose time has come, the longest due first. */
export function identitiesToCheck(database: Database, { now, limit }: { readonly now: number; readonly limit: number }): Identity[] {
  return database.prepare('SELECT record FROM identity WHERE check_at <= ? ORDER BY check_at, name LIMIT ?').all(now, limit).map(toIdentity)
}

export function nextCheckAt(database: Database): number | undefined {
  const row = database.prepare('SELECT check_at FROM identity WHERE check_at IS NOT NULL ORDER BY check_at LIMIT 1').get()
  return row && number(row, 'check_at')
}

export function removeIdentity(database: Database, name: string): void {
  if (database.prepare('DELETE FROM identity WHERE name = ?').run(name).changes === 0) throw notFound(name)
  database.prepare('DELETE FROM event_destination WHERE identity = ?').run(name)
}

const notFound = (name: string): MailctlError =>
  new MailctlError('not-found', `Email identity ${name} does not exist.`, { hint: 'mailctl identity list shows those there are.' })
