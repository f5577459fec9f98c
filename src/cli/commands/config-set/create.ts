/** `mailctl config-set create`: CreateConfigurationSet. */
import type { ConfigurationSet } from '../../../account/configuration-set.ts'
import { configurationSetView, createConfigurationSet } from '../../../operations/configuration-sets.ts'
import { command } from '../../command.ts'
import { SET_FLAGS, setChange, showConfigurationSet } from '../../configuration-set.ts'

export default command<ConfigurationSet>({
  path: 'config-set create',
  arguments: '<name>',
  summary: 'Make a configuration set',
  details: 'A message follows the set it names: --config-set, X-SES-CONFIGURATION-SET, or the default of its identity.',
  examples: ['mailctl config-set create receipts', 'mailctl config-set create receipts --tls-policy REQUIRE --max-delivery 2h'],
  options: SET_FLAGS,
  fails: ['usage', 'bad-data', 'not-found', 'already-exists', 'limit-exceeded', 'config', 'store-unavailable'],
  async run({ app }, [name = ''], flags) {
    const change = setChange(flags)
    return await createConfigurationSet(await app(), name, change)
  },
  json: configurationSetView,
  show: showConfigurationSet,
})
