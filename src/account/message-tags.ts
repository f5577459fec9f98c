/** What a message tag may look like. SES fact: events "Tag rules", texts verbatim; the name is judged before the value. */
import { MailctlError } from '../base/errors.ts'

const MAX_LENGTH = 255

const refused = (message: string): MailctlError =>
  new MailctlError('bad-data', message, { hint: 'A tag is a name and a value: flow=receipt.' })

/** The two names that a sender may give although they look like SES's own: the fields of its Feedback-ID. */
const FEEDBACK_ID = /^ses:feedback-id-[ab]$/

/** @throws MailctlError bad-data with SES's own text */
export function checkTag(name: string, value: string): void {
  if (name === '') throw refused('The tag name must be specified.')
  if (!/^[A-Za-z0-9_-]+$/.test(name) && !FEEDBACK_ID.test(name))
    throw refused(`Invalid tag name <${name}>: only alphanumeric ASCII characters, '_',  '-' are allowed.`)
  if (name.length > MAX_LENGTH) throw refused(`Tag name cannot exceed ${MAX_LENGTH} characters.`)
  if (value === '') throw refused('The tag value must be specified.')
  if (!/^[A-Za-z0-9_.@-]+$/.test(value)) {
    throw refused(`Invalid tag value <${value}>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed.`)
  }
  if (value.length > MAX_LENGTH) throw refused(`Tag value cannot exceed ${MAX_LENGTH} characters.`)
}
