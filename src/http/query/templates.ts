/** Stored templates. SES facts: api-v1 "Config sets, templates". */
import type { TemplateContent } from '../../account/template.ts'
import { MailctlError } from '../../base/errors.ts'
import {
  createTemplate,
  deleteTemplate,
  listTemplates,
  readTemplate,
  testRenderTemplate,
  updateTemplate,
} from '../../operations/templates.ts'
import type { Members } from '../members.ts'
import { tokenFor } from '../ses/paging.ts'
import { action, type QueryAction } from './action.ts'
import { pageAsked } from './paging.ts'

const LIST = 'templates'
const LARGEST_PAGE = 100

const contentIn = (template: Members): TemplateContent => ({
  subject: template.text('SubjectPart') ?? null,
  text: template.text('TextPart') ?? null,
  html: template.text('HtmlPart') ?? null,
})

export const templateActions: readonly QueryAction[] = [
  action('CreateTemplate', async ({ app, input }) => {
    const template = input.must.part('Template')
    await createTemplate(app, { name: template.must.text('TemplateName'), content: contentIn(template) })
    return {}
  }),
  action('UpdateTemplate', async ({ app, input }) => {
    const template = input.must.part('Template')
    await updateTemplate(app, template.must.text('TemplateName'), contentIn(template))
    return {}
  }),
  action('GetTemplate', async ({ app, input }) => {
    const { name, content } = await readTemplate(app, input.must.text('TemplateName'))
    const { subject, text, html } = content
    return {
      Template: { TemplateName: name, SubjectPart: subject ?? undefined, TextPart: text ?? undefined, HtmlPart: html ?? undefined },
    }
  }),
  action('DeleteTemplate', async ({ app, input }) => {
    await deleteTemplate(app, input.must.text('TemplateName')).catch((error: unknown) => {
      if (!(error instanceof MailctlError) || error.code !== 'not-found') throw error
    })
    return {}
  }),
  action('ListTemplates', async ({ app, input }) => {
    const { size, after } = pageAsked(LIST, input, LARGEST_PAGE)
    const page = await listTemplates(app, { limit: size, ...(after !== undefined && { after }) })
    return {
      TemplatesMetadata: page.entries.map(({ name, createdAt }) => ({ Name: name, CreatedTimestamp: new Date(createdAt) })),
      NextToken: tokenFor(LIST, page.next),
    }
  }),
  action('TestRenderTemplate', async ({ app, input }) => {
    const { content } = await readTemplate(app, input.must.text('TemplateName'))
    return { RenderedTemplate: await testRenderTemplate(app, content, input.must.text('TemplateData')) }
  }),
]
