/** `mailctl destination delete`: DeleteConfigurationSetEventDestination. */
import { deleteDestination, readDestination } from '../../../operations/event-destinations.ts'
import { command } from '../../command.ts'
import { DELETION_FLAGS, deletionWord, isDeletionMeant } from '../../deletion.ts'
import { OWNER_FLAGS, ownerFlag } from '../../destination.ts'

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
  options: [...OWNER_FLAGS, ...DELETION_FLAGS],
  fails: ['usage', 'bad-data', 'not-found', 'conflict', 'config', 'store-unavailable'],
  async run(context, [name = ''], flags) {
    const opened = await context.app()
    const destination = await readDestination(opened, ownerFlag(flags), name)
    const kept = { EventDestinationName: name, Deleted: false }
    if (!(await isDeletionMeant(context, flags, `Remove ${name}?`))) return kept
    await deleteDestination(opened, destination)
    return { ...kept, Deleted: true }
  },
  show: (io, { EventDestinationName, Deleted }, flags) => io.line(`${deletionWord(Deleted, flags)} ${EventDestinationName}`),
})
