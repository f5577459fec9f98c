/** What a message says to SES itself, in fields that begin with X-SES: read here, removed by `rewrite-header`. SES facts: smtp, "Control headers". */
import type { Account } from '../account/account.ts'
import type { ListManagement } from '../account/contacts.ts'
import { type ArnUse, checkIdentityArn } from '../account/identity-arn.ts'
import { checkTag } from '../account/message-tags.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { findField, findFields, type Header, type HeaderField } from '../mail/header.ts'
import type { App } from './app.ts'
import { type Caller, HERE } from './caller.ts'
import { parseListManagement } from './list-management.ts'
import type { Submission } from './submit-message.ts'

export interface ControlFields {
  readonly tags: Submission['tags']
  readonly configurationSet: string | null
  readonly listManagement: ListManagement | undefined
  /** The fields themselves, for `checkArns`. Mostly none. */
  readonly fields: Header
}

const isControl = ({ name }: HeaderField): boolean => name.length > 6 && name.charCodeAt(1) === 0x2d && /^x-ses-/i.test(name)

/**
 * The submission's own word goes before the message's; its tags replace those of the message, all of them.
 * @throws MailctlError bad-data (a tag), not-found (a tenant)
 */
export function readControlFields({ content, tags, configurationSet, listManagement }: Submission): ControlFields {
  const fields = content.header.filter(isControl)
  const control =
    fields.length === 0
      ? { tags, configurationSet, listManagement, fields }
      : {
          tags: Object.keys(tags).length > 0 ? tags : tagsIn(fields),
          configurationSet: configurationSet ?? findField(fields, 'X-SES-CONFIGURATION-SET')?.value ?? null,
          listManagement: listManagement ?? listManagementIn(fields),
          fields,
        }
  for (const [name, values] of Object.entries(control.tags)) for (const value of values) checkTag(name, value)
  const tenant = findField(fields, 'X-SES-TENANT')?.value
  if (tenant !== undefined)
    throw new MailctlError('not-found', `Tenant <${printable(tenant)}> does not exist.`, {
      hint: 'This account has no tenants: leave X-SES-TENANT out.',
    })
  return control
}

function listManagementIn(fields: Header): ListManagement | undefined {
  const field = findField(fields, 'X-SES-LIST-MANAGEMENT-OPTIONS')
  return field && parseListManagement(field.value)
}

/** `k1=v1, k2=v2`; of a name that is there twice the last counts. */
function tagsIn(fields: Header): Submission['tags'] {
  const pairs = findFields(fields, 'X-SES-MESSAGE-TAGS').flatMap(({ value }) => value.split(','))
  return Object.fromEntries(
    pairs
      .map(pair => pair.trim())
      .filter(pair => pair !== '')
      .map(pair => {
        const equals = pair.indexOf('=')
        return equals < 0 ? [pair, ['']] : [pair.slice(0, equals).trim(), [pair.slice(equals + 1).trim()]]
      }),
  )
}

export interface ArnFacts {
  readonly account: Account
  readonly caller: Caller | undefined
  readonly fromAddress: string
  readonly returnPath: string
}

/** @throws MailctlError bad-data, forbidden */
export function checkArns(fields: Header, { account, caller = HERE, fromAddress, returnPath }: ArnFacts): void {
  const uses = [
    ['X-SES-SOURCE-ARN', fromAddress],
    ['X-SES-FROM-ARN', fromAddress],
    ['X-SES-RETURN-PATH-ARN', returnPath],
  ] as const
  for (const [name, address] of uses)
    for (const { value } of findFields(fields, name)) checkIdentityArn(value, account, { address, caller: caller.identity })
}

/** The same of an ARN that a call names beside the message. @throws MailctlError bad-data, forbidden */
export async function checkArn({ store }: Pick<App, 'store'>, arn: string, use: ArnUse): Promise<void> {
  checkIdentityArn(arn, await store.account(), use)
}
