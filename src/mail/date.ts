/** The date of header fields and reports, RFC 5322 §3.3, in UTC. */
import { MailctlError } from '../base/errors.ts'

/** @param at epoch milliseconds  @throws MailctlError bad-data, when that is no moment of the calendar */
export function formatDate(at: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) throw new MailctlError('bad-data', 'The date of the message is not a date')
  return date.toUTCString().replace(/GMT$/, '+0000')
}
