/** Sending authorization: an ARN that names the identity a message is sent as. SES facts: smtp, "Control headers" and "Reply codes". */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { Account } from './account.ts'

const IDENTITY_ARN = /^arn:aws(?:-[a-z-]+)?:ses:[a-z0-9-]+:(\d{12}):identity\/(\S+)$/

export interface ArnUse {
  /** The address that is used with it. */
  readonly address: string
  /** Who asks, as in the tag `ses:caller-identity`. */
  readonly caller: string
}

/**
 * Identities of this account need no permission; nobody has given one for those of others.
 * @throws MailctlError bad-data: no ARN of an identity, or one that does not speak for the address; forbidden: another account's
 */
export function checkIdentityArn(arn: string, { accountId }: Pick<Account, 'accountId'>, { address, caller }: ArnUse): void {
  const [, owner, identity = ''] = IDENTITY_ARN.exec(arn) ?? []
  if (owner === undefined)
    throw new MailctlError('bad-data', `Invalid identity ARN <${printable(arn)}>.`, {
      hint: `Write arn:aws:ses:REGION:${accountId}:identity/example.com, or leave it out.`,
    })
  if (owner !== accountId)
    throw new MailctlError(
      'forbidden',
      `User \`arn:aws:iam::${accountId}:user/${caller}' is not authorized to perform \`ses:SendRawEmail' on resource \`${printable(arn)}'`,
      { hint: 'An identity of another account cannot be used here: leave its ARN out.' },
    )
  const name = identity.toLowerCase()
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  if (name === address.toLowerCase() || domain === name || domain.endsWith(`.${name}`)) return
  throw new MailctlError('bad-data', `The identity <${printable(identity)}> does not speak for ${printable(address)}.`, {
    hint: 'Leave the ARN out: the identity of the address is found without it.',
  })
}
