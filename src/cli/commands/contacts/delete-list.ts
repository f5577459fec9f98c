/** `mailctl contacts delete-list`: DeleteContactList. */
import { MailctlError } from '../../../base/errors.ts'
import { deleteContactList, readContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

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
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const { name } = await readContactList(opened, typed)
    const kept = { ContactListName: name, Deleted: false }
    if (flags['dryRun'] === true) return kept
    if (flags['yes'] !== true && !io.interactive)
      throw new MailctlError('usage', 'this removes every contact of the list', { hint: 'Add --yes to go on.' })
    if (flags['yes'] !== true && !(await confirm(io, { message: `Remove ${name} and all its contacts?`, flag: '--yes' }))) return kept
    await deleteContactList(opened, name)
    return { ...kept, Deleted: true }
  },
  show: (io, { ContactListName, Deleted }, flags) => {
    if (Deleted) io.line(`Removed ${ContactListName}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${ContactListName}` : `Kept ${ContactListName}`)
  },
})
