/** Identities, each one row with its record as JSON. */
import type { Identity } from '../../account/identity.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import { number, text } from './columns.ts'

/** Domains and addresses together. SES fact: concepts §3. */
const MAX_IDENTITIES = 10_000

const toIdentity = (row: SqlRow): Identity => JSON.parse(text(row, 'record'))

export function insertIdentity(database: Database, identity: Identity): void {
  if (findIdentity(database, identity.name))
    throw new MailctlError('already-exists', `Email identity ${identity.name} already exist.`, {
      hint: `mailctl identity show ${identity.name} shows it.`,
    })
  const counted = database.prepare('SELECT COUNT(*) AS count FROM identity').get()
  if (counted && number(counted, 'count') >= MAX_IDENTITIES)
    throw new MailctlError('limit-exceeded', `the account has ${MAX_IDENTITIES} identities, the most there can be`, {
      hint: 'Delete one with mailctl identity delete.',
    })
  database.prepare('INSERT INTO identity (name, record) VALUES (?, ?)').run(identity.name, JSON.stringify(identity))
}

export function findIdentity(database: Database, name: string): Identity | undefined {
  const row = database.prepare('SELECT record FROM identity WHERE name = ?').get(name)
  return row && toIdentity(row)
}

export function allIdentities(database: Database): Identity[] {
  return database.prepare('SELECT record FROM identity ORDER BY name').all().map(toIdentity)
}

export function replaceIdentity(database: Database, identity: Identity): void {
  const { changes } = database.prepare('UPDATE identity SET record = ? WHERE name = ?').run(JSON.stringify(identity), identity.name)
  if (changes === 0) throw notFound(identity.name)
}

export function removeIdentity(database: Database, name: string): void {
  if (database.prepare('DELETE FROM identity WHERE name = ?').run(name).changes === 0) throw notFound(name)
}

const notFound = (name: string): MailctlError =>
  new MailctlError('not-found', `Email identity ${name} does not exist.`, { hint: 'mailctl identity list shows those there are.' })
