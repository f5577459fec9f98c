/** Event destinations, each one row with its settings as JSON, and beside them how far it has come. */
import { type DestinationOwner, type EventDestination, MAX_DESTINATIONS, noSuchDestination } from '../../account/event-destination.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import type { StoredDestination } from '../../ports/event-destinations.ts'
import { number, optional, text } from './columns.ts'
import { findConfigurationSet } from './configuration-set-rows.ts'
import { lastEventId } from './event-rows.ts'
import { findIdentity } from './identity-rows.ts'

const COLUMN = { set: 'configuration_set', identity: 'identity' } as const

const SELECT = `SELECT id, record, cursor, failures, rests_until,
  (SELECT COUNT(*) FROM publication WHERE destination = id) AS waiting,
  (SELECT COUNT(*) FROM dead_letter WHERE destination = id) AS dead,
  COALESCE((SELECT error FROM publication WHERE destination = id AND error IS NOT NULL ORDER BY event DESC LIMIT 1),
    (SELECT error FROM dead_letter WHERE destination = id ORDER BY event DESC LIMIT 1)) AS last_error
  FROM event_destination`

export function findDestinations(database: Database, owner?: DestinationOwner): StoredDestination[] {
  const order = 'ORDER BY configuration_set IS NULL, configuration_set, identity, name'
  const rows = owner
    ? database.prepare(`${SELECT} WHERE ${COLUMN[owner.kind]} = ? ${order}`).all(owner.name)
    : database.prepare(`${SELECT} ${order}`).all()
  return rows.map(toDestination)
}

export function findDestination(database: Database, id: number): StoredDestination | undefined {
  const row = database.prepare(`${SELECT} WHERE id = ?`).get(id)
  return row && toDestination(row)
}

const toDestination = (row: SqlRow): StoredDestination => ({
  ...JSON.parse(text(row, 'record')),
  id: number(row, 'id'),
  cursor: number(row, 'cursor'),
  failures: number(row, 'failures'),
  restsUntil: optional(row, 'rests_until', number),
  waiting: number(row, 'waiting'),
  deadLetters: number(row, 'dead'),
  lastError: optional(row, 'last_error', text),
})

export function insertDestination(database: Database, destination: EventDestination): void {
  const { owner, name, enabled, confirmed } = destination
  const owned = owner.kind === 'set' ? findConfigurationSet(database, owner.name) : findIdentity(database, owner.name)
  if (!owned)
    throw new MailctlError('not-found', `${owner.kind === 'set' ? 'Configuration set' : 'Email identity'} ${owner.name} does not exist.`)
  if (idOf(database, owner, name) !== undefined)
    throw new MailctlError('already-exists', `Event destination <${name}> already exists.`, {
      hint: `mailctl destination set ${name} changes it.`,
    })
  const counted = database.prepare(`SELECT COUNT(*) AS count FROM event_destination WHERE ${COLUMN[owner.kind]} = ?`).get(owner.name)
  if (counted && number(counted, 'count') >= MAX_DESTINATIONS)
    throw new MailctlError('limit-exceeded', `${owner.name} has ${MAX_DESTINATIONS} event destinations, the most there can be`, {
      hint: 'Delete one with mailctl destination delete.',
    })
  database
    .prepare(`INSERT INTO event_destination (${COLUMN[owner.kind]}, name, enabled, pending, record, cursor) VALUES (?, ?, ?, ?, ?, ?)`)
    .run(owner.name, name, enabled ? 1 : 0, confirmed ? 0 : 1, JSON.stringify(destination), lastEventId(database))
}

/** One that was not enabled until now has nothing to tell of the time before. */
export function replaceDestination(database: Database, destination: EventDestination): void {
  const { owner, name, enabled, confirmed } = destination
  const { changes } = database
    .prepare(
      `UPDATE event_destination SET record = ?, cursor = CASE WHEN enabled = 0 AND ? = 1 THEN ? ELSE cursor END, enabled = ?, pending = ?,
         failures = 0, rests_until = NULL WHERE ${COLUMN[owner.kind]} = ? AND name = ?`,
    )
    .run(
      JSON.stringify(recordOf(destination)),
      enabled ? 1 : 0,
      lastEventId(database),
      enabled ? 1 : 0,
      confirmed ? 0 : 1,
      owner.name,
      name,
    )
  if (changes === 0) throw noSuchDestination(name)
}

/** Its settings without what the row has beside them. */
function recordOf({
  owner,
  name,
  enabled,
  eventTypes,
  service,
  place,
  includeHeaders,
  confirmed,
  token,
  createdAt,
}: EventDestination): EventDestination {
  return { owner, name, enabled, eventTypes, service, place, includeHeaders, confirmed, token, createdAt }
}

export function removeDestination(database: Database, owner: DestinationOwner, name: string): void {
  const { changes } = database.prepare(`DELETE FROM event_destination WHERE ${COLUMN[owner.kind]} = ? AND name = ?`).run(owner.name, name)
  if (changes === 0) throw noSuchDestination(name)
}

function idOf(database: Database, owner: DestinationOwner, name: string): number | undefined {
  const row = database.prepare(`SELECT id FROM event_destination WHERE ${COLUMN[owner.kind]} = ? AND name = ?`).get(owner.name, name)
  return row && number(row, 'id')
}
