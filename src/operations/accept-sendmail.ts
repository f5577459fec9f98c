/**
 * A message as a local program hands it to `sendmail`: recipients on the command line or in the header, perhaps no From, names without a
 * domain. What is missing is filled in from the host's name; then it is a submission like any other.
 */
import { MailctlError } from '../base/errors.ts'
import { formatMailbox, mailboxesOf, parseAddress, parseMailboxList } from '../mail/address.ts'
import { findField, findFields, type Header, headerField, withField, withoutField } from '../mail/header.ts'
import { qualified } from '../mail/qualify.ts'
import { sendmailInput } from '../mail/sendmail-input.ts'
import { splitMessage } from '../mail/split.ts'
import type { App } from './app.ts'
import { type Accepted, type SubmitApp, submitMessage } from './submit-message.ts'

export interface SendmailRequest {
  readonly input: AsyncIterable<Uint8Array | string>
  /** A line of one dot is the end. */
  readonly dotEnds: boolean
  /** As typed, each perhaps a list. */
  readonly recipients: readonly string[]
  /** Those of To, Cc and Bcc too. */
  readonly readsRecipients: boolean
  /** `-f`: where reports go, and the From where the message has none. `<>` and `''`: as if it was not given. */
  readonly sender?: string
  /** `-F`. */
  readonly fullName?: string
  /** Who runs the program. */
  readonly user: string
  readonly rateWaitMs: number
  readonly signal: AbortSignal
}

export interface SendmailAccepted extends Accepted {
  readonly recipients: readonly string[]
}

const ADDRESS_FIELDS = [
  'From',
  'Sender',
  'Reply-To',
  'To',
  'Cc',
  'Bcc',
  'Resent-From',
  'Resent-Sender',
  'Resent-To',
  'Resent-Cc',
  'Resent-Bcc',
]

/** @throws MailctlError usage (nobody to send to), and what submitMessage throws */
export async function acceptSendmail(app: SubmitApp, request: SendmailRequest): Promise<SendmailAccepted> {
  const { input, dotEnds, readsRecipients, rateWaitMs, signal } = request
  const host = app.settings.hostname
  const typed = request.recipients.flatMap(list => parseMailboxList(qualified(list, host))).map(({ address }) => address)
  if (typed.length === 0 && !readsRecipients)
    throw new MailctlError('usage', 'there is nobody to send to', { hint: 'Name recipients, or give -t to read them from the message.' })
  const sender = senderOf(request, app.settings)
  const content = await splitMessage(sendmailInput(input, { dotEnds }))
  const header = withFrom(
    content.header.map(field => withDomain(field, host)),
    { ...request, sender: sender ?? `${request.user}@${host}` },
  )
  const recipients = [...new Set([...typed, ...(readsRecipients ? recipientsIn(header) : [])])]
  const accepted = await submitMessage(app, {
    content: { ...content, header: withoutField(header, 'Resent-Bcc'), tally: content.tally },
    recipients,
    ...(sender !== undefined && { returnPath: sender }),
    tags: {},
    configurationSet: null,
    operation: 'SendRawEmail',
    signer: 'own',
    rateWaitMs,
    signal,
  })
  return { ...accepted, recipients }
}

function senderOf({ sender = '' }: SendmailRequest, { hostname }: App['settings']): string | undefined {
  const given = sender.trim().replace(/^<(.*)>$/, '$1')
  return given === '' ? undefined : parseAddress(qualified(given, hostname)).address
}

const withDomain = (field: Header[number], host: string): Header[number] => {
  if (!ADDRESS_FIELDS.some(name => name.toLowerCase() === field.name.toLowerCase())) return field
  const value = qualified(field.value, host)
  return value === field.value ? field : headerField(field.name, value)
}

function withFrom(header: Header, { sender, fullName = '' }: Pick<SendmailRequest, 'fullName'> & { readonly sender: string }): Header {
  if (findField(header, 'From') !== undefined) return header
  return withField(header, headerField('From', formatMailbox({ ...parseAddress(sender), displayName: fullName.trim() })))
}

/** A message that was sent on names those it goes to in fields of its own. RFC 5322 §3.6.6. */
function recipientsIn(header: Header): string[] {
  const addresses = (names: readonly string[]): string[] =>
    names.flatMap(name => findFields(header, name).flatMap(mailboxesOf)).map(({ address }) => address)
  const again = addresses(['Resent-To', 'Resent-Cc', 'Resent-Bcc'])
  return again.length > 0 ? again : addresses(['To', 'Cc', 'Bcc'])
}
