/** Every command as data: what `mailctl commands --json` prints and what shell completion is made from. */
import type { Command, OptionSpec } from './command.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'
import { exitCodesOf } from './help.ts'
import { argumentsOf } from './parse-argv.ts'
import type { Entry } from './registry.ts'

export interface DescribedFlag {
  readonly Flags: string
  readonly Summary: string
  readonly Repeatable: boolean
  readonly Choices?: readonly string[]
}

export interface Described {
  readonly Path: string
  readonly Arguments: readonly string[]
  readonly Summary: string
  readonly Details?: string
  readonly Examples: readonly string[]
  readonly Flags: readonly DescribedFlag[]
  readonly ExitCodes: Readonly<Record<string, string>>
}

export async function commandTree(registry: readonly Entry[]): Promise<Described[]> {
  const modules = await Promise.all(registry.map(({ load }) => load()))
  return modules.map(({ default: spec }) => describe(spec))
}

function describe(spec: Command): Described {
  return {
    Path: spec.path,
    Arguments: argumentsOf(spec),
    Summary: spec.summary,
    ...(spec.details === undefined ? {} : { Details: spec.details }),
    Examples: spec.examples,
    Flags: (spec.options ?? []).map(describeFlag),
    ExitCodes: Object.fromEntries(exitCodesOf(spec)),
  }
}

function describeFlag({ flags, summary, repeat, choices }: OptionSpec): DescribedFlag {
  return { Flags: flags, Summary: summary, Repeatable: repeat === true, ...(choices ? { Choices: choices } : {}) }
}

export const describeGlobalFlags = (): DescribedFlag[] => GLOBAL_FLAGS.map(describeFlag)
