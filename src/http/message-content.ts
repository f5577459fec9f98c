/** A message as the members of a request say it: content and envelope for `submitMessage`, whichever of SES's two APIs is spoken. */
import { createHash } from 'node:crypto'
import { MailctlError } from '../base/errors.ts'
import { parseMailbox, parseMailboxList } from '../mail/address.ts'
import { composeMessage, composeWhole, recipientsOf } from '../mail/compose.ts'
import type { Draft, DraftPart, InlinePart } from '../mail/draft.ts'
import { findField, headerField, prependField } from '../mail/header.ts'
import { splitMessage, splitWhole } from '../mail/split.ts'
import type { App } from '../operations/app.ts'
import type { Submission } from '../operations/submit-message.ts'
import { RequestFault } from './faults.ts'
import type { Members } from './members.ts'

export type Field = readonly [name: string, value: string]
export type Content = Pick<Submission, 'content' | 'recipients'>

/** Octets up to which a message is made in memory, without streams. */
const WHOLE_BYTES = 64 * 1024

/** How long a large message may wait for its turn in the account's bandwidth. */
export const BANDWIDTH_WAIT_MS = 60_000

/** Text of SES for what was left out is none at all. */
export const badRequest = (message: string | null): RequestFault => new RequestFault({ status: 400, type: 'BadRequestException', message })

interface Destination {
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
}

/** The member `Destination`. undefined: nobody was named. */
export function destinationIn(input: Members): Destination | undefined {
  const destination = input.part('Destination')
  if (destination === undefined) return undefined
  const of = (name: string): readonly string[] => destination.texts(name) ?? []
  const found = { to: of('ToAddresses'), cc: of('CcAddresses'), bcc: of('BccAddresses') }
  return found.to.length + found.cc.length + found.bcc.length === 0 ? undefined : found
}

export type People = Pick<Draft, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'returnPath'>

/** @throws MailctlError bad-data; RequestFault: no sender */
export function peopleIn(input: Members, from: string | undefined): People {
  if (from === undefined) throw badRequest(null)
  const { to, cc, bcc } = destinationIn(input) ?? { to: [], cc: [], bcc: [] }
  return {
    from: parseMailbox(from),
    to: to.flatMap(parseMailboxList),
    cc: cc.flatMap(parseMailboxList),
    bcc: bcc.flatMap(parseMailboxList),
    replyTo: (input.texts('ReplyToAddresses') ?? []).flatMap(parseMailboxList),
    returnPath: null,
  }
}

interface RawMessage {
  /** Its member `Data` is the message. */
  readonly part: Members
  /** The sender of the call; the message's own From stays what people read. */
  readonly from: string | undefined
  /** The envelope's; undefined: the message's To, Cc and Bcc. */
  readonly recipients: readonly string[] | undefined
}

/** @throws MailctlError bad-data, too-large, message-rejected (no From) */
export async function rawContent({ part, from, recipients }: RawMessage): Promise<Content> {
  const data = part.blob('Data')
  if (data === undefined) throw badRequest(null)
  const content = data.length > WHOLE_BYTES ? await splitMessage(data.open()) : splitWhole(data.bytes())
  const field = findField(content.header, 'From')
  if (field === undefined && from === undefined) throw new MailctlError('message-rejected', "Missing required header 'From'.")
  const header = field === undefined && from !== undefined ? prependField(content.header, headerField('From', from)) : content.header
  const addresses = recipients?.flatMap(text => parseMailboxList(text).map(({ address }) => address))
  return { content: { ...content, header }, ...(addresses && { recipients: [...new Set(addresses)] }) }
}

/** `{Subject, Body: {Text, Html}, Headers, Attachments}`. @throws MailctlError bad-data, too-large */
export async function simpleContent({ ids }: Pick<App, 'ids'>, part: Members, people: People): Promise<Content> {
  const body = part.must.part('Body')
  const textOf = (name: string): string | null => body.part(name)?.must.text('Data') ?? null
  const draft: Draft = {
    ...people,
    subject: part.must
      .part('Subject')
      .must.text('Data')
      .replace(/[\r\n\0]+/g, ' '),
    text: textOf('Text'),
    html: textOf('Html'),
    ...attachmentsIn(part),
    calendar: null,
    headers: fieldsIn(part),
    listUnsubscribe: null,
    date: null,
    messageId: null,
    boundarySeed: createHash('sha256').update(ids.newMessageId()).digest('hex').slice(0, 24),
  }
  const files = [...draft.attachments, ...draft.inline]
  const isSmall = files.length === 0 && (draft.text ?? '').length + (draft.html ?? '').length <= WHOLE_BYTES
  return { content: await (isSmall ? composeWhole(draft) : composeMessage(draft)), recipients: recipientsOf(draft) }
}

export const fieldsIn = (input: Members, name = 'Headers'): Field[] =>
  (input.parts(name) ?? []).map(header => [header.must.text('Name', { min: 1, max: 126 }), header.must.text('Value', { min: 1, max: 995 })])

export function attachmentsIn(part: Members): { readonly attachments: DraftPart[]; readonly inline: InlinePart[] } {
  const attachments: DraftPart[] = []
  const inline: InlinePart[] = []
  for (const attachment of part.parts('Attachments') ?? []) {
    const content = attachment.blob('RawContent')
    if (content === undefined)
      throw badRequest("1 validation error detected: Value at 'rawContent' failed to satisfy constraint: Member must not be null")
    const type = attachment.text('ContentType', { min: 1, max: 78 })
    const contentId = attachment.text('ContentId', { min: 1, max: 78 })?.replace(/^<(.*)>$/, '$1')
    const disposition = attachment.choice('ContentDisposition', ['ATTACHMENT', 'INLINE'])
    const file: DraftPart = {
      name: attachment.must.text('FileName', { max: 255 }),
      content: { length: content.length, open: () => content.open() },
      ...(type !== undefined && { type }),
      disposition: disposition === 'INLINE' ? 'inline' : 'attachment',
    }
    if (disposition === 'INLINE' && contentId !== undefined) inline.push({ ...file, contentId })
    else attachments.push(file)
  }
  return { attachments, inline }
}

/** `[{Name, Value}]`. */
export const messageTags = (input: Members, name: string): Record<string, readonly string[]> =>
  Object.fromEntries((input.parts(name) ?? []).map(tag => [tag.text('Name') ?? '', [tag.text('Value') ?? '']]))
