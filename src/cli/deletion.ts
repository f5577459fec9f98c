/** What commands have in common that remove something: a question on a terminal, a dry run, and one word for what came of it. */
import type { CommandContext, Flags } from './command.ts'
import { confirm } from './prompts.ts'

export const DELETION_FLAGS = [
  { flags: '--yes', summary: 'do not ask' },
  { flags: '-n, --dry-run', summary: 'say what would be removed' },
] as const

/** Whether to go on: not in a dry run, and on a terminal only with `--yes` or the answer yes. */
export const isDeletionMeant = async ({ io }: Pick<CommandContext, 'io'>, flags: Flags, question: string): Promise<boolean> =>
  flags['dryRun'] !== true && (flags['yes'] === true || !io.interactive || (await confirm(io, { message: question, flag: '--yes' })))

/** `Removed`, `Would remove`, `Kept`. */
export const deletionWord = (isDeleted: boolean, flags: Flags): string =>
  isDeleted ? 'Removed' : flags['dryRun'] === true ? 'Would remove' : 'Kept'
