/** `mailctl completion`: a script that teaches a shell the commands; or the account's own names, one a line, for which that script asks. */
import { MailctlError } from '../../base/errors.ts'
import type { App } from '../../operations/app.ts'
import { listConfigurationSets } from '../../operations/configuration-sets.ts'
import { listTemplates } from '../../operations/templates.ts'
import { command } from '../command.ts'
import { completionScript, NAME_KINDS, type NameKind } from '../completion.ts'
import { textFlag } from '../moments.ts'
import { SHELLS, type Shell } from '../shells.ts'
import { suggest } from '../suggest.ts'
import { commandTree, describeGlobalFlags } from '../tree.ts'

type Shown = { readonly Shell: Shell; readonly Script: string } | { readonly Names: readonly string[] }

export default command<Shown>({
  path: 'completion',
  arguments: '[shell]',
  summary: 'Print a completion script for bash, zsh or fish',
  details: 'Words, flags, their values, and the names of identities, configuration sets and templates of the account that is used.',
  examples: [
    'mailctl completion bash > ~/.local/share/bash-completion/completions/mailctl',
    'mailctl completion zsh > ~/.zfunc/_mailctl',
    'mailctl completion fish > ~/.config/fish/completions/mailctl.fish',
  ],
  options: [
    { flags: '--names <kind>', summary: 'in place of a script: what the account has of this kind, one a line', choices: NAME_KINDS },
  ],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app, registry }, [typed], flags) {
    const kind = NAME_KINDS.find(name => name === textFlag(flags, 'names'))
    if (kind !== undefined) return { Names: await namesOf[kind](await app()) }
    const shell = SHELLS.find(name => name === typed)
    if (!shell) {
      const nearest = suggest(typed ?? '', SHELLS)
      throw new MailctlError('usage', typed === undefined ? 'a shell is missing' : `no completion for '${typed}'`, {
        hint: `${nearest === undefined ? '' : `Did you mean '${nearest}'? `}Shells: ${SHELLS.join(', ')}.`,
      })
    }
    return { Shell: shell, Script: completionScript(shell, await commandTree(registry), describeGlobalFlags()) }
  },
  show(io, shown) {
    if ('Script' in shown) io.stdout.write(shown.Script)
    else for (const name of shown.Names) io.line(name)
  },
})

/** More could not be chosen from. */
const MOST_NAMES = 1_000

const namesOf: Readonly<Record<NameKind, (app: Pick<App, 'store'>) => Promise<readonly string[]>>> = {
  identity: async app => (await app.store.identities()).map(({ name }) => name).slice(0, MOST_NAMES),
  'configuration-set': async app => (await listConfigurationSets(app)).map(({ name }) => name).slice(0, MOST_NAMES),
  template: async app => (await listTemplates(app, { limit: MOST_NAMES })).entries.map(({ name }) => name),
}
