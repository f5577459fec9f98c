/** SendEmail, SendRawEmail, SendTemplatedEmail, SendBulkTemplatedEmail. SES facts: api-v1 "Sending"; messages of at most 10 MB. */
import { parseMailbox } from '../../mail/address.ts'
import { composeTemplated } from '../../operations/compose-templated.ts'
import { checkArn } from '../../operations/control-fields.ts'
import { type BulkResult, sendBulkEmail } from '../../operations/send-bulk-email.ts'
import { type Submission, submitMessage } from '../../operations/submit-message.ts'
import { readTemplate, readTemplateData } from '../../operations/templates.ts'
import type { Members } from '../members.ts'
import { BANDWIDTH_WAIT_MS, destinationIn, messageTags, peopleIn, rawContent, simpleContent } from '../message-content.ts'
import type { SesCall } from '../ses/operation.ts'
import { action, type QueryAction } from './action.ts'

const MAX_BYTES = 10 * 1024 * 1024

/** What is empty was left out: the official examples send such members. */
const said = (input: Members, name: string): string | undefined => input.text(name) || undefined

type What = Pick<Submission, 'content' | 'recipients' | 'rejected' | 'operation'>

async function submit(call: SesCall, what: What): Promise<object> {
  const { app, input, caller, signal, delivery } = call
  const source = said(input, 'Source')
  const returnPath = said(input, 'ReturnPath') ?? (what.operation === 'SendRawEmail' ? source : undefined)
  for (const [name, address] of [
    ['SourceArn', source],
    ['FromArn', source],
    ['ReturnPathArn', returnPath],
  ] as const) {
    const arn = said(input, name)
    if (arn !== undefined && address !== undefined)
      await checkArn(app, arn, { address: parseMailbox(address).address, caller: caller.identity })
  }
  const { holdMs } = delivery
  const { messageId, held } = await submitMessage(app, {
    ...what,
    ...(returnPath !== undefined && { returnPath: parseMailbox(returnPath).address }),
    tags: messageTags(input, 'Tags'),
    configurationSet: input.text('ConfigurationSetName') ?? null,
    caller,
    signer: 'own',
    rateWaitMs: 0,
    bandwidthWaitMs: BANDWIDTH_WAIT_MS,
    maxBytes: MAX_BYTES,
    ...(holdMs !== undefined && { holdMs }),
    signal,
  })
  delivery.deliver(held)
  return { MessageId: messageId }
}

async function sendEmail(call: SesCall): Promise<object> {
  const { app, input } = call
  const content = await simpleContent(app, input.must.part('Message'), peopleIn(input, input.must.text('Source')))
  return await submit(call, { ...content, operation: 'SendEmail' })
}

async function sendRaw(call: SesCall): Promise<object> {
  const { input } = call
  const recipients = input.texts('Destinations')
  const raw = await rawContent({
    part: input.must.part('RawMessage'),
    from: said(input, 'Source'),
    recipients: recipients && recipients.length > 0 ? recipients : undefined,
  })
  return await submit(call, { ...raw, operation: 'SendRawEmail' })
}

const templateName = ({ input }: SesCall): string =>
  input.text('Template') ?? input.text('TemplateArn')?.replace(/^.*:template\//, '') ?? input.must.text('Template')

async function sendTemplated(call: SesCall): Promise<object> {
  const { app, input } = call
  const { name, content } = await readTemplate(app, templateName(call))
  const composed = await composeTemplated(app, {
    ...peopleIn(input, input.must.text('Source')),
    headers: [],
    attachments: [],
    template: { name, content },
    data: readTemplateData(input.must.text('TemplateData'), 'TemplateData'),
  })
  return await submit(call, { ...composed, operation: 'SendTemplatedEmail' })
}

/** SES fact: the words of v2 in another spelling, and two of their own. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  CONFIGURATION_SET_NOT_FOUND: 'ConfigurationSetDoesNotExist',
  TEMPLATE_NOT_FOUND: 'TemplateDoesNotExist',
  INVALID_PARAMETER: 'InvalidParameterValue',
}
const statusWord = (status: BulkResult['status']): string =>
  OWN_WORDS[status] ?? status.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

async function sendBulk(call: SesCall): Promise<object> {
  const { app, input, caller, signal } = call
  const returnPath = input.text('ReturnPath')
  const results = await sendBulkEmail(app, {
    from: input.must.text('Source'),
    replyTo: input.texts('ReplyToAddresses') ?? [],
    ...(returnPath !== undefined && { returnPath }),
    template: templateName(call),
    defaultData: input.text('DefaultTemplateData') ?? '{}',
    defaultTags: messageTags(input, 'DefaultTags'),
    configurationSet: input.text('ConfigurationSetName') ?? null,
    caller,
    entries: input.must.parts('Destinations').map(entry => {
      const replacementData = entry.text('ReplacementTemplateData')
      return {
        ...(destinationIn(entry) ?? { to: [] }),
        ...(replacementData !== undefined && { replacementData }),
        tags: messageTags(entry, 'ReplacementTags'),
      }
    }),
    signal,
  })
  return { Status: results.map(({ status, error, messageId }) => ({ Status: statusWord(status), Error: error, MessageId: messageId })) }
}

export const sendingActions: readonly QueryAction[] = [
  action('SendEmail', sendEmail),
  action('SendRawEmail', sendRaw),
  action('SendTemplatedEmail', sendTemplated),
  action('SendBulkTemplatedEmail', sendBulk),
]
