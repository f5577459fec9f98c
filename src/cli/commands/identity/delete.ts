/** `mailctl identity delete`: removes an identity and its private keys. */

import { printable } from '../../../base/redact.ts'
import { type Deletion, deleteIdentity, examineDeletion } from '../../../operations/set-identity.ts'
import { command } from '../../command.ts'
import { DELETION_FLAGS, deletionWord, isDeletionMeant } from '../../deletion.ts'

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
  options: DELETION_FLAGS,
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run(context, [typed = ''], flags) {
    const opened = await context.app()
    const examined = await examineDeletion(opened, typed)
    const { name } = examined.identity
    const below = examined.dependents.length > 0 ? ` ${dependentsText(examined.dependents)} will inherit nothing from it.` : ''
    if (!(await isDeletionMeant(context, flags, `Remove ${name} and its keys?${below}`))) return { ...examined, isDone: false }
    return { ...(await deleteIdentity(opened, name)), isDone: true }
  },
  json: ({ identity, dependents, isDone }) => ({ EmailIdentity: identity.name, Deleted: isDone, Dependents: dependents }),
  show(io, { identity, dependents, isDone }, flags) {
    io.line(`${deletionWord(isDone, flags)} ${identity.name}`)
    if (dependents.length > 0 && (isDone || flags['dryRun'] === true))
      io.line(`${dependentsText(dependents)} ${isDone ? 'inherit' : 'would inherit'} nothing from it any more`)
  },
})
