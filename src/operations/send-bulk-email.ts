/**
 * SendBulkEmail: one template, up to 50 entries, a message each. What is wrong with the account, the sender, the template or the configuration
 * set fails the whole call; what is wrong with an entry fails that entry. SES facts: api-v2, "SendBulkEmail".
 */
import { checkSender, namesToLoad } from '../account/admit.ts'
import { type BulkStatus, bulkStatusOf } from '../account/bulk-status.ts'
import { checkSetSending } from '../account/configuration-set.ts'
import type { TemplateContent } from '../account/template.ts'
import { MailctlError, messageOf } from '../base/errors.ts'
import { parseMailbox, parseMailboxList } from '../mail/address.ts'
import type { DraftPart } from '../mail/draft.ts'
import type { App } from './app.ts'
import type { Caller } from './caller.ts'
import { composeTemplated, type TemplatedDraft } from './compose-templated.ts'
import { readConfigurationSet } from './configuration-sets.ts'
import { type SubmitApp, submitMessage } from './submit-message.ts'
import { readTemplate, readTemplateData } from './templates.ts'

type Field = readonly [name: string, value: string]
type Tags = Readonly<Record<string, readonly string[]>>

export interface BulkEntry {
  readonly to: readonly string[]
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  /** JSON; its members go before those of the default data. */
  readonly replacementData?: string
  readonly tags?: Tags
  /** Go before fields of the same name of the whole call. */
  readonly headers?: readonly Field[]
}

export interface BulkRequest {
  readonly from: string
  readonly replyTo?: readonly string[]
  /** Where reports go; absent: the From address. */
  readonly returnPath?: string
  /** A stored template by its name, or the content itself. */
  readonly template: string | TemplateContent
  /** JSON. */
  readonly defaultData?: string
  readonly defaultTags?: Tags
  readonly headers?: readonly Field[]
  readonly attachments?: readonly DraftPart[]
  readonly configurationSet: string | null
  readonly caller?: Caller
  readonly entries: readonly BulkEntry[]
  readonly signal: AbortSignal
}

export interface BulkResult {
  readonly status: BulkStatus
  /** Of one that was refused. */
  readonly error?: string
  /** Of one that was accepted. */
  readonly messageId?: string
}

/** SES fact. */
const MOST_ENTRIES = 50

/**
 * @returns a result for each entry, in their order
 * @throws MailctlError bad-data (number of entries, default data, From), not-found (template, configuration set), sending-paused, not-verified (the
 *   sender); nothing was accepted then
 */
export async function sendBulkEmail(app: SubmitApp & Pick<App, 'renderer'>, request: BulkRequest): Promise<BulkResult[]> {
  const { entries, configurationSet } = request
  if (entries.length === 0 || entries.length > MOST_ENTRIES)
    throw new MailctlError('bad-data', `A bulk call takes 1 to ${MOST_ENTRIES} entries, this one has ${entries.length}`, {
      hint: 'Make several calls of it.',
    })
  const { template } = request
  const content = typeof template === 'string' ? (await readTemplate(app, template)).content : template
  const source = { name: typeof template === 'string' ? template : null, content }
  const defaults = readTemplateData(request.defaultData ?? '{}', 'TemplateData')
  if (configurationSet !== null) checkSetSending(await readConfigurationSet(app, configurationSet))
  await checkFrom(app, parseMailbox(request.from).address)
  const results: BulkResult[] = []
  for (const entry of entries) results.push(await sendEntry(app, { request, source, defaults }, entry))
  return results
}

async function checkFrom({ store, settings, clock }: SubmitApp, from: string): Promise<void> {
  const account = await store.account()
  const question = { account, network: settings.network, identities: await store.identitiesNamed(namesToLoad([from], [])), senders: [from] }
  checkSender(question, clock.now())
}

interface WholeCall {
  readonly request: BulkRequest
  readonly source: TemplatedDraft['template']
  readonly defaults: Readonly<Record<string, unknown>>
}

async function sendEntry(
  app: SubmitApp & Pick<App, 'renderer'>,
  { request, source, defaults }: WholeCall,
  entry: BulkEntry,
): Promise<BulkResult> {
  try {
    const own = entry.headers ?? []
    const replaced = new Set(own.map(([name]) => name.toLowerCase()))
    const composed = await composeTemplated(app, {
      from: parseMailbox(request.from),
      to: entry.to.flatMap(parseMailboxList),
      cc: (entry.cc ?? []).flatMap(parseMailboxList),
      bcc: (entry.bcc ?? []).flatMap(parseMailboxList),
      replyTo: (request.replyTo ?? []).flatMap(parseMailboxList),
      returnPath: null,
      headers: [...(request.headers ?? []).filter(([name]) => !replaced.has(name.toLowerCase())), ...own],
      attachments: request.attachments ?? [],
      template: source,
      data: { ...defaults, ...readTemplateData(entry.replacementData ?? '{}', 'ReplacementTemplateData') },
    })
    const { messageId } = await submitMessage(app, {
      ...composed,
      ...(request.returnPath !== undefined && { returnPath: parseMailbox(request.returnPath).address }),
      tags: { ...request.defaultTags, ...entry.tags },
      configurationSet: request.configurationSet,
      operation: 'SendBulkTemplatedEmail',
      ...(request.caller && { caller: request.caller }),
      signer: 'own',
      rateWaitMs: 0,
      signal: request.signal,
    })
    return { status: 'SUCCESS', messageId }
  } catch (error) {
    if (!(error instanceof MailctlError)) throw error
    return { status: bulkStatusOf(error.code), error: messageOf(error) }
  }
}
