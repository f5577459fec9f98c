/** `mailctl contacts delete-list`: DeleteContactList. */
import { MailctlError } from '../../../base/errors.ts'
import { deleteContactList, readContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { DELETION_FLAGS, deletionWord, isDeletionMeant } from '../../deletion.ts'

interface Deleted {
  readonly ContactListName: string
  readonly Deleted: boolean
}

export default command<Deleted>({
  path: 'contacts delete-list',
  arguments: '<name>',
  summary: 'Remove the contact list with all its contacts',
  details: 'What they wanted and did not want is forgotten, too. Without a terminal it needs --yes.',
  examples: ['mailctl contacts delete-list news --yes', 'mailctl contacts delete-list news --dry-run'],
  options: DELETION_FLAGS,
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run(context, [typed = ''], flags) {
    const opened = await context.app()
    const { name } = await readContactList(opened, typed)
    const kept = { ContactListName: name, Deleted: false }
    if (flags['dryRun'] !== true && flags['yes'] !== true && !context.io.interactive)
      throw new MailctlError('usage', 'this removes every contact of the list', { hint: 'Add --yes to go on.' })
    if (!(await isDeletionMeant(context, flags, `Remove ${name} and all its contacts?`))) return kept
    await deleteContactList(opened, name)
    return { ...kept, Deleted: true }
  },
  show: (io, { ContactListName, Deleted }, flags) => io.line(`${deletionWord(Deleted, flags)} ${ContactListName}`),
})
