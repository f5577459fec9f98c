/** `mailctl template render`: TestRenderEmailTemplate. */
import { findTemplate, testRenderTemplate } from '../../../operations/templates.ts'
import { command } from '../../command.ts'
import { textFlag } from '../../moments.ts'

interface Rendered {
  readonly RenderedTemplate: string
}

export default command<Rendered>({
  path: 'template render',
  arguments: '<name>',
  summary: 'Fill a template with data and show the message',
  details: 'What comes out is MIME: the Subject and Content fields, the text and the HTML. Nothing is sent.',
  examples: [
    `mailctl template render welcome --data '{"product":"Acme","name":"Ann","url":"https://example.com/"}'`,
    'mailctl template render receipt --data @order.json > receipt.eml',
  ],
  options: [{ flags: '--data <json|@file>', summary: "the template's data; - is stdin", stdin: true }],
  fails: ['usage', 'bad-data', 'no-input', 'too-large', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [name = ''], flags) {
    const opened = await app()
    const { content } = await findTemplate(opened, name)
    return { RenderedTemplate: await testRenderTemplate(opened, content, textFlag(flags, 'data') ?? '{}') }
  },
  show(io, { RenderedTemplate }) {
    if (io.stdout.isTty) io.line(RenderedTemplate.replace(/\r\n/g, '\n'))
    else io.stdout.write(RenderedTemplate)
  },
})
