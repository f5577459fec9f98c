/** `mailctl config-set show`: GetConfigurationSet, and where its events go. */
import type { ConfigurationSet } from '../../../account/configuration-set.ts'
import { printable } from '../../../base/redact.ts'
import { configurationSetView, readConfigurationSet } from '../../../operations/configuration-sets.ts'
import { destinationView, listDestinations } from '../../../operations/event-destinations.ts'
import type { StoredDestination } from '../../../ports/event-destinations.ts'
import { showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'
import { showConfigurationSet } from '../../configuration-set.ts'
import { leadsTo, stateText } from '../../destination.ts'

interface Shown {
  readonly set: ConfigurationSet
  readonly destinations: readonly StoredDestination[]
}

export default command<Shown>({
  path: 'config-set show',
  arguments: '<name>',
  summary: 'Show a configuration set',
  examples: ['mailctl config-set show receipts', 'mailctl config-set show receipts --json'],
  fails: ['not-found', 'config', 'store-unavailable'],
  async run({ app }, [name = '']) {
    const opened = await app()
    const set = await readConfigurationSet(opened, name)
    return { set, destinations: await listDestinations(opened, { kind: 'set', name: set.name }) }
  },
  json: ({ set, destinations }) => ({
    ...configurationSetView(set),
    ...(destinations.length > 0 && { EventDestinations: destinations.map(destinationView) }),
  }),
  show(io, { set, destinations }) {
    showConfigurationSet(io, set)
    showFacts(
      io,
      destinations.map(one => ['Event destination', `${one.name}: ${printable(leadsTo(one))} (${stateText(one)})`]),
    )
  },
})
