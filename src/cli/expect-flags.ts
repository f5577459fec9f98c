/** What `expect mail` and `expect event` share: how many, how long, and how the verdict is told. */
import { formatDuration, parseDuration } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import type { Expected, Verdict } from '../operations/expect.ts'
import type { CommandContext, Flags, OptionSpec } from './command.ts'
import { parseNumber, textFlag } from './moments.ts'

export const EXPECT_OPTIONS: readonly OptionSpec[] = [
  { flags: '--count <n>', summary: 'exactly so many (default: at least one)' },
  { flags: '--within <duration>', summary: 'wait for it so long (default: 10s)' },
  { flags: '--none-within <duration>', summary: 'expect that there is none, and that none comes in so long' },
]

export const EXPECT_RESULTS = { 0: 'the expectation is met', 1: 'the expectation is not met, also when the time is over' } as const

/** @throws MailctlError usage */
export function expectedOf(flags: Flags, signal: AbortSignal): Expected {
  const [count, within, none] = ['count', 'within', 'noneWithin'].map(name => textFlag(flags, name))
  if (none !== undefined && (count !== undefined || within !== undefined))
    throw new MailctlError('usage', `--none-within and --${count === undefined ? 'within' : 'count'} do not go together`, {
      hint: 'Expect that something comes, or that nothing does.',
    })
  if (none !== undefined) return { quantity: { kind: 'none' }, withinMs: parseDuration(none), signal }
  return {
    quantity:
      count === undefined
        ? { kind: 'some' }
        : { kind: 'exactly', count: parseNumber(count, { flag: '--count', min: 1, max: 10_000, whole: true }) },
    withinMs: parseDuration(within ?? '10s'),
    signal,
  }
}

/** `expected 2 events within 10s, found 1`. @param noun in the singular */
export function reasonOf(
  { quantity, withinMs }: Expected,
  { found, unattended }: Pick<Verdict<unknown>, 'found' | 'unattended'>,
  noun: string,
): string {
  const wanted = quantity.kind === 'none' ? `no ${noun}` : quantity.kind === 'some' ? `at least 1 ${noun}` : counted(quantity.count, noun)
  const waiting =
    unattended === 0
      ? ''
      : `; ${counted(unattended, 'recipient')} in the queue wait${unattended === 1 ? 's' : ''} for mailctl serve or mailctl queue flush`
  return `expected ${wanted} within ${formatDuration(withinMs)}, found ${found.length}${waiting}`
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Where the verdict is a text, stdout has what was found and nothing else: it may be captured. */
export function tellUnmet({ notice }: Pick<CommandContext, 'notice'>, flags: Flags, reason: string | undefined): void {
  if (reason !== undefined && flags['json'] !== true) notice(`not met: ${reason}`)
}
