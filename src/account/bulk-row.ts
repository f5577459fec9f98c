/**
 * A row of a bulk job: whom it is for, what it brings to the template, and the key by which it is known to have been sent. A row is the same
 * when its job, its number and its address are.
 */
import { createHash } from 'node:crypto'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { type Mailbox, parseMailbox } from '../mail/address.ts'

/** Looked for in this order, whatever their case, where no field was named. */
const RECIPIENT_FIELDS = ['to', 'email', 'emailaddress', 'email_address', 'recipient']

/** @param named the field that holds the address; absent: one of the usual names  @throws MailctlError bad-data */
export function recipientOf(fields: Readonly<Record<string, unknown>>, named?: string): Mailbox {
  const names = Object.keys(fields)
  const usual = (): string | undefined =>
    RECIPIENT_FIELDS.map(field => names.find(name => name.toLowerCase() === field)).find(name => name !== undefined)
  const field = named ?? usual()
  const hint = 'The recipient stands in the field to, or email; --to-field names another.'
  if (field === undefined || !Object.hasOwn(fields, field))
    throw new MailctlError('bad-data', named === undefined ? 'has no field with a recipient' : `has no field '${printable(named)}'`, {
      hint,
    })
  const value = fields[field]
  if (typeof value !== 'string' || value.trim() === '')
    throw new MailctlError('bad-data', `has no recipient in its field '${printable(field)}'`, { hint })
  return parseMailbox(value)
}

/** @throws MailctlError bad-data */
export function checkJobName(job: string): void {
  if (/^[A-Za-z0-9_.-]{1,64}$/.test(job)) return
  throw new MailctlError('bad-data', `'${printable(job)}' cannot be the name of a job`, {
    hint: 'Use 1 to 64 letters, digits, dots, dashes and underscores.',
  })
}

/** The idempotency key of the row's message. */
export const rowKey = (job: string, row: number, address: string): string =>
  `bulk/${job}/${row}/${createHash('sha256').update(address).digest('hex').slice(0, 16)}`
