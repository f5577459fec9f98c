/** `mailctl init`: an account in this home. Questions on a terminal, flags elsewhere; a second time it changes nothing that is there. */
import { MailctlError } from '../../base/errors.ts'
import { namesToProve } from '../../operations/leave-lab.ts'
import { type CommandContext, type CreateAccountOptions, command, type Flags } from '../command.ts'
import { parseMoment, parseNumber, textFlag } from '../moments.ts'
import { choose } from '../prompts.ts'

interface Made {
  readonly Home: string
  readonly AccountId: string
  readonly Region: string
  readonly Network: string
  readonly Clock: 'system' | 'virtual'
  readonly Created: boolean
}

const NETWORKS = [
  { value: 'lab', name: 'lab: nothing leaves this machine' },
  { value: 'relay', name: "relay: through your provider's or company's mail server" },
  { value: 'live', name: "live: straight to the recipients' mail servers" },
] as const

export default command<Made>({
  path: 'init',
  summary: 'Make an account in this home',
  details:
    'The account starts in the sandbox and in the lab: nothing leaves the machine. A virtual clock stands still until a command moves ' +
    'it, and with a seed every run gives the same ids, times and outcomes. Safe to repeat: an account that is there stays as it is.',
  examples: [
    'mailctl init',
    'mailctl init --home ./mail --network lab',
    'mailctl init --clock virtual --start 2026-01-01T00:00:00Z --seed 7',
  ],
  options: [
    { flags: '--network <network>', summary: 'lab, relay or live (default: lab)', choices: ['lab', 'relay', 'live'] },
    { flags: '--region <region>', summary: 'region named in ids and texts (default: us-east-1)' },
    { flags: '--clock <clock>', summary: 'system or virtual (default: system)', choices: ['system', 'virtual'] },
    { flags: '--start <time>', summary: 'where a virtual clock starts (default: now)' },
    { flags: '--seed <n>', summary: 'makes ids and chance repeatable; virtual clock only' },
  ],
  fails: ['usage', 'forbidden', 'config', 'store-unavailable'],
  async run(context, _args, flags) {
    const options = accountOptions(context, flags)
    const network = await networkFor(context, flags, options.clock)
    const { account, created } = await context.createAccount(options)
    const { origins, settings } = context.config
    // Opened before anything is stored: it refuses a network that does not go with the clock that is there.
    const opened = await context.app()
    if (!created && flags['network'] === 'live' && (await namesToProve(opened, 'live')).length > 0)
      throw new MailctlError('usage', 'identities of this account must be verified again before it goes live', {
        hint: 'mailctl config set network live lists them.',
      })
    // What the environment says now is not what the account shall be for ever.
    if ((created || flags['network'] !== undefined) && origins.network.origin !== 'environment')
      await context.config.set('network', network)
    if ((created || flags['region'] !== undefined) && origins.region.origin !== 'environment')
      await context.config.set('region', settings.region)
    if (!created) context.notice(`${context.config.home} had an account already; it was left as it is`)
    return {
      Home: context.config.home,
      AccountId: account.accountId,
      Region: settings.region,
      Network: network,
      Clock: opened.clock.kind,
      Created: created,
    }
  },
  show(io, made) {
    io.line(
      `${io.colour.green(made.Created ? 'Made' : 'Found')} account ${made.AccountId} in ${made.Home} (${made.Network}, ${made.Clock} clock)`,
    )
    io.line('Next: mailctl verify domain example.com')
  },
})

/** @throws MailctlError usage */
function accountOptions({ config }: CommandContext, flags: Flags): CreateAccountOptions {
  const clock = flags['clock'] === 'virtual' ? 'virtual' : 'system'
  const start = textFlag(flags, 'start')
  const seed = textFlag(flags, 'seed')
  if (clock === 'system' && (start !== undefined || seed !== undefined))
    throw new MailctlError('usage', `${start === undefined ? '--seed' : '--start'} needs a virtual clock`, { hint: 'Add --clock virtual.' })
  return {
    clock,
    region: config.settings.region,
    ...(start !== undefined && { startAt: parseMoment(start) }),
    ...(seed !== undefined && { seed: parseNumber(seed, { flag: '--seed', min: 0, max: 2 ** 32 - 1, whole: true }) }),
  }
}

async function networkFor({ config, io }: CommandContext, flags: Flags, clock: 'system' | 'virtual'): Promise<string> {
  const asks = io.interactive && flags['network'] === undefined && clock === 'system' && config.origins.network.origin === 'default'
  const network = asks
    ? await choose(io, { message: 'Where should mail go?', flag: '--network', choices: NETWORKS })
    : config.settings.network
  if (clock === 'virtual' && network !== 'lab')
    throw new MailctlError('forbidden', `a virtual clock works in the lab only, not in ${network}`, {
      hint: 'Leave --clock or --network out.',
    })
  return network
}
