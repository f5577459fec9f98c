/** SendEmail and SendBulkEmail. SES facts: api-v2 "SendEmail", "SendBulkEmail". */
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { parseMailbox } from '../../mail/address.ts'
import { composeTemplated } from '../../operations/compose-templated.ts'
import { checkArn } from '../../operations/control-fields.ts'
import { sendBulkEmail } from '../../operations/send-bulk-email.ts'
import { type Submission, submitMessage } from '../../operations/submit-message.ts'
import { readTemplate, readTemplateData } from '../../operations/templates.ts'
import { RequestFault } from '../faults.ts'
import type { Members } from '../members.ts'
import {
  attachmentsIn,
  BANDWIDTH_WAIT_MS,
  badRequest,
  destinationIn,
  fieldsIn,
  messageTags,
  peopleIn,
  rawContent,
  simpleContent,
} from '../message-content.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'
import { templateContent } from './templates.ts'

type What = Pick<Submission, 'content' | 'recipients' | 'rejected' | 'operation'>

function listManagement(input: Members): Pick<Submission, 'listManagement'> {
  const options = input.part('ListManagementOptions')
  return options ? { listManagement: { list: options.must.text('ContactListName'), topic: options.text('TopicName') ?? null } } : {}
}

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
    ...listManagement(input),
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

async function raw(input: Members, part: Members): Promise<What> {
  const people = destinationIn(input)
  const recipients = people && [...people.to, ...people.cc, ...people.bcc]
  return { ...(await rawContent({ part, from: input.text('FromEmailAddress'), recipients })), operation: 'SendRawEmail' }
}

const simple = async ({ app, input }: SesCall, part: Members): Promise<What> => ({
  ...(await simpleContent(app, part, peopleIn(input, input.text('FromEmailAddress')))),
  operation: 'SendEmail',
})

async function templated(call: SesCall, part: Members): Promise<What> {
  const { app, input } = call
  const data = readTemplateData(part.text('TemplateData') ?? '{}', 'TemplateData')
  const composed = await composeTemplated(app, {
    ...peopleIn(input, input.text('FromEmailAddress')),
    headers: fieldsIn(part),
    ...attachmentsIn(part),
    template: await templateOf(call, part),
    data,
  })
  return { ...composed, operation: 'SendTemplatedEmail' }
}

async function templateOf({ app }: SesCall, part: Members) {
  const inline = part.part('TemplateContent')
  if (inline !== undefined) return { name: null, content: templateContent(inline) }
  const name = templateName(part)
  return { name, content: (await readTemplate(app, name)).content }
}

function templateName(part: Members): string {
  const name = part.text('TemplateName') ?? part.text('TemplateArn')?.replace(/^.*:template\//, '')
  if (name === undefined) throw badRequest('One of TemplateName, TemplateArn and TemplateContent is needed.')
  return name
}

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
      const { to = [], cc = [], bcc = [] } = destinationIn(entry) ?? {}
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
