/** `mailctl config-set list`: ListConfigurationSets. */
import type { ConfigurationSet } from '../../../account/configuration-set.ts'
import { formatDuration } from '../../../base/duration.ts'
import { listConfigurationSets } from '../../../operations/configuration-sets.ts'
import { command } from '../../command.ts'
import { showTable } from '../../table.ts'

export default command<readonly ConfigurationSet[]>({
  path: 'config-set list',
  summary: 'List configuration sets',
  examples: ['mailctl config-set list', 'mailctl config-set list --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await listConfigurationSets(await app()),
  json: sets => ({ ConfigurationSets: sets.map(({ name }) => name) }),
  async show(io, sets) {
    if (sets.length === 0) return io.line('No configuration sets. Create one: mailctl config-set create receipts')
    const rows = sets.map(({ name, delivery: { tlsPolicy, maxDeliverySeconds } }) => [
      name,
      tlsPolicy,
      maxDeliverySeconds === null ? '' : formatDuration(maxDeliverySeconds * 1_000),
    ])
    await showTable(io, { head: ['Configuration set', 'TLS', 'Tried for'], rows })
  },
})
