/** Stored templates. SES facts: api-v2 "Templates". */
import type { TemplateContent } from '../../account/template.ts'
import { MailctlError } from '../../base/errors.ts'
import {
  createTemplate,
  deleteTemplate,
  listTemplates,
  readTemplate,
  templateView,
  testRenderTemplate,
  updateTemplate,
} from '../../operations/templates.ts'
import type { Members } from '../members.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'
import { invalidToken, pageAsked, tokenFor } from './paging.ts'
import { tagsIn } from './tags.ts'

const LIST = 'email-templates'
const LARGEST_PAGE = 100

export const templateContent = (input: Members): TemplateContent => ({
  subject: input.text('Subject') ?? null,
  text: input.text('Text') ?? null,
  html: input.text('Html') ?? null,
})

async function list({ app, input }: SesCall): Promise<object> {
  const { size, after } = pageAsked(LIST, input, LARGEST_PAGE)
  const page = await listTemplates(app, { limit: size, ...(after !== undefined && { after }) }).catch((error: unknown) => {
    throw error instanceof MailctlError && error.code === 'usage' ? invalidToken() : error
  })
  return {
    TemplatesMetadata: page.entries.map(({ name, createdAt }) => ({ TemplateName: name, CreatedTimestamp: new Date(createdAt) })),
    NextToken: tokenFor(LIST, page.next),
  }
}

async function get({ app, input }: SesCall): Promise<object> {
  const template = await readTemplate(app, input.must.text('TemplateName'))
  const { CreatedTimestamp: _, ...view } = templateView({ ...template, stored: template })
  return view
}

export const templateOperations: readonly SesOperation[] = [
  operation('CreateEmailTemplate', 'POST /templates', async ({ app, input }) => {
    const content = templateContent(input.must.part('TemplateContent'))
    await createTemplate(app, { name: input.must.text('TemplateName'), content, tags: tagsIn(input) })
    return {}
  }),
  operation('GetEmailTemplate', 'GET /templates/{TemplateName}', get),
  operation('ListEmailTemplates', 'GET /templates', list),
  operation('UpdateEmailTemplate', 'PUT /templates/{TemplateName}', async ({ app, input }) => {
    await updateTemplate(app, input.must.text('TemplateName'), templateContent(input.must.part('TemplateContent')))
    return {}
  }),
  operation('DeleteEmailTemplate', 'DELETE /templates/{TemplateName}', async ({ app, input }) => {
    await deleteTemplate(app, input.must.text('TemplateName'))
    return {}
  }),
  operation('TestRenderEmailTemplate', 'POST /templates/{TemplateName}/render', async ({ app, input }) => {
    const { content } = await readTemplate(app, input.must.text('TemplateName'))
    return { RenderedTemplate: await testRenderTemplate(app, content, input.must.text('TemplateData')) }
  }),
]
