/** `mailctl identity delete`: removes an identity and its private keys. */

import { printable } from '../../../base/redact.ts'
import { type Deletion, deleteIdentity, examineDeletion } from '../../../operations/set-identity.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Deleted extends Deletion {
  readonly isDone: boolean
}

/** Names in a line; there may be thousands. */
const MOST_NAMES = 5

function dependentsText(dependents: readonly string[]): string {
  const more = dependents.length - MOST_NAMES
  return `${dependents.slice(0, MOST_NAMES).map(printable).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

export default command<Deleted>({
  path: 'identity delete',
  arguments: '<identity>',
  summary: 'Remove a domain or an address, with its keys',
  details:
    'From now on nothing is accepted in its name. Mail that was accepted before is still delivered, with the signature and the return path that it ' +
    'has. Identities below it stay, and lose what they inherit. DNS records stay where they were published.',
  examples: ['mailctl identity delete example.com --yes', 'mailctl identity delete example.com --dry-run'],
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const examined = await examineDeletion(opened, typed)
    const { name } = examined.identity
    if (flags['dryRun'] === true) return { ...examined, isDone: false }
    const below = examined.dependents.length > 0 ? ` ${dependentsText(examined.dependents)} will inherit nothing from it.` : ''
    const message = `Remove ${name} and its keys?${below}`
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message, flag: '--yes' }))
    if (!sure) return { ...examined, isDone: false }
    return { ...(await deleteIdentity(opened, name)), isDone: true }
  },
  json: ({ identity, dependents, isDone }) => ({ EmailIdentity: identity.name, Deleted: isDone, Dependents: dependents }),
  show(io, { identity, dependents, isDone }, flags) {
    if (!isDone && flags['dryRun'] !== true) return io.line(`Kept ${identity.name}`)
    io.line(`${isDone ? 'Removed' : 'Would remove'} ${identity.name}`)
    if (dependents.length > 0) io.line(`${dependentsText(dependents)} ${isDone ? 'inherit' : 'would inherit'} nothing from it any more`)
  },
})
