// What account.db says, read with SQLite alone and none of mailctl's code.
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'

const Database = createRequire(import.meta.url)('better-sqlite3')
const FINAL = new Set(['delivered', 'bounced', 'suppressed', 'rejected'])

/**
 * @typedef {{ seq: number, kind: string, address: string, state: string, nextAttemptAt: number | null, pid: number | null,
 *   segment: string | null }} Row  `pid`: of the process that holds it
 */

/** A database file of a running engine. */
export const readRunning = file => read(new Database(file, { readonly: true }))

/**
 * What a dead engine left, without touching it: the next engine has to find the log as it was. So the files are copied and the copy is read.
 * @param folder for the copy
 */
export function readLeft(file, folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, `${folder}/account.db${suffix}`)
  return read(new Database(`${folder}/account.db`))
}

/** @returns {{ rows: Row[], open: Map<string, number> }} `open`: for each address how many of its rows are not final */
function read(database) {
  try {
    const rows = database
      .prepare(
        `SELECT seq, kind, address, state, next_attempt_at AS nextAttemptAt, pid, segment
         FROM recipient JOIN message ON seq = recipient.message LEFT JOIN owner ON owner.id = recipient.owner
         LEFT JOIN content ON content.message = seq`,
      )
      .all()
    const open = new Map()
    for (const { address, state } of rows) if (!FINAL.has(state)) open.set(address, (open.get(address) ?? 0) + 1)
    return { rows, open }
  } finally {
    database.close()
  }
}

/** How many recipients are being tried or are due. @param now the engine's time */
export function countDue(file, now) {
  const database = new Database(file, { readonly: true })
  try {
    return database
      .prepare(`SELECT COUNT(*) AS due FROM recipient WHERE state = 'active' OR (state IN ('queued', 'deferred') AND next_attempt_at <= ?)`)
      .get(now).due
  } finally {
    database.close()
  }
}

/**
 * The event log in its order, of mail that was sent.
 * @returns {{ events: { key: string, messageId: string }[], messages: number, waiting: number, deadLetters: number }} `waiting`: recipients
 *   without an outcome, and events that a destination has not taken
 */
export function readEvents(file) {
  const database = new Database(file, { readonly: true })
  try {
    const one = sql => database.prepare(sql).get().count
    return {
      events: database
        .prepare(
          `SELECT message.id AS messageId, message.id || ' ' || type AS key FROM event JOIN message ON seq = event.message ORDER BY event.id`,
        )
        .all(),
      messages: one(`SELECT COUNT(*) AS count FROM message WHERE kind = 'mail'`),
      waiting:
        one('SELECT COUNT(*) AS count FROM publication') +
        one(`SELECT COUNT(*) AS count FROM recipient WHERE state IN ('queued', 'active', 'deferred')`),
      deadLetters: one('SELECT COUNT(*) AS count FROM dead_letter'),
    }
  } finally {
    database.close()
  }
}

/** Who handed in each message: the caller's identity by message id; only mail, no reports of our own. */
export function readCallers(file) {
  const database = new Database(file, { readonly: true })
  try {
    const rows = database.prepare(
      `SELECT id, json_extract(facts, '$.tags."ses:caller-identity"[0]') AS caller FROM message WHERE kind = 'mail'`,
    )
    return new Map(rows.all().map(({ id, caller }) => [id, caller]))
  } finally {
    database.close()
  }
}

/** Everything, after the end. */
export function readAll(file) {
  const database = new Database(file)
  try {
    const all = sql => database.prepare(sql).all()
    return {
      integrity: all('PRAGMA integrity_check').map(row => row.integrity_check),
      foreignKeys: all('PRAGMA foreign_key_check'),
      messages: all(
        `SELECT seq, id, kind, EXISTS (SELECT 1 FROM content WHERE message = seq) AS kept,
           EXISTS (SELECT 1 FROM recipient WHERE message = seq AND state IN ('queued', 'active', 'deferred', 'held')) AS open FROM message`,
      ),
      events: all('SELECT type, message, recipients FROM event').map(row => ({ ...row, recipients: JSON.parse(row.recipients) })),
      contents: all(
        'SELECT message, segment, body_offset AS offset, body_length AS length, body_check AS kept_check FROM content WHERE segment IS NOT NULL',
      ),
      owners: all('SELECT id FROM owner').length,
      sent: database.prepare('SELECT sent FROM usage').get().sent,
      sentBySecond: database.prepare('SELECT COALESCE(SUM(recipients), 0) AS sent FROM sent_second').get().sent,
    }
  } finally {
    database.close()
  }
}

/** How many recipients of mail are in each state, and how many events of each type there are. */
export function countOutcomes(file) {
  const database = new Database(file, { readonly: true })
  try {
    const counts = sql =>
      Object.fromEntries(
        database
          .prepare(sql)
          .all()
          .map(({ name, count }) => [name, count]),
      )
    return {
      states: counts(
        `SELECT state AS name, COUNT(*) AS count FROM recipient JOIN message ON seq = recipient.message WHERE kind = 'mail' GROUP BY state`,
      ),
      events: counts('SELECT type AS name, COUNT(*) AS count FROM event GROUP BY type'),
      integrity: database.prepare('PRAGMA integrity_check').get().integrity_check,
    }
  } finally {
    database.close()
  }
}

/**
 * What reports led to.
 * @returns {{ told: Map<string, number>, suppressed: Set<string>, passedOn: number, integrity: string }} `told`: bounces and complaints for each
 *   message id and type; `passedOn`: messages to senders about them
 */
export function readReports(file) {
  const database = new Database(file, { readonly: true })
  try {
    const told = new Map()
    for (const { key } of database
      .prepare(
        `SELECT message.id || ' ' || type AS key FROM event JOIN message ON seq = event.message WHERE type IN ('Bounce', 'Complaint') AND kind = 'mail'`,
      )
      .all())
      told.set(key, (told.get(key) ?? 0) + 1)
    return {
      told,
      suppressed: new Set(
        database
          .prepare('SELECT address FROM suppressed')
          .all()
          .map(({ address }) => address),
      ),
      passedOn: database.prepare(`SELECT COUNT(*) AS count FROM message WHERE kind <> 'mail'`).get().count,
      integrity: database.prepare('PRAGMA integrity_check').get().integrity_check,
    }
  } finally {
    database.close()
  }
}
