/** Configuration sets, each one row with its record as JSON. */
import { type ConfigurationSet, MAX_CONFIGURATION_SETS, NEW_SET, noSuchSet } from '../../account/configuration-set.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import type { ConfigurationSets } from '../../ports/configuration-sets.ts'
import { number, text } from './columns.ts'
import { forgetCounts } from './reputation-day-rows.ts'

/** A record from before an option was there has it as a new set would. */
const toSet = (row: SqlRow): ConfigurationSet => ({ ...NEW_SET, ...JSON.parse(text(row, 'record')) })

export function findConfigurationSet(database: Database, name: string): ConfigurationSet | undefined {
  const row = database.prepare('SELECT record FROM configuration_set WHERE name = ?').get(name)
  return row && toSet(row)
}

/** @param commit runs a write in a transaction */
export function configurationSetRows(database: Database, commit: (work: () => void) => Promise<void>): ConfigurationSets {
  const find = (name: string): ConfigurationSet | undefined => findConfigurationSet(database, name)

  function insert(set: ConfigurationSet): void {
    if (find(set.name))
      throw new MailctlError('already-exists', `Configuration set <${set.name}> already exists.`, {
        hint: `mailctl config-set show ${set.name} shows it.`,
      })
    const counted = database.prepare('SELECT COUNT(*) AS count FROM configuration_set').get()
    if (counted && number(counted, 'count') >= MAX_CONFIGURATION_SETS)
      throw new MailctlError('limit-exceeded', `the account has ${MAX_CONFIGURATION_SETS} configuration sets, the most there can be`, {
        hint: 'Delete one with mailctl config-set delete.',
      })
    database.prepare('INSERT INTO configuration_set (name, record) VALUES (?, ?)').run(set.name, JSON.stringify(set))
  }

  function replace(set: ConfigurationSet): void {
    if (find(set.name)?.reputation.lastFreshStartAt !== set.reputation.lastFreshStartAt) forgetCounts(database, 'set', set.name)
    const { changes } = database.prepare('UPDATE configuration_set SET record = ? WHERE name = ?').run(JSON.stringify(set), set.name)
    if (changes === 0) throw noSuchSet(set.name)
  }

  function remove(name: string): void {
    if (database.prepare('DELETE FROM configuration_set WHERE name = ?').run(name).changes === 0) throw noSuchSet(name)
    forgetCounts(database, 'set', name)
    database.prepare('DELETE FROM event_destination WHERE configuration_set = ?').run(name)
  }

  return {
    addConfigurationSet: set => commit(() => insert(set)),
    configurationSet: async name => find(name),
    configurationSets: async () => database.prepare('SELECT record FROM configuration_set ORDER BY name').all().map(toSet),
    saveConfigurationSet: set => commit(() => replace(set)),
    deleteConfigurationSet: name => commit(() => remove(name)),
  }
}
