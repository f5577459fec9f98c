/** `mailctl template update`: UpdateEmailTemplate, but what is not given stays. */
import { MailctlError } from '../../../base/errors.ts'
import { type FoundTemplate, readTemplate, templateView, updateTemplate } from '../../../operations/templates.ts'
import { command } from '../../command.ts'
import { CONTENT_FLAGS, contentFlags } from '../../template.ts'

export default command<FoundTemplate>({
  path: 'template update',
  arguments: '<name>',
  summary: 'Change a stored template',
  details:
    'A part that is not given stays as it is; an empty one is taken away. Messages that were accepted before are as they are. A starter is not changed: store your own under its name.',
  examples: [
    "mailctl template update welcome-1 --subject 'Hello {{name}}'",
    "mailctl template update welcome-1 --html @new.html --text ''",
  ],
  options: CONTENT_FLAGS,
  fails: ['usage', 'bad-data', 'no-input', 'too-large', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [name = ''], flags) {
    if (['subject', 'text', 'html'].every(part => flags[part] === undefined))
      throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl template update --help' })
    const opened = await app()
    const content = contentFlags(flags, (await readTemplate(opened, name)).content)
    return { name, content, stored: await updateTemplate(opened, name, content) }
  },
  json: templateView,
  show: (io, { name }) => io.line(`Changed ${name}`),
})
