/** `mailctl commands`: the whole tree, for documentation, completion and other programs. Loads every command's module. */
import { command } from '../command.ts'
import { commandTree, type Described } from '../tree.ts'

export default command<readonly Described[]>({
  path: 'commands',
  summary: 'List every command',
  details: 'With --json: each command with its arguments, flags, examples and exit codes.',
  examples: ['mailctl commands', 'mailctl commands --json'],
  fails: [],
  run: async ({ registry }) => await commandTree(registry),
  json: commands => ({ Commands: commands }),
  show(io, commands) {
    const width = Math.max(...commands.map(({ Path }) => Path.length))
    for (const { Path, Summary } of commands) io.line(`${io.colour.bold(Path.padEnd(width))}  ${Summary}`)
  },
})
