/** Pools of dedicated addresses, each one row with its record as JSON. */
import { type DedicatedIpPool, MAX_POOLS, noSuchPool, poolExists } from '../../account/dedicated-ip-pool.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import type { DedicatedIpPools } from '../../ports/dedicated-ip-pools.ts'
import { number, text } from './columns.ts'

const toPool = (row: SqlRow): DedicatedIpPool => JSON.parse(text(row, 'record'))

/** @param commit runs a write in a transaction */
export function dedicatedIpPoolRows(database: Database, commit: (work: () => void) => Promise<void>): DedicatedIpPools {
  function find(name: string): DedicatedIpPool | undefined {
    const row = database.prepare('SELECT record FROM dedicated_ip_pool WHERE name = ?').get(name)
    return row && toPool(row)
  }

  function insert(pool: DedicatedIpPool): void {
    if (find(pool.name)) throw poolExists(pool.name)
    const counted = database.prepare('SELECT COUNT(*) AS count FROM dedicated_ip_pool').get()
    if (counted && number(counted, 'count') >= MAX_POOLS)
      throw new MailctlError('limit-exceeded', `the account has ${MAX_POOLS} dedicated IP pools, the most there can be`, {
        hint: 'Delete one with DeleteDedicatedIpPool.',
      })
    database.prepare('INSERT INTO dedicated_ip_pool (name, record) VALUES (?, ?)').run(pool.name, JSON.stringify(pool))
  }

  function change(name: string, sql: string, ...values: readonly string[]): void {
    if (database.prepare(sql).run(...values).changes === 0) throw noSuchPool(name)
  }

  return {
    addPool: pool => commit(() => insert(pool)),
    pool: async name => find(name),
    pools: async () => database.prepare('SELECT record FROM dedicated_ip_pool ORDER BY name').all().map(toPool),
    savePool: pool =>
      commit(() => change(pool.name, 'UPDATE dedicated_ip_pool SET record = ? WHERE name = ?', JSON.stringify(pool), pool.name)),
    deletePool: name => commit(() => change(name, 'DELETE FROM dedicated_ip_pool WHERE name = ?', name)),
  }
}
