/**
 * From argv to a command and its flags. The command's words are found first, so that only its module is loaded; then commander reads
 * everything else against that one command's options and the global ones, wherever they stand.
 */
import { Argument, Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander'
import { MailctlError } from '../base/errors.ts'
import type { Command, Flags, OptionSpec } from './command.ts'
import { GLOBAL_FLAGS, GLOBAL_VALUE_FLAGS } from './global-flags.ts'
import type { Entry } from './registry.ts'
import { suggest } from './suggest.ts'

export type Found =
  | { readonly kind: 'command'; readonly entry: Entry; readonly rest: readonly string[] }
  /** Some words of a command, or none. */
  | { readonly kind: 'group'; readonly words: readonly string[]; readonly rest: readonly string[] }

/** @throws MailctlError usage, for a word that no command begins with */
export function findCommand(argv: readonly string[], registry: readonly Entry[]): Found {
  const words: string[] = []
  const rest: string[] = []
  let isValue = false
  for (const [at, token] of argv.entries()) {
    if (token === '--') {
      rest.push(...argv.slice(at))
      break
    }
    if (isValue || (token.startsWith('-') && token !== '-')) {
      rest.push(token)
      isValue = !isValue && GLOBAL_VALUE_FLAGS.has(token)
      continue
    }
    words.push(token)
    const path = words.join(' ')
    const entry = registry.find(candidate => candidate.path === path)
    if (entry) return { kind: 'command', entry, rest: [...rest, ...argv.slice(at + 1)] }
    if (!registry.some(candidate => candidate.path.startsWith(`${path} `))) throw unknownCommand(words, registry)
  }
  return { kind: 'group', words, rest }
}

function unknownCommand(words: readonly string[], registry: readonly Entry[]): MailctlError {
  const last = words.length - 1
  const group = words.slice(0, last).join(' ')
  const known = new Set(
    registry
      .map(({ path }) => path.split(' '))
      .filter(path => path.slice(0, last).join(' ') === group)
      .map(path => path[last] ?? ''),
  )
  const nearest = suggest(words[last] ?? '', known)
  const fits = nearest === undefined ? '' : ` Did you mean '${[...words.slice(0, last), nearest].join(' ')}'?`
  const all = group === '' ? "'mailctl --help' lists the commands." : `'mailctl ${group}' takes: ${[...known].join(', ')}.`
  return new MailctlError('usage', `unknown command '${words.join(' ')}'`, { hint: `${fits} ${all}`.trim() })
}

export type Parsed = { readonly kind: 'help' } | { readonly kind: 'run'; readonly args: readonly string[]; readonly flags: Flags }

/** @param argv without the command's words  @throws MailctlError usage */
export function parseFlags(spec: Pick<Command, 'path' | 'arguments' | 'options'>, argv: readonly string[]): Parsed {
  const commander = new Commander(spec.path)
  commander.exitOverride().showSuggestionAfterError(false).helpOption('-h, --help').helpCommand(false).allowExcessArguments(false)
  commander.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const declaration of argumentsOf(spec)) commander.addArgument(new Argument(declaration))
  const options = [...(spec.options ?? []), ...GLOBAL_FLAGS]
  // A --no-x that commander meets before its --x makes x true when neither was given.
  for (const option of options.toSorted((a, b) => Number(isNegation(a)) - Number(isNegation(b)))) commander.addOption(toCommander(option))
  try {
    commander.parse([...argv], { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.code.startsWith('commander.help')) return { kind: 'help' }
    throw usageError(thrown, spec.path, options)
  }
  return { kind: 'run', args: commander.processedArgs.flat().filter(argument => argument !== undefined), flags: commander.opts() }
}

/** `<name> [files...]` as single declarations. */
export const argumentsOf = (spec: Pick<Command, 'arguments'>): string[] => spec.arguments?.match(/<[^>]+>|\[[^\]]+\]/g) ?? []

const isNegation = ({ flags }: OptionSpec): boolean => /--no-/.test(flags)

function toCommander({ flags, summary, repeat, choices }: OptionSpec): Option {
  const option = new Option(flags, summary)
  if (!repeat && !choices) return option
  return option.argParser((value: string, previous: unknown): unknown => {
    if (choices && !choices.includes(value)) {
      const nearest = suggest(value, choices)
      throw new InvalidArgumentError(`Allowed: ${choices.join(', ')}.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}`)
    }
    return repeat ? [...(Array.isArray(previous) ? previous : []), value] : value
  })
}

/** commander's message as one sentence, and what to do next as the hint. */
function usageError(error: CommanderError, path: string, options: readonly OptionSpec[]): MailctlError {
  const text = error.message.replace(/^error: /, '')
  const help = `'${['mailctl', path].join(' ').trim()} --help' shows how it is written.`
  const unknown = /^unknown option '([^']*)'/.exec(text)?.[1]
  if (unknown !== undefined) {
    const nearest = suggest(
      unknown.replace(/=.*$/, ''),
      options.flatMap(option => option.flags.match(/--[\w-]+/g) ?? []),
    )
    return new MailctlError('usage', `unknown option '${unknown}'`, {
      hint: nearest === undefined ? help : `Did you mean '${nearest}'? ${help}`,
    })
  }
  const invalid = /^option '([^']+)' argument '([^']*)' is invalid\. (.*)$/s.exec(text)
  if (invalid) return new MailctlError('usage', `'${invalid[2]}' is not a value of ${invalid[1]?.split(' ')[0]}`, { hint: `${invalid[3]}` })
  return new MailctlError('usage', text.replace(/\.?\s*$/, '').replaceAll('\n', ' '), { hint: help })
}
