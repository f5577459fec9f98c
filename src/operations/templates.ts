/**
 * Stored templates: making, changing and finding them, and trying one out. Where a template is named, the account's own is meant, else the
 * starter of that name that ships with mailctl. SES: CreateEmailTemplate, GetEmailTemplate, ListEmailTemplates, UpdateEmailTemplate,
 * DeleteEmailTemplate, TestRenderEmailTemplate.
 */
import { changedTags, type ResourceTag } from '../account/resource-tags.ts'
import { checkTemplateContent, checkTemplateName, noSuchTemplate, type Template, type TemplateContent } from '../account/template.ts'
import { MailctlError } from '../base/errors.ts'
import { parseMailbox } from '../mail/address.ts'
import { composeMessage, messageStream } from '../mail/compose.ts'
import { UNSUBSCRIBE_PLACE } from '../mail/unsubscribe-url.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { TemplatePage, Templates } from '../ports/templates.ts'
import type { App } from './app.ts'

/** SES fact: TemplateData. */
export const MAX_DATA_BYTES = 262_144

/** @throws MailctlError bad-data, already-exists, limit-exceeded */
export async function createTemplate(
  { store, clock }: Pick<App, 'store' | 'clock'>,
  { name, content, tags = [] }: Pick<Template, 'name' | 'content'> & { readonly tags?: readonly ResourceTag[] },
): Promise<Template> {
  checkTemplateName(name)
  checkTemplateContent(content)
  const checked = changedTags([], { added: tags, removed: [] }, 'a template')
  const template = { name, content, createdAt: clock.now(), ...(checked.length > 0 && { tags: checked }) }
  await store.addTemplate(template)
  return template
}

/** @throws MailctlError not-found: starters are not the account's */
export async function readTemplate({ store }: Pick<App, 'store'>, name: string): Promise<Template> {
  const template = await store.template(name)
  if (template === undefined) throw noSuchTemplate(name)
  return template
}

export interface FoundTemplate {
  readonly name: string
  readonly content: TemplateContent
  /** undefined: it ships with mailctl. */
  readonly stored: Template | undefined
}

/** The account's own, else the starter of that name. @throws MailctlError not-found */
export async function findTemplate(
  { store, renderer }: { readonly store: Pick<Templates, 'template'>; readonly renderer: Pick<Renderer, 'starter' | 'starters'> },
  name: string,
): Promise<FoundTemplate> {
  const stored = await store.template(name)
  if (stored) return { name, content: stored.content, stored }
  const content = await renderer.starter(name)
  if (content) return { name, content, stored: undefined }
  const starters = await renderer.starters()
  throw new MailctlError('not-found', noSuchTemplate(name).message, {
    hint: `mailctl template list shows the account's own; ${starters.join(', ')} ship with mailctl.`,
  })
}

/** The account's own, the latest first. @throws MailctlError usage, when `after` is no place in the list */
export const listTemplates = (
  { store }: Pick<App, 'store'>,
  ask: { readonly limit: number; readonly after?: string },
): Promise<TemplatePage> => store.templates(ask)

/** Replaces the whole content. Messages that were accepted before are as they are. @throws MailctlError bad-data, not-found */
export async function updateTemplate({ store }: Pick<App, 'store'>, name: string, content: TemplateContent): Promise<Template> {
  const template = { ...(await readTemplate({ store }, name)), content }
  checkTemplateContent(content)
  await store.saveTemplate(template)
  return template
}

/** @throws MailctlError not-found */
export const deleteTemplate = ({ store }: Pick<App, 'store'>, name: string): Promise<void> => store.deleteTemplate(name)

/**
 * The template filled with data, as the MIME message it would become: Date, Subject and Content fields, its text and its HTML.
 * @param data JSON text
 * @throws MailctlError bad-data: the data is no JSON object, or the template cannot be filled with it
 */
export async function testRenderTemplate(
  { renderer, clock }: Pick<App, 'renderer' | 'clock'>,
  content: TemplateContent,
  data: string,
): Promise<string> {
  const { subject, text, html } = await renderer.render(content, withPlaces(readTemplateData(data, 'TemplateData')))
  const nobody = parseMailbox('nobody@template.invalid')
  const { header, ...message } = await composeMessage({
    from: nobody,
    to: [nobody],
    cc: [],
    bcc: [],
    replyTo: [],
    returnPath: null,
    subject: subject ?? '',
    text,
    html,
    attachments: [],
    inline: [],
    calendar: null,
    headers: [],
    listUnsubscribe: null,
    date: clock.now(),
    messageId: null,
    boundarySeed: 'rendered-template',
  })
  const shown = header.filter(({ name }) => !/^(?:from|to)$/i.test(name))
  return Buffer.concat(await messageStream({ ...message, header: shown }).toArray()).toString('latin1')
}

/** @param what names the data in refusals  @throws MailctlError bad-data: no JSON, no object, or more than 262,144 octets */
export function readTemplateData(json: string, what: string): Readonly<Record<string, unknown>> {
  const hint = `Write an object: {"name":"Ann"}.`
  if (Buffer.byteLength(json) > MAX_DATA_BYTES)
    throw new MailctlError('bad-data', `${what} is larger than 256 KB`, { hint: 'SES takes no more for one message.' })
  let data: unknown
  try {
    data = JSON.parse(json)
  } catch (cause) {
    throw new MailctlError('bad-data', `${what} is not JSON`, { hint, cause })
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Readonly<Record<string, unknown>>
  throw new MailctlError('bad-data', `${what} is not a JSON object`, { hint })
}

/** With what SES fills in by itself when the message is sent. */
export const withPlaces = (data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  amazonSESUnsubscribeUrl: UNSUBSCRIBE_PLACE,
  ...data,
})

/** As SES has it. `undefined` members are left out by JSON. */
export const templateView = ({ name, content, stored }: FoundTemplate) => ({
  TemplateName: name,
  TemplateContent: {
    Subject: content.subject ?? undefined,
    Text: content.text ?? undefined,
    Html: content.html ?? undefined,
  },
  Tags: stored?.tags?.map(({ key, value }) => ({ Key: key, Value: value })),
  CreatedTimestamp: stored && new Date(stored.createdAt),
})
