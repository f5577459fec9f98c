/** Configuration sets. An account has none yet, so every name is one that does not exist. SES fact: text verbatim, brackets included. */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** @throws MailctlError not-found */
export function checkConfigurationSet(name: string): never {
  throw new MailctlError('not-found', `Configuration set <${printable(name)}> does not exist.`, {
    hint: 'This account has no configuration sets yet: leave --config-set out.',
  })
}
