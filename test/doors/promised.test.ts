/** The commands, flags and exit codes that scripts may rely on, against what the built program says of itself. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuiltProgram, builtProgram } from '../support/built.ts'

const VERIFY = '--dkim --key --mail-from --publish --tsig-file --resolver --wait --timeout'
const COMPOSE =
  '--from --to --cc --bcc --reply-to --return-path --subject --text --html --attach --inline --embed-images --header --template --data ' +
  '--config-set --tag --calendar --list-unsubscribe --date --message-id --deterministic'
const ASSERT = '--to --from --count --within --none-within'

/** Every promised command with the flags promised by name. */
const PROMISED: Record<string, string> = {
  init: '--network --clock --start --seed',
  demo: '',
  status: '--watch',
  quota: '',
  'account show': '',
  'account request-production': '--mail-type --website-url --use-case --contact-language --approve --max-24h-send --max-send-rate',
  'account set': '',
  'account pause': '',
  'account resume': '',
  'account usage': '',
  'verify domain': VERIFY,
  'verify email': '--token',
  'verify all': '',
  'identity list': '',
  'identity show': '',
  'identity delete': '--yes --dry-run -n',
  'identity set': '--dkim --key --mail-from --config-set --feedback',
  'dkim rotate': '',
  'dkim show': '',
  'dkim import': '--dry-run -n',
  'dkim export': '',
  'dns plan': '--format',
  'dns publish': '--publish --tsig-file --dry-run -n',
  'dns check': '',
  'dns serve': '--dns',
  compose: `${COMPOSE} -o --sign`,
  send: `${COMPOSE} --raw --no-wait --wait --timeout --idempotency-key --signer --dry-run -n`,
  sendmail: '-t -i -f -F',
  bulk: '--template --timeout --dry-run -n',
  simulate: '--from --label --to --isp --code --status --text --config-set --tag --sim-delay --timeout --dry-run -n',
  'inbox list': '',
  'inbox show': '--raw --html --save',
  'inbox wait': '--timeout',
  'inbox clear': '--yes',
  'expect mail': `${ASSERT} --subject --link --code`,
  'expect event': `${ASSERT} --type`,
  inspect: '--ip --helo --mail-from --resolver',
  why: '',
  check: '--format',
  'snapshot write': '',
  'snapshot diff': '',
  'queue list': '',
  'queue show': '',
  'queue retry': '',
  'queue hold': '',
  'queue release': '',
  'queue delete': '--yes --dry-run -n',
  'queue flush': '--dry-run -n',
  'queue stats': '',
  'events list': '--type --to --since --config-set',
  'events tail': '--type --to --since --config-set --timeout',
  'events resend': '--type --to --since --config-set',
  listen: '--forward-to --record --replay --fault --timeout',
  'suppression list': '',
  'suppression get': '',
  'suppression add': '',
  'suppression remove': '--yes --dry-run -n',
  'suppression import': '--dry-run -n',
  'suppression export': '',
  'config-set create': '',
  'config-set list': '',
  'config-set show': '',
  'config-set set': '',
  'config-set delete': '--yes --dry-run -n',
  'destination create': '',
  'destination list': '',
  'destination set': '',
  'destination delete': '--yes --dry-run -n',
  'destination test': '',
  'template create': '',
  'template list': '',
  'template show': '',
  'template update': '',
  'template delete': '--yes --dry-run -n',
  'template render': '',
  'smtp credentials create': '',
  'smtp credentials list': '',
  'smtp credentials revoke': '',
  'keys create': '',
  'keys list': '',
  'keys revoke': '',
  stats: '--html',
  reputation: '--html',
  serve: '--smtp --smtps --http --https --mx --dns --tls-cert --tls-key --ready-file --smtp-trust --http-auth',
  'clock show': '',
  'clock advance': '',
  doctor: '',
  'config get': '',
  'config set': '--yes --password-file',
  'config list': '--origin',
  'config path': '',
  'support bundle': '',
  completion: '',
  commands: '',
  help: '',
}

/** First words of what comes later: unknown commands until then. */
const LATER = ['pool', 'ip', 'insights', 'inbound']
const EXITS = [0, 1, 64, 65, 66, 69, 70, 74, 75, 77, 78, 130]

interface Described {
  readonly Path: string
  readonly Flags: readonly { readonly Flags: string }[]
  readonly ExitCodes: Record<string, string>
}

let program: BuiltProgram
let commands: readonly Described[]
beforeAll(async () => {
  program = await builtProgram()
  commands = (await program.json(['commands'])).Commands
})
afterAll(() => program.remove())

test('every promised command and flag is there', () => {
  const there = new Map(commands.map(({ Path, Flags }) => [Path, new Set(Flags.flatMap(flag => flag.Flags.match(/-[-\w]+/g) ?? []))]))
  const missing = Object.entries(PROMISED).flatMap(([path, flags]) => {
    const has = there.get(path)
    if (!has) return [path]
    return flags.split(' ').flatMap(flag => (flag === '' || has.has(flag) ? [] : [`${path} ${flag}`]))
  })
  expect(missing).toEqual([])
})

test('exit codes are those of the table, and each is given by some command', () => {
  const given = new Set(commands.flatMap(({ ExitCodes }) => Object.keys(ExitCodes).map(Number)))
  expect([...given].sort((a, b) => a - b)).toEqual(EXITS)
})

test.each(LATER)('%s comes later: an unknown command, exit 64', async word => {
  expect(commands.filter(({ Path }) => Path.split(' ')[0] === word)).toEqual([])
  const { code, stdout } = await program.run([word])
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
})

test.each(['environment', 'exit-codes', 'json', 'lab', 'dns', 'sandbox', 'formatting', 'clock', 'network'])('help %s', async topic => {
  const { code, stdout } = await program.run(['help', topic])
  expect(code).toBe(0)
  expect(stdout.length).toBeGreaterThan(200)
})
