/** `mailctl template create`: CreateEmailTemplate. */
import { createTemplate, type FoundTemplate, templateView } from '../../../operations/templates.ts'
import { command } from '../../command.ts'
import { resourceTags, TAG_FLAG } from '../../resource-tags.ts'
import { CONTENT_FLAGS, contentFlags } from '../../template.ts'

export default command<FoundTemplate>({
  path: 'template create',
  arguments: '<name>',
  summary: 'Store a template',
  details:
    'Places for data are written as SES knows them: {{name}}, {{order.number}}, {{#each items}}…{{/each}}, {{#if note}}…{{else}}…{{/if}} and inline partials. Nothing is escaped, in HTML neither.',
  examples: [
    "mailctl template create welcome-1 --subject 'Welcome, {{name}}' --text 'Hello {{name}}' --html @welcome.html",
    "mailctl template create note --text 'Dear {{name}}' --tag team=shop",
  ],
  options: [...CONTENT_FLAGS, TAG_FLAG],
  fails: ['usage', 'bad-data', 'no-input', 'too-large', 'already-exists', 'limit-exceeded', 'config', 'store-unavailable'],
  async run({ app }, [name = ''], flags) {
    const content = contentFlags(flags, { subject: null, text: null, html: null })
    const stored = await createTemplate(await app(), { name, content, tags: resourceTags(flags['tag']) })
    return { name, content, stored }
  },
  json: templateView,
  show: (io, { name }) => io.line(`Stored ${name}; try it: mailctl template render ${name} --data '{…}'`),
})
