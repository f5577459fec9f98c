/** Whether the account's database and its spool are whole: pages and indexes, references, and that every body's file reaches as far as it must. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../base/database.ts'
import type { Integrity } from '../../ports/store.ts'
import { number, text } from './columns.ts'

/** Every page of a larger one is read only when asked for: seconds a gigabyte. */
const LARGEST_BYTES = 256 * 1024 * 1024
const MOST_PROBLEMS = 10

/** @param spool folder of the bodies  @param full reads a large database too */
export function integrityOf(database: Database, { spool, full }: { readonly spool: string; readonly full: boolean }): Integrity {
  const pragma = (name: string): number => number(database.prepare(`PRAGMA ${name}`).get() ?? {}, name)
  const sizeBytes = pragma('page_count') * pragma('page_size')
  const isLarge = sizeBytes > LARGEST_BYTES && !full
  const problems = isLarge ? [] : [...damagedPages(database), ...lostReferences(database)]
  return { sizeBytes, isWhollyRead: !isLarge, problems: [...problems, ...lostBodies(database, spool)].slice(0, MOST_PROBLEMS) }
}

const damagedPages = (database: Database): string[] =>
  database
    .prepare(`PRAGMA quick_check(${MOST_PROBLEMS})`)
    .all()
    .map(row => text(row, 'quick_check'))
    .filter(line => line !== 'ok')

const lostReferences = (database: Database): string[] =>
  database
    .prepare('PRAGMA foreign_key_check')
    .all()
    .map(row => `a row of ${text(row, 'table')} refers to none of ${text(row, 'parent')}`)

function lostBodies(database: Database, spool: string): string[] {
  const rows = database
    .prepare(
      'SELECT segment, COUNT(*) AS bodies, MAX(body_offset + body_length) AS until FROM content WHERE segment IS NOT NULL GROUP BY segment',
    )
    .all()
  return rows.flatMap(row => {
    const [name, until] = [text(row, 'segment'), number(row, 'until')]
    const size = statSync(join(spool, name), { throwIfNoEntry: false })?.size
    if (size !== undefined && size >= until) return []
    const what = size === undefined ? 'is gone' : `ends at octet ${size} instead of ${until}`
    return [`spool/${name} ${what}; message bodies in it: ${number(row, 'bodies')}`]
  })
}
