/** `mailctl suppression remove`: SES DeleteSuppressedDestination. */
import { readGloballySuppressed, readSuppressed, unsuppressAddress, unsuppressGlobally } from '../../../operations/suppression.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Removed {
  readonly EmailAddress: string
  readonly Removed: boolean
}

export default command<Removed>({
  path: 'suppression remove',
  arguments: '<address>',
  summary: 'Let mail go to an address again',
  examples: [
    'mailctl suppression remove ann@example.com --yes',
    'mailctl suppression remove ann@example.com --dry-run',
    'mailctl suppression remove ann@example.com --global --yes',
  ],
  options: [
    { flags: '--global', summary: 'from the global list' },
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const [read, remove] = flags['global'] === true ? [readGloballySuppressed, unsuppressGlobally] : [readSuppressed, unsuppressAddress]
    const { address } = await read(opened, typed)
    const kept = { EmailAddress: address, Removed: false }
    if (flags['dryRun'] === true) return kept
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message: `Remove ${address}?`, flag: '--yes' }))
    if (!sure) return kept
    await remove(opened, address)
    return { ...kept, Removed: true }
  },
  show: (io, { EmailAddress, Removed }, flags) => {
    if (Removed) io.line(`Removed ${EmailAddress}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${EmailAddress}` : `Kept ${EmailAddress}`)
  },
})
