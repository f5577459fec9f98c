/** `mailctl template delete`: DeleteEmailTemplate. */
import { deleteTemplate, readTemplate } from '../../../operations/templates.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Deleted {
  readonly TemplateName: string
  readonly Deleted: boolean
}

export default command<Deleted>({
  path: 'template delete',
  arguments: '<name>',
  summary: 'Remove a stored template',
  details: 'Messages that were accepted before are as they are. Starters cannot be removed.',
  examples: ['mailctl template delete welcome-1 --yes', 'mailctl template delete welcome-1 --dry-run'],
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '-n, --dry-run', summary: 'say what would be removed' },
  ],
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run({ app, io }, [typed = ''], flags) {
    const opened = await app()
    const { name } = await readTemplate(opened, typed)
    const kept = { TemplateName: name, Deleted: false }
    if (flags['dryRun'] === true) return kept
    const sure = flags['yes'] === true || !io.interactive || (await confirm(io, { message: `Remove ${name}?`, flag: '--yes' }))
    if (!sure) return kept
    await deleteTemplate(opened, name)
    return { ...kept, Deleted: true }
  },
  show: (io, { TemplateName, Deleted }, flags) => {
    if (Deleted) io.line(`Removed ${TemplateName}`)
    else io.line(flags['dryRun'] === true ? `Would remove ${TemplateName}` : `Kept ${TemplateName}`)
  },
})
