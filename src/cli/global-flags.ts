/** The flags that every command takes, before or after its words. */
import { DEBUG_CATEGORIES } from '../base/log.ts'
import type { OptionSpec } from './command.ts'

export const GLOBAL_FLAGS: readonly OptionSpec[] = [
  { flags: '--home <folder>', summary: 'folder of the account', path: true },
  { flags: '--profile <name>', summary: 'profile to use when no home is given (default: default)' },
  { flags: '--json', summary: 'print the result as JSON' },
  { flags: '--color <when>', summary: 'colours: auto, always or never', choices: ['auto', 'always', 'never'] },
  { flags: '--no-input', summary: 'never ask; fail where an answer is missing' },
  { flags: '-q, --quiet', summary: 'results only: no warnings, no progress' },
  { flags: '-v, --verbose', summary: 'say more' },
  { flags: '--debug <categories>', summary: `log to stderr: ${DEBUG_CATEGORIES.join(',')}, or all` },
]

/** Global flags that take a value, as typed: the search for the command's words steps over their values. */
export const GLOBAL_VALUE_FLAGS: ReadonlySet<string> = new Set(
  GLOBAL_FLAGS.filter(option => option.flags.includes('<')).map(option => option.flags.split(' ')[0] ?? ''),
)
