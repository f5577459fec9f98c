/** `mailctl config-set delete`: DeleteConfigurationSet. */
import { deleteConfigurationSet, readConfigurationSet } from '../../../operations/configuration-sets.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Deleted {
  readonly ConfigurationSetName: string
  readonly Deleted: boolean
}

export default command<Deleted>({
  path: 'config-set delete',
  arguments: '<name>',
  summary: 'Remove a configuration set',
  details: 'Messages that were accepted with it keep its options; new ones that name it are refused.',
  examples: ['mailctl config-set delete receipts --yes', 'mailctl config-set delete receipts --dry-run'],
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const { name } = await readConfigurationSet(opened, typed)
    const kept = { ConfigurationSetName: name, Deleted: false }
    if (flags['dryRun'] === true) return kept
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message: `Remove ${name}?`, flag: '--yes' }))
    if (!sure) return kept
    await deleteConfigurationSet(opened, name)
    return { ...kept, Deleted: true }
  },
  show: (io, { ConfigurationSetName, Deleted }, flags) => {
    if (Deleted) io.line(`Removed ${ConfigurationSetName}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${ConfigurationSetName}` : `Kept ${ConfigurationSetName}`)
  },
})
