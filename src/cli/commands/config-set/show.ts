/** `mailctl config-set show`: GetConfigurationSet. */
import type { ConfigurationSet } from '../../../account/configuration-set.ts'
import { configurationSetView, readConfigurationSet } from '../../../operations/configuration-sets.ts'
import { command } from '../../command.ts'
import { showConfigurationSet } from '../../configuration-set.ts'

export default command<ConfigurationSet>({
  path: 'config-set show',
  arguments: '<name>',
  summary: 'Show a configuration set',
  examples: ['mailctl config-set show receipts', 'mailctl config-set show receipts --json'],
  fails: ['not-found', 'config', 'store-unavailable'],
  run: async ({ app }, [name = '']) => await readConfigurationSet(await app(), name),
  json: configurationSetView,
  show: showConfigurationSet,
})
