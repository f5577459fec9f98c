// Fills the queue of a home, quickly: one message is sent by mailctl itself to a destination that does not answer, and the rows that this left — the
// message, its content, recipient, attempts, events, whatever the schema has — are copied inside SQLite, each copy with a number and an id of
// its own. So what lies there is what the store itself writes for a destination that is dead.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { mailctl } from '../peers/mailctl.mjs'
import { FROM } from './load.mjs'

/** Copies of one transaction: bounds the write-ahead log. */
const CHUNK = 20_000
/** Stand in the statements for numbers. better-sqlite3 and node:sqlite bind the same parameter twice in different ways. */
const COUNT = ':count'
const LAST = ':last'
const HOUR_MS = 3_600_000
/**
 * Nothing for an hour, then evenly over the next: the destination has been dead for a while. Later than any retry would be is what `serve` takes
 * for a clock that was set back, and makes due at once.
 */
export const LATER = { fromMs: HOUR_MS, overMs: HOUR_MS }
/** All at once: the destination has just died. */
export const AT_ONCE = { fromMs: 0, overMs: 1 }

/** Leaves one deferred message in the home's queue. @param to at a destination that does not answer */
export function deferOne(home, to) {
  mailctl(home, ['send', '--from', FROM, '--to', to, '--subject', 'bench', '--text', 'x'.repeat(200)], 75)
}

/**
 * Copies the deferred message until `length` of them are queued, and has the events counted for the account's rates, as an engine has done long
 * before so much waits. Nothing else may use the home meanwhile.
 * @param due when they are tried again, from now on: `LATER` or `AT_ONCE`
 */
export function fillQueue(home, length, due) {
  const database = openDatabase(join(home, 'account.db'))
  try {
    database.exec('PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536')
    const get = (sql, ...values) => database.prepare(sql).get(...values)
    const template = get(
      `SELECT message.seq, message.id FROM recipient JOIN message ON seq = message WHERE state = 'deferred' ORDER BY seq`,
    )
    if (template === undefined) throw new Error('there is no deferred message to copy')
    const copy = copyStatements(database, template, due)
    let queued = Number(get(`SELECT count(*) AS n FROM recipient WHERE state = 'deferred'`).n)
    let last = Number(get('SELECT max(seq) AS n FROM message').n)
    while (queued < length) {
      const count = Math.min(CHUNK, length - queued)
      database.exec('BEGIN')
      database.exec(copy({ count, last }))
      database.exec('COMMIT')
      queued += count
      last += count
    }
    database.exec(`UPDATE recipient SET next_attempt_at = ${Date.now() + due.fromMs} WHERE message = ${template.seq}`)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    while (hasUncounted(get)) mailctl(home, ['reputation', '--json'])
  } finally {
    database.close()
  }
}

const hasUncounted = get => get('SELECT max(id) > (SELECT event FROM reputation_cursor) AS more FROM event').more === 1

/** @returns a function that gives one `INSERT … SELECT` for each table that refers to the template; `last`: the greatest `seq` there is */
function copyStatements(database, { seq, id }, { fromMs, overMs }) {
  const all = (sql, ...values) => database.prepare(sql).all(...values)
  const quote = text => `'${text.replaceAll("'", "''")}'`
  const newId = `substr(${quote(id)}, 1, 17) || printf('%08x', ${LAST} + i) || substr(${quote(id)}, 26)`
  const due = `${Date.now() + fromMs} + (i * 7919) % ${overMs}`
  const tables = all(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name = 'message' DESC`)
  const statements = tables.flatMap(({ name: table }) => {
    const columns = all(`SELECT name, pk FROM pragma_table_info(${quote(table)})`)
    const names = columns.map(({ name }) => name)
    const own = table === 'message' ? 'seq' : 'message'
    if (!names.includes(own)) return []
    const value = ({ name, pk }) => {
      if (name === own) return `${LAST} + i`
      if (table === 'message' && name === 'id') return newId
      if (name === 'next_attempt_at') return due
      return pk === 1 && name === 'id' ? 'NULL' : `row.${name}`
    }
    return [
      `WITH RECURSIVE number (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM number WHERE i < ${COUNT})
       INSERT INTO ${table} (${names.join(', ')}) SELECT ${columns.map(value).join(', ')} FROM number, ${table} AS row WHERE row.${own} = ${seq};`,
    ]
  })
  return ({ count, last }) => statements.join('\n').replaceAll(COUNT, String(count)).replaceAll(LAST, String(last))
}

/** Either of the two SQLite packages that mailctl itself uses. @throws Error where there is none */
export function openDatabase(file) {
  const sqlite = process.getBuiltinModule?.('node:sqlite')
  if (sqlite) return new sqlite.DatabaseSync(file)
  return new (createRequire(import.meta.url)('better-sqlite3'))(file)
}
