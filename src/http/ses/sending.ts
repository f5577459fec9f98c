/** SendEmail and SendBulkEmail. SES facts: api-v2 "SendEmail", "SendBulkEmail". */
import { createHash } from 'node:crypto'
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { parseMailbox, parseMailboxList } from '../../mail/address.ts'
import { composeMessage, recipientsOf } from '../../mail/compose.ts'
import type { Draft, DraftPart, InlinePart } from '../../mail/draft.ts'
import { findField } from '../../mail/header.ts'
import { splitMessage } from '../../mail/split.ts'
import { composeTemplated } from '../../operations/compose-templated.ts'
import { checkArn } from '../../operations/control-fields.ts'
import { sendBulkEmail } from '../../operations/send-bulk-email.ts'
import { type Submission, submitMessage } from '../../operations/submit-message.ts'
import { readTemplate, readTemplateData } from '../../operations/templates.ts'
import { RequestFault } from '../faults.ts'
import type { Members } from './members.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'
import { templateContent } from './templates.ts'

type Field = readonly [name: string, value: string]
type What = Pick<Submission, 'content' | 'recipients' | 'rejected' | 'operation'>

/** How long a large message may wait for its turn in the account's bandwidth. */
const BANDWIDTH_WAIT_MS = 60_000

async function sendEmail(call: SesCall): Promise<object> {
  const { app, input, caller, signal, delivery } = call
  const content = input.must.part('Content')
  const kinds = (['Simple', 'Raw', 'Template'] as const).filter(name => content.has(name))
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) throw badRequest('Exactly one of Content.Simple, Content.Raw and Content.Template is needed.')
  refuseUnknown(input)
  const from = input.text('FromEmailAddress')
  await checkArns(call, from)
  const part = content.must.part(kind)
  const what = kind === 'Raw' ? await raw(input, part) : kind === 'Simple' ? await simple(call, part) : await templated(call, part)
  const returnPath = input.text('FeedbackForwardingEmailAddress')
  const { holdMs } = delivery
  const accepted = await submitMessage(app, {
    ...what,
    ...(returnPath !== undefined && { returnPath: parseMailbox(returnPath).address }),
    tags: messageTags(input, 'EmailTags'),
    configurationSet: input.text('ConfigurationSetName') ?? null,
    caller,
    signer: 'own',
    rateWaitMs: 0,
    bandwidthWaitMs: BANDWIDTH_WAIT_MS,
    ...(holdMs !== undefined && { holdMs }),
    signal,
  }).catch(error => suspended(call, error))
  delivery.deliver(accepted.held)
  return { MessageId: accepted.messageId }
}

/** Text of SES for what was left out is none at all. */
const badRequest = (message: string | null): RequestFault => new RequestFault({ status: 400, type: 'BadRequestException', message })

/** What a message may ask for that this account has not. @throws MailctlError not-found */
function refuseUnknown(input: Members): void {
  const tenant = input.text('TenantName')
  if (tenant !== undefined) throw new MailctlError('not-found', `Tenant <${printable(tenant)}> does not exist.`)
  const endpoint = input.text('EndpointId')
  if (endpoint !== undefined) throw new MailctlError('not-found', `Multi-region endpoint ${printable(endpoint)} does not exist.`)
}

async function checkArns({ app, input, caller }: SesCall, from: string | undefined): Promise<void> {
  const uses = [
    ['FromEmailAddressIdentityArn', from],
    ['FeedbackForwardingEmailAddressIdentityArn', input.text('FeedbackForwardingEmailAddress')],
  ] as const
  for (const [name, address] of uses) {
    const arn = input.text(name)
    if (arn === undefined || address === undefined) continue
    await checkArn(app, arn, { address: parseMailbox(address).address, caller: caller.identity })
  }
}

/** A pause of the owner's and a suspension by the account's record are two exceptions. */
async function suspended({ app }: SesCall, error: unknown): Promise<never> {
  if (error instanceof MailctlError && error.code === 'sending-paused' && (await app.store.account()).enforcementStatus === 'SHUTDOWN')
    throw new RequestFault({ status: 400, type: 'AccountSuspendedException', message: error.message })
  throw error
}

/** The envelope's recipients; undefined: none were given. */
function destinationOf(input: Members): { readonly to: string[]; readonly cc: string[]; readonly bcc: string[] } | undefined {
  const destination = input.part('Destination')
  if (destination === undefined) return undefined
  const of = (name: string): string[] => [...(destination.texts(name) ?? [])]
  const found = { to: of('ToAddresses'), cc: of('CcAddresses'), bcc: of('BccAddresses') }
  return found.to.length + found.cc.length + found.bcc.length === 0 ? undefined : found
}

async function raw(input: Members, part: Members): Promise<What> {
  const data = part.blob('Data')
  if (data === undefined) throw badRequest(null)
  const from = input.text('FromEmailAddress')
  const content = await splitMessage(data.open())
  const field = findField(content.header, 'From')
  if (field === undefined && from === undefined) throw new MailctlError('message-rejected', "Missing required header 'From'.")
  // The address of the call is the one that speaks, as SES has it; the message's own From stays what people read.
  const header =
    field === undefined && from !== undefined ? [{ name: 'From', value: from, raw: `From: ${from}` }, ...content.header] : content.header
  const people = destinationOf(input)
  const recipients =
    people && [...people.to, ...people.cc, ...people.bcc].flatMap(text => parseMailboxList(text).map(({ address }) => address))
  return { content: { ...content, header }, ...(recipients && { recipients: [...new Set(recipients)] }), operation: 'SendRawEmail' }
}

function peopleOf(input: Members): Pick<Draft, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'returnPath'> {
  const from = input.text('FromEmailAddress')
  if (from === undefined) throw badRequest(null)
  const { to = [], cc = [], bcc = [] } = destinationOf(input) ?? {}
  return {
    from: parseMailbox(from),
    to: to.flatMap(parseMailboxList),
    cc: cc.flatMap(parseMailboxList),
    bcc: bcc.flatMap(parseMailboxList),
    replyTo: (input.texts('ReplyToAddresses') ?? []).flatMap(parseMailboxList),
    returnPath: null,
  }
}

const fieldsIn = (input: Members, name = 'Headers'): Field[] =>
  (input.parts(name) ?? []).map(header => [header.must.text('Name', { min: 1, max: 126 }), header.must.text('Value', { min: 1, max: 995 })])

async function simple({ app, input }: SesCall, part: Members): Promise<What> {
  const body = part.must.part('Body')
  const textOf = (parent: Members, name: string): string | null => parent.part(name)?.must.text('Data') ?? null
  const draft: Draft = {
    ...peopleOf(input),
    subject: part.must
      .part('Subject')
      .must.text('Data')
      .replace(/[\r\n\0]+/g, ' '),
    text: textOf(body, 'Text'),
    html: textOf(body, 'Html'),
    ...attachmentsIn(part),
    calendar: null,
    headers: fieldsIn(part),
    listUnsubscribe: null,
    date: null,
    messageId: null,
    boundarySeed: createHash('sha256').update(app.ids.newMessageId()).digest('hex').slice(0, 24),
  }
  return { content: await composeMessage(draft), recipients: recipientsOf(draft), operation: 'SendEmail' }
}

async function templated(call: SesCall, part: Members): Promise<What> {
  const { app, input } = call
  const data = readTemplateData(part.text('TemplateData') ?? '{}', 'TemplateData')
  const composed = await composeTemplated(app, {
    ...peopleOf(input),
    headers: fieldsIn(part),
    ...attachmentsIn(part),
    template: await templateOf(call, part),
    data,
  })
  return { ...composed, operation: 'SendTemplatedEmail' }
}

async function templateOf({ app }: SesCall, part: Members) {
  const inline = part.part('TemplateContent')
  if (inline !== undefined) return { name: '', content: templateContent(inline) }
  const name = templateName(part)
  return { name, content: (await readTemplate(app, name)).content }
}

function templateName(part: Members): string {
  const name = part.text('TemplateName') ?? part.text('TemplateArn')?.replace(/^.*:template\//, '')
  if (name === undefined) throw badRequest('One of TemplateName, TemplateArn and TemplateContent is needed.')
  return name
}

function attachmentsIn(part: Members): { readonly attachments: DraftPart[]; readonly inline: InlinePart[] } {
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

const messageTags = (input: Members, name: string): Record<string, readonly string[]> =>
  Object.fromEntries((input.parts(name) ?? []).map(tag => [tag.text('Name') ?? '', [tag.text('Value') ?? '']]))

async function sendBulk(call: SesCall): Promise<object> {
  const { app, input, caller, signal } = call
  refuseUnknown(input)
  const from = input.text('FromEmailAddress')
  if (from === undefined) throw badRequest(null)
  await checkArns(call, from)
  const template = input.must.part('DefaultContent').must.part('Template')
  const inline = template.part('TemplateContent')
  const defaultData = template.text('TemplateData')
  const returnPath = input.text('FeedbackForwardingEmailAddress')
  const results = await sendBulkEmail(app, {
    from,
    replyTo: input.texts('ReplyToAddresses') ?? [],
    ...(returnPath !== undefined && { returnPath }),
    template: inline === undefined ? templateName(template) : templateContent(inline),
    ...(defaultData !== undefined && { defaultData }),
    defaultTags: messageTags(input, 'DefaultEmailTags'),
    headers: fieldsIn(template),
    attachments: attachmentsIn(template).attachments,
    configurationSet: input.text('ConfigurationSetName') ?? null,
    caller,
    entries: input.must.parts('BulkEmailEntries').map(entry => {
      const { to = [], cc = [], bcc = [] } = destinationOf(entry) ?? {}
      const replacementData = entry.part('ReplacementEmailContent')?.part('ReplacementTemplate')?.text('ReplacementTemplateData')
      return {
        to,
        cc,
        bcc,
        ...(replacementData !== undefined && { replacementData }),
        tags: messageTags(entry, 'ReplacementTags'),
        headers: fieldsIn(entry, 'ReplacementHeaders'),
      }
    }),
    signal,
  }).catch(error => suspended(call, error))
  return { BulkEmailEntryResults: results.map(({ status, error, messageId }) => ({ Status: status, Error: error, MessageId: messageId })) }
}

export const sendingOperations: readonly SesOperation[] = [
  operation('SendEmail', 'POST /outbound-emails', sendEmail),
  operation('SendBulkEmail', 'POST /outbound-bulk-emails', sendBulk),
]
