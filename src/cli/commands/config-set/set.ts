/** `mailctl config-set set`: PutConfigurationSetDeliveryOptions, …SendingOptions, …ReputationOptions and …SuppressionOptions, but what is not given stays. */
import type { ConfigurationSet } from '../../../account/configuration-set.ts'
import { MailctlError } from '../../../base/errors.ts'
import { changeConfigurationSet, configurationSetView } from '../../../operations/configuration-sets.ts'
import { command } from '../../command.ts'
import { SET_FLAGS, setChange, showConfigurationSet } from '../../configuration-set.ts'

export default command<ConfigurationSet>({
  path: 'config-set set',
  arguments: '<name>',
  summary: 'Change a configuration set',
  details:
    'Messages that were accepted before keep the options they were accepted with. --sending off refuses new ones; when it is switched on ' +
    "again, the set's own rates begin anew.",
  examples: [
    'mailctl config-set set receipts --tls-policy REQUIRE',
    "mailctl config-set set receipts --max-delivery ''",
    'mailctl config-set set receipts --sending off',
    'mailctl config-set set receipts --suppressed-reasons none',
  ],
  options: [...SET_FLAGS, { flags: '--untag <key>', summary: 'remove a tag', repeat: true }],
  fails: ['usage', 'bad-data', 'not-found', 'limit-exceeded', 'config', 'store-unavailable'],
  async run({ app }, [name = ''], flags) {
    const change = setChange(flags)
    if (Object.keys(change).length === 0)
      throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl config-set set --help' })
    return await changeConfigurationSet(await app(), name, change)
  },
  json: configurationSetView,
  show: showConfigurationSet,
})
