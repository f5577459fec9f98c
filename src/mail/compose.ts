/**
 * Writes a draft down as a MIME message, as a stream: fields by our own rules, the tree of parts by nodemailer with file and URL access
 * off. Memory does not grow with attachments. Nothing is opened before the checks are through. RFC 5322, 2045 to 2047, 2231, 2387
 * (related), 5545 and 6047 (invitations), 8058 (one-click unsubscribe). SES facts: limits on recipients, parts, fields, names and size.
 */
import { Readable } from 'node:stream'
import type MailComposer from 'nodemailer/lib/mail-composer'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { formatMailboxList } from './address.ts'
import { MAX_MESSAGE_BYTES } from './body.ts'
import { formatDate } from './date.ts'
import type { Draft, DraftPart, InlinePart } from './draft.ts'
import { encodeText } from './encoded-word.ts'
import { MAX_RECIPIENTS } from './envelope.ts'
import { checkHeader, type Header, type HeaderField, headerField, serializeHeader, withoutField } from './header.ts'
import { checkFileName, sniffType } from './media-type.ts'
import { type SplitMessage, splitMessage, splitWhole, tooLarge, type WholeMessage } from './split.ts'

/** SES facts. */
const MAX_PARTS = 500
const MAX_CUSTOM_FIELDS = 15
const MAX_FIELD_NAME = 126
const MAX_FIELD_VALUE = 995
const MAX_FIELD = 996

/** Fields that belong to the envelope or to the MIME tree; giving them by hand would contradict what is written. */
const RESERVED = /^(?:to|cc|bcc|mime-version|content-.+)$/i

/**
 * The header and body of the draft; the same shape as a raw message from outside, so that both take one way from here. The header is
 * complete and checked; the body streams, and its errors are those of `splitMessage` and of the contents' streams.
 * @throws MailctlError bad-data: limits, names and fields above; too-large: known to exceed 40 MB after encoding. Nothing was opened then
 */
export async function composeMessage(draft: Draft): Promise<SplitMessage> {
  const fields = checkedFields(draft)
  const mime = await splitMessage((await mimeTree(draft)).createReadStream())
  return { ...mime, header: withFields(fields, mime.header) }
}

/** The same in memory, for a draft whose texts and files are small and there already: without streams it costs half. @throws as `composeMessage` */
export async function composeWhole(draft: Draft): Promise<WholeMessage> {
  const fields = checkedFields(draft)
  const mime = splitWhole(await (await mimeTree(draft)).build())
  return { ...mime, header: withFields(fields, mime.header) }
}

function checkedFields(draft: Draft): Header {
  checkRecipients(draft)
  const fields = draftFields(draft)
  checkHeader(fields)
  checkParts(draft)
  if (estimateBytes(draft, fields) > MAX_MESSAGE_BYTES) throw tooLarge()
  return fields
}

/** Our own fields, then those of the MIME tree. */
const withFields = (fields: Header, mime: Header): Header => [
  ...fields,
  ...['date', 'message-id', 'from', 'to'].reduce<Header>(withoutField, mime),
]

/** Header and body one after the other. */
export function messageStream({ header, body }: Pick<SplitMessage, 'header' | 'body'>): Readable {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield serializeHeader(header)
    yield* body
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: 64 * 1024 })
}

/** Addresses that receive the draft, each once, in the order of To, Cc, Bcc. */
export const recipientsOf = ({ to, cc, bcc }: Pick<Draft, 'to' | 'cc' | 'bcc'>): string[] => [
  ...new Set([...to, ...cc, ...bcc].map(({ address }) => address)),
]

function checkRecipients({ to, cc, bcc }: Draft): void {
  const count = to.length + cc.length + bcc.length
  if (count === 0) throw new MailctlError('bad-data', 'The message has no recipient', { hint: 'Give one with --to, --cc or --bcc.' })
  if (count > MAX_RECIPIENTS) {
    throw new MailctlError('bad-data', `The message has ${count} recipients; ${MAX_RECIPIENTS} are the most`, {
      hint: 'To, Cc and Bcc count together, members of groups too: send several messages.',
    })
  }
}

function checkParts(draft: Draft): void {
  const files = [...draft.attachments, ...draft.inline]
  // Text, HTML, a calendar twice, and the three multiparts around them at most.
  if (files.length + 7 > MAX_PARTS) {
    throw new MailctlError('bad-data', `The message has ${files.length} attachments, more than ${MAX_PARTS} MIME parts in all`, {
      hint: 'Pack them into an archive.',
    })
  }
  for (const { name, type } of files) {
    checkFileName(name)
    if (type !== undefined && /^multipart\//i.test(type))
      throw new MailctlError('bad-data', `'${printable(type)}' cannot be the type of a file`, {
        hint: 'Leave type out: it follows from the file.',
      })
    if (type !== undefined && !/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/.test(type)) {
      throw new MailctlError('bad-data', `'${printable(type)}' is not a media type`, {
        hint: 'Write type/subtype, such as application/pdf.',
      })
    }
  }
  for (const { contentId } of draft.inline) {
    if (!/^[!-;=?-~]+$/.test(contentId))
      throw new MailctlError('bad-data', `'${printable(contentId)}' is not a Content-ID`, {
        hint: 'Write it without spaces and angle brackets: logo, or logo@example.com.',
      })
  }
}

/** The fields that speak of the whole message, in the order readers know. */
function draftFields(draft: Draft): Header {
  const fields: HeaderField[] = []
  const add = (name: string, value: string) => fields.push(headerField(name, value))
  if (draft.returnPath !== null) add('Return-Path', `<${draft.returnPath.address}>`)
  add('From', formatMailboxList([draft.from]))
  if (draft.to.length > 0) add('To', formatMailboxList(draft.to))
  if (draft.cc.length > 0) add('Cc', formatMailboxList(draft.cc))
  if (draft.replyTo.length > 0) add('Reply-To', formatMailboxList(draft.replyTo))
  if (draft.subject !== '') add('Subject', encodeSubject(draft.subject))
  if (draft.date !== null) add('Date', formatDate(draft.date))
  if (draft.messageId !== null) add('Message-ID', `<${checkMessageId(draft.messageId)}>`)
  if (draft.listUnsubscribe !== null) addUnsubscribe(draft.listUnsubscribe, add)
  if (draft.headers.length > MAX_CUSTOM_FIELDS) {
    throw new MailctlError('bad-data', `The message has ${draft.headers.length} extra headers; ${MAX_CUSTOM_FIELDS} are the most`, {
      hint: 'A message given by --raw may have more.',
    })
  }
  for (const [name, value] of draft.headers) {
    checkCustomField(name, value)
    add(name, value)
  }
  return fields
}

function checkCustomField(name: string, value: string): void {
  const shown = printable(name)
  if (!/^[!-9;-~]+$/.test(name) || name.length > MAX_FIELD_NAME) {
    throw new MailctlError('bad-data', `'${shown}' is not a header field name`, {
      hint: `Write --header 'Name: value'; a name is 1 to ${MAX_FIELD_NAME} printable characters without a space or colon.`,
    })
  }
  if (RESERVED.test(name)) {
    throw new MailctlError('bad-data', `Header '${shown}' is written by mailctl`, {
      hint: 'Use --to, --cc and --bcc for recipients; Content fields follow from what the message holds.',
    })
  }
  if (!/^[\x20-\x7e]+$/.test(value)) {
    throw new MailctlError('bad-data', `Header '${shown}' has a value that is empty or not printable ASCII`, {
      hint: 'Line breaks are never accepted; text in other scripts goes in as encoded words (RFC 2047).',
    })
  }
  if (value.length > MAX_FIELD_VALUE || name.length + value.length > MAX_FIELD) {
    throw new MailctlError('bad-data', `Header '${shown}' is longer than ${MAX_FIELD} characters`, {
      hint: 'Move what it says into the body.',
    })
  }
}

function encodeSubject(subject: string): string {
  if (/[\r\n\0]/.test(subject)) {
    throw new MailctlError('bad-data', "Header 'Subject' has a line break or NUL in its value", { hint: 'Write the subject on one line.' })
  }
  return encodeText(subject)
}

function checkMessageId(id: string): string {
  if (/^[!-;=?-~]+@[!-;=?-~]+$/.test(id) && id.length <= 900) return id
  throw new MailctlError('bad-data', `'${printable(id.slice(0, 100))}' is not a Message-ID`, { hint: 'Write id@domain, without spaces.' })
}

function addUnsubscribe(url: string, add: (name: string, value: string) => void): void {
  if (!/^(?:https?:\/\/|mailto:)[!-;=?-~]+$/i.test(url) || url.length > MAX_FIELD_VALUE) {
    throw new MailctlError('bad-data', `'${printable(url.slice(0, 100))}' is not a URL to unsubscribe at`, {
      hint: 'Write an https: URL, which one-click unsubscribing needs, or a mailto: URL.',
    })
  }
  add('List-Unsubscribe', `<${url}>`)
  if (/^https:/i.test(url)) add('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click')
}

const base64Length = (octets: number): number => {
  const characters = Math.ceil(octets / 3) * 4
  return characters + 2 * Math.ceil(characters / 76)
}

/** Never above the true size, so a message that fits is never refused; `splitMessage` counts what is really written. */
function estimateBytes(draft: Draft, fields: Header): number {
  const texts = [draft.text, draft.html, draft.calendar].reduce((sum, text) => sum + (text?.length ?? 0), 0)
  const files = [...draft.attachments, ...draft.inline].reduce(
    (sum, part) =>
      sum +
      (/^message\//i.test(part.type ?? '') || /\.eml$/i.test(part.name) ? part.content.length : base64Length(part.content.length) - 2),
    0,
  )
  return fields.reduce((sum, { raw }) => sum + raw.length, 0) + texts + files
}

/** The MIME tree with its Content fields (and From, Date … of nodemailer's own, which are dropped). */
async function mimeTree(draft: Draft): Promise<ReturnType<MailComposer['compile']>> {
  const { default: Composer } = await import('nodemailer/lib/mail-composer')
  const { detectMimeType } = await import('nodemailer/lib/mime-funcs')
  const typeOf = ({ type, name, firstOctets }: DraftPart): string => {
    if (type !== undefined) return type
    const byName = name.includes('.') ? detectMimeType(name) : 'application/octet-stream'
    return byName === 'application/octet-stream' ? (sniffType(firstOctets ?? new Uint8Array()) ?? byName) : byName
  }
  const attachment = (part: DraftPart) => ({
    filename: part.name,
    content: lazily(part),
    contentType: typeOf(part),
    contentDisposition: part.disposition ?? 'attachment',
  })
  const inline = (part: InlinePart) => ({ ...attachment({ disposition: 'inline', ...part }), cid: part.contentId })
  // A message of files alone still opens with an (empty) text, which every reader shows well.
  const text = draft.text || ((draft.html ?? '') === '' ? '\n' : null)
  return new Composer({
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'windows',
    baseBoundary: draft.boundarySeed,
    boundaryPrefix: '--_',
    date: new Date(0),
    messageId: '<dropped@invalid>',
    ...(text === null ? {} : { text: withLineFeeds(text) }),
    ...(draft.html === null || draft.html === '' ? {} : { html: withLineFeeds(draft.html) }),
    ...(draft.calendar === null ? {} : { icalEvent: { content: draft.calendar, method: calendarMethod(draft.calendar) } }),
    attachments: [...draft.inline.map(inline), ...draft.attachments.map(attachment)],
  }).compile()
}

/** nodemailer then leaves short ASCII lines as they are and encodes everything else. */
const withLineFeeds = (text: string): string => text.replace(/\r\n?/g, '\n')

/** RFC 5546 §1.4: a method is an upper-case word; an object without one is only published. */
function calendarMethod(calendar: string): string {
  return /^METHOD:([A-Za-z-]{1,40})\s*$/m.exec(calendar)?.[1]?.toUpperCase() ?? 'PUBLISH'
}

/** Opens the content when its turn has come: hundreds of attachments never are hundreds of open files. */
function lazily({ content: body }: DraftPart): Readable {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield* body.open()
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: 64 * 1024 })
}
