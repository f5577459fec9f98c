/** `mailctl identity delete`: removes an identity and its private keys. */
import { readIdentity } from '../../../operations/read-identity.ts'
import { deleteIdentity } from '../../../operations/set-identity.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Deleted {
  readonly EmailIdentity: string
  readonly Deleted: boolean
}

export default command<Deleted>({
  path: 'identity delete',
  arguments: '<identity>',
  summary: 'Remove a domain or an address, with its keys',
  details: 'Its DNS records stay where they were published.',
  examples: ['mailctl identity delete example.com --yes', 'mailctl identity delete example.com --dry-run'],
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const { name } = await readIdentity(opened, typed)
    if (flags['dryRun'] === true) return { EmailIdentity: name, Deleted: false }
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message: `Remove ${name} and its keys?`, flag: '--yes' }))
    if (!sure) return { EmailIdentity: name, Deleted: false }
    await deleteIdentity(opened, name)
    return { EmailIdentity: name, Deleted: true }
  },
  show: (io, { EmailIdentity, Deleted }, flags) => {
    if (Deleted) io.line(`Removed ${EmailIdentity}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${EmailIdentity}` : `Kept ${EmailIdentity}`)
  },
})
