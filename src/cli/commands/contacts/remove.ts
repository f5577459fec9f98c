/** `mailctl contacts remove`: DeleteContact. */
import { readContact, removeContact } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Removed {
  readonly EmailAddress: string
  readonly Removed: boolean
}

export default command<Removed>({
  path: 'contacts remove',
  arguments: '<address>',
  summary: 'Take an address off the contact list',
  details: 'What it wanted and did not want is forgotten: to stop mail to it, unsubscribe it with contacts update.',
  examples: ['mailctl contacts remove ann@example.com --yes'],
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const { address } = await readContact(opened, undefined, typed)
    const kept = { EmailAddress: address, Removed: false }
    if (flags['dryRun'] === true) return kept
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message: `Remove ${address}?`, flag: '--yes' }))
    if (!sure) return kept
    await removeContact(opened, undefined, address)
    return { ...kept, Removed: true }
  },
  show: (io, { EmailAddress, Removed }, flags) => {
    if (Removed) io.line(`Removed ${EmailAddress}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${EmailAddress}` : `Kept ${EmailAddress}`)
  },
})
