/** `mailctl template list`: ListEmailTemplates, and the starters. */
import { listTemplates } from '../../../operations/templates.ts'
import type { TemplatePage } from '../../../ports/templates.ts'
import { command } from '../../command.ts'
import { isoTime, LIMIT, limitFlag, showTime, textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'

interface Shown {
  readonly page: TemplatePage
  readonly starters: readonly string[]
}

export default command<Shown>({
  path: 'template list',
  summary: 'List templates',
  details:
    "The account's own, the latest first. --next-token goes on after the page before. Starters ship with mailctl; a stored template of the same name takes a starter's place.",
  examples: ['mailctl template list', 'mailctl template list --limit 1000 --json'],
  options: [LIMIT, { flags: '--next-token <token>', summary: 'the page after the one that gave this NextToken' }],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, _, flags) {
    const opened = await app()
    const after = textFlag(flags, 'nextToken')
    const page = await listTemplates(opened, { limit: limitFlag(flags), ...(after !== undefined && { after }) })
    return { page, starters: await opened.renderer.starters() }
  },
  json: ({ page: { entries, next }, starters }) => ({
    TemplatesMetadata: entries.map(({ name, createdAt }) => ({ TemplateName: name, CreatedTimestamp: isoTime(createdAt) })),
    ...(next !== null && { NextToken: next }),
    StarterTemplates: starters,
  }),
  async show(io, { page: { entries, next }, starters }) {
    const rows = entries.map(({ name, createdAt }) => [name, showTime(createdAt)])
    if (rows.length > 0) await showTable(io, { whole: true, head: ['Template', 'Made'], rows })
    else io.line('No templates of your own. Store one: mailctl template create NAME')
    io.line(io.colour.dim(`Starters: ${starters.join(', ')}`))
    if (next !== null) io.line(`More: --next-token ${next}`)
  },
})
