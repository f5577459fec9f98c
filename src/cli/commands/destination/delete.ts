/** `mailctl destination delete`: DeleteConfigurationSetEventDestination. */
import { deleteDestination, readDestination } from '../../../operations/event-destinations.ts'
import { command } from '../../command.ts'
import { OWNER_FLAGS, ownerFlag } from '../../destination.ts'
import { confirm } from '../../prompts.ts'

interface Deleted {
  readonly EventDestinationName: string
  readonly Deleted: boolean
}

export default command<Deleted>({
  path: 'destination delete',
  arguments: '<name>',
  summary: 'Remove an event destination',
  details: 'What waits for it and its dead letters go with it. The events stay in the log.',
  examples: ['mailctl destination delete hooks --yes', 'mailctl destination delete hooks --config-set receipts --dry-run'],
  options: [...OWNER_FLAGS, { flags: '--yes', summary: 'do not ask' }, { flags: '-n, --dry-run', summary: 'say what would be removed' }],
  fails: ['usage', 'bad-data', 'not-found', 'conflict', 'config', 'store-unavailable'],
  async run({ app, io }, [name = ''], flags) {
    const opened = await app()
    const destination = await readDestination(opened, ownerFlag(flags), name)
    const kept = { EventDestinationName: name, Deleted: false }
    if (flags['dryRun'] === true) return kept
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message: `Remove ${name}?`, flag: '--yes' }))
    if (!sure) return kept
    await deleteDestination(opened, destination)
    return { ...kept, Deleted: true }
  },
  show: (io, { EventDestinationName, Deleted }, flags) => {
    if (Deleted) io.line(`Removed ${EventDestinationName}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${EventDestinationName}` : `Kept ${EventDestinationName}`)
  },
})
