/** `--dkim txt|cname|byo:SELECTOR:KEYFILE` and `--key rsa2048|rsa1024`, as `verify domain` and `identity set` take them. */
import { MailctlError } from '../base/errors.ts'
import type { DkimChoice } from '../operations/create-identity.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { textFlag } from './moments.ts'
import { readInput } from './values.ts'

export const DKIM_FLAGS: readonly OptionSpec[] = [
  { flags: '--dkim <method>', summary: 'how keys are published: txt (default), cname, or byo:SELECTOR:KEYFILE for your own key' },
  { flags: '--key <length>', summary: 'of new keys: rsa2048 (default) or rsa1024', choices: ['rsa2048', 'rsa1024'] },
]

/** @returns undefined when neither flag was given  @throws MailctlError usage, no-input */
export async function dkimChoice(flags: Flags, io: Pick<Io, 'stdin'>): Promise<DkimChoice | undefined> {
  const dkim = textFlag(flags, 'dkim')
  const key = textFlag(flags, 'key')
  if (dkim === undefined && key === undefined) return undefined
  if (dkim === undefined || dkim === 'txt' || dkim === 'cname')
    return { kind: dkim ?? 'txt', ...(key !== undefined && { keyLength: key === 'rsa1024' ? 'RSA_1024_BIT' : 'RSA_2048_BIT' }) }
  const [kind = '', selector = '', ...file] = dkim.split(':')
  if (kind !== 'byo' || selector === '' || file.length === 0)
    throw new MailctlError('usage', `'${dkim}' is not a way to publish keys`, { hint: 'Write txt, cname or byo:SELECTOR:KEYFILE.' })
  if (key !== undefined) throw new MailctlError('usage', '--key does not go with a key of your own', { hint: 'Leave --key out.' })
  return { kind: 'byo', selector, pem: (await readInput(file.join(':'), io)).toString('latin1') }
}
