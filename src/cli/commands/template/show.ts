/** `mailctl template show`: GetEmailTemplate. */
import { type FoundTemplate, findTemplate, templateView } from '../../../operations/templates.ts'
import { command } from '../../command.ts'
import { showTemplate } from '../../template.ts'

export default command<FoundTemplate>({
  path: 'template show',
  arguments: '<name>',
  summary: 'Show a template',
  details: "The account's own, else the starter of that name.",
  examples: ['mailctl template show welcome', 'mailctl template show welcome --json > welcome.json'],
  fails: ['not-found', 'config', 'store-unavailable'],
  run: async ({ app }, [name = '']) => await findTemplate(await app(), name),
  json: templateView,
  show: showTemplate,
})
