/** `mailctl completion`: a script that teaches a shell the commands. */
import { MailctlError } from '../../base/errors.ts'
import { command } from '../command.ts'
import { completionScript, SHELLS, type Shell } from '../completion.ts'
import { suggest } from '../suggest.ts'
import { commandTree, describeGlobalFlags } from '../tree.ts'

interface Script {
  readonly Shell: Shell
  readonly Script: string
}

export default command<Script>({
  path: 'completion',
  arguments: '<shell>',
  summary: 'Print a completion script for bash, zsh or fish',
  examples: [
    'mailctl completion bash > ~/.local/share/bash-completion/completions/mailctl',
    'mailctl completion zsh',
    'mailctl completion fish',
  ],
  fails: ['usage'],
  async run({ registry }, [typed = '']) {
    const shell = SHELLS.find(name => name === typed)
    if (!shell) {
      const nearest = suggest(typed, SHELLS)
      throw new MailctlError('usage', `no completion for '${typed}'`, {
        hint: `${nearest === undefined ? '' : `Did you mean '${nearest}'? `}Shells: ${SHELLS.join(', ')}.`,
      })
    }
    return { Shell: shell, Script: completionScript(shell, await commandTree(registry), describeGlobalFlags()) }
  },
  show: (io, { Script }) => io.stdout.write(Script),
})
