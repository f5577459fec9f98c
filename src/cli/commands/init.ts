/** `mailctl init`: an account in this home. Questions on a terminal, flags elsewhere; a second time it changes nothing that is there. */
import { MailctlError } from '../../base/errors.ts'
import { namesToProve } from '../../operations/leave-lab.ts'
import { type CommandContext, type CreateAccountOptions, command, type Flags } from '../command.ts'
import { parseMoment, parseNumber, textFlag } from '../moments.ts'
import { agree, askText, choose } from '../prompts.ts'

interface Made {
  readonly Home: string
  readonly AccountId: string
  readonly Region: string
  readonly Network: string
  readonly Clock: 'system' | 'virtual'
  readonly Created: boolean
  /** For people: the command that comes next. */
  readonly next: string
}

const VERIFY = 'mailctl verify domain example.com'
const SET_RELAY = 'mailctl config set relay smtp://user@mail.example.com:587 --password-file FILE'

const NETWORKS = [
  { value: 'lab', name: 'lab: nothing leaves this machine' },
  { value: 'relay', name: "relay: through your provider's or company's mail server" },
  { value: 'live', name: "live: straight to the recipients' mail servers" },
] as const

const CLOCKS = [
  { value: 'system', name: "system: this machine's time" },
  { value: 'virtual', name: 'virtual: stands still until a command moves it; fourteen hours of retries in a second' },
] as const

export default command<Made>({
  path: 'init',
  summary: 'Make an account in this home',
  details:
    'The account starts in the sandbox and in the lab: nothing leaves the machine. A virtual clock stands still until a command moves ' +
    'it, and with a seed every run gives the same ids, times and outcomes. Safe to repeat: an account that is there stays as it is. On a ' +
    'terminal it asks for what no flag says; Ctrl-C at any question leaves nothing behind.',
  examples: [
    'mailctl init',
    'mailctl init --home ./mail --network lab',
    'mailctl init --clock virtual --start 2026-01-01T00:00:00Z --seed 7',
  ],
  options: [
    { flags: '--network <network>', summary: 'lab, relay or live (default: lab)', choices: ['lab', 'relay', 'live'] },
    { flags: '--relay <urls>', summary: 'with --network relay: smtp://user@host:587 or smtps://host, several with commas between' },
    { flags: '--region <region>', summary: 'region named in ids and texts (default: us-east-1)' },
    { flags: '--clock <clock>', summary: 'system or virtual (default: system)', choices: ['system', 'virtual'] },
    { flags: '--start <time>', summary: 'where a virtual clock starts (default: now)' },
    { flags: '--seed <n>', summary: 'makes ids and chance repeatable; virtual clock only' },
  ],
  fails: ['usage', 'forbidden', 'config', 'store-unavailable'],
  async run(context, _args, flags) {
    const { network, relay, ...options } = await answersFor(context, flags)
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
    if (relay !== undefined) await context.config.set('relay', relay)
    if (!created) context.notice(`${context.config.home} had an account already; it was left as it is`)
    return {
      Home: context.config.home,
      AccountId: account.accountId,
      Region: settings.region,
      Network: network,
      Clock: opened.clock.kind,
      Created: created,
      next: network === 'relay' && relay === undefined && settings.relay.length === 0 ? SET_RELAY : VERIFY,
    }
  },
  json: ({ next: _, ...made }) => made,
  show(io, made) {
    io.line(
      `${io.colour.green(made.Created ? 'Made' : 'Found')} account ${made.AccountId} in ${made.Home} (${made.Network}, ${made.Clock} clock)`,
    )
    io.line(`Next: ${made.next}`)
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

interface Answers extends CreateAccountOptions {
  readonly network: string
  /** To be stored; undefined: as it is. */
  readonly relay: string | undefined
}

/** From flags, or on a terminal from whoever makes a first account without a word about where its mail goes. @throws MailctlError usage, forbidden */
async function answersFor(context: CommandContext, flags: Flags): Promise<Answers> {
  const { config, io } = context
  const options = accountOptions(context, flags)
  const asks = io.interactive && flags['network'] === undefined && config.origins.network.origin === 'default'
  if (asks && options.clock === 'system') return await ask(context, flags, options)
  const network = config.settings.network
  if (options.clock === 'virtual' && network !== 'lab')
    throw new MailctlError('forbidden', `a virtual clock works in the lab only, not in ${network}`, {
      hint: 'Leave --clock or --network out.',
    })
  return { ...options, network, relay: textFlag(flags, 'relay') }
}

async function ask({ config, io }: CommandContext, flags: Flags, options: CreateAccountOptions): Promise<Answers> {
  const network = await choose(io, { message: 'Where should mail go?', flag: '--network', choices: NETWORKS })
  const given = textFlag(flags, 'relay')
  const asked =
    network === 'relay' && given === undefined && config.settings.relay.length === 0
      ? await askText(io, {
          message: 'Through which server? (smtp://user@host:587; nothing: later)',
          flag: '--relay',
          check: text => (text === '' ? undefined : config.check('relay', text)),
        })
      : ''
  const relay = given ?? (asked === '' ? undefined : asked)
  const clock =
    network === 'lab' && flags['clock'] === undefined
      ? await choose(io, { message: 'Which clock should the account go by?', flag: '--clock', choices: CLOCKS })
      : options.clock
  await agree(io, { message: 'Make this account?', flag: '--no-input' }, [
    ['Home', config.home],
    ['Network', network],
    ...(relay === undefined ? [] : [['Relay', relay] as const]),
    ['Clock', clock],
    ['Region', options.region],
  ])
  return { ...options, clock, network, relay }
}
