/** For commands that have something to say of an account that cannot be opened too. */
import { MailctlError } from '../base/errors.ts'
import type { CommandContext } from './command.ts'

/** @throws MailctlError interrupted */
export async function openedOrWhyNot(app: CommandContext['app']): Promise<Awaited<ReturnType<CommandContext['app']>> | MailctlError> {
  try {
    return await app()
  } catch (error) {
    if (error instanceof MailctlError && error.code !== 'interrupted') return error
    throw error
  }
}
