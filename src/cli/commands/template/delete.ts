/** `mailctl template delete`: DeleteEmailTemplate. */
import { deleteTemplate, readTemplate } from '../../../operations/templates.ts'
import { command } from '../../command.ts'
import { DELETION_FLAGS, deletionWord, isDeletionMeant } from '../../deletion.ts'

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
  options: DELETION_FLAGS,
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run(context, [typed = ''], flags) {
    const opened = await context.app()
    const { name } = await readTemplate(opened, typed)
    const kept = { TemplateName: name, Deleted: false }
    if (!(await isDeletionMeant(context, flags, `Remove ${name}?`))) return kept
    await deleteTemplate(opened, name)
    return { ...kept, Deleted: true }
  },
  show: (io, { TemplateName, Deleted }, flags) => io.line(`${deletionWord(Deleted, flags)} ${TemplateName}`),
})
