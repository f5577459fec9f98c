/** `mailctl config-set delete`: DeleteConfigurationSet. */

import { printable } from '../../../base/redact.ts'
import { deleteConfigurationSet, identitiesFollowing, readConfigurationSet } from '../../../operations/configuration-sets.ts'
import { command } from '../../command.ts'
import { DELETION_FLAGS, deletionWord, isDeletionMeant } from '../../deletion.ts'

interface Deleted {
  readonly ConfigurationSetName: string
  readonly Deleted: boolean
  /** Identities that have it as their default. */
  readonly Dependents: readonly string[]
}

export default command<Deleted>({
  path: 'config-set delete',
  arguments: '<name>',
  summary: 'Remove a configuration set',
  details:
    'Messages that were accepted with it keep its options; new ones that name it, or whose identity has it as its default, are refused until ' +
    'mailctl identity set --config-set names another.',
  examples: ['mailctl config-set delete receipts --yes', 'mailctl config-set delete receipts --dry-run'],
  options: DELETION_FLAGS,
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run(context, [typed = ''], flags) {
    const opened = await context.app()
    const { name } = await readConfigurationSet(opened, typed)
    const kept = { ConfigurationSetName: name, Deleted: false, Dependents: await identitiesFollowing(opened, name) }
    if (!(await isDeletionMeant(context, flags, `Remove ${name}${usedBy(kept)}?`))) return kept
    await deleteConfigurationSet(opened, name)
    return { ...kept, Deleted: true }
  },
  show: (io, deleted, flags) => {
    io.line(`${deletionWord(deleted.Deleted, flags)} ${deleted.ConfigurationSetName}${usedBy(deleted)}`)
  },
})

/** Names in a line; there may be thousands. */
const MOST_NAMES = 5

function usedBy({ Dependents: names }: Deleted): string {
  if (names.length === 0) return ''
  const more = names.length - MOST_NAMES
  return `, the default of ${names.slice(0, MOST_NAMES).map(printable).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
