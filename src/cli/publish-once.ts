/** What a one-shot command does for event destinations: each is tried once, and what is left is said. */
import type { App } from '../operations/app.ts'
import { publishDue } from '../operations/publish-events.ts'
import type { CommandContext } from './command.ts'

/** @param options.all tries what waits too, though its time has not come */
export async function publishOnce(
  app: App,
  { signal, notice }: Pick<CommandContext, 'signal' | 'notice'>,
  { all = false }: { readonly all?: boolean } = {},
): Promise<void> {
  for (const { destination, error } of await publishDue(app, { signal, all }))
    if (error !== null) notice(`event destination ${destination.name}: ${error}; mailctl serve or mailctl queue flush tries again`)
}
