/** `mailctl serve`: the account's doors and its delivery worker in one process, until it is told to stop. */
import { rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MailctlError } from '../../base/errors.ts'
import { command, type Doors, type ServeAsk } from '../command.ts'
import { listenAddress } from '../listen-address.ts'
import { textFlag } from '../moments.ts'

interface Served {
  readonly doors: Doors
  /** Resolves when everything is closed. */
  readonly ended: Promise<void>
}

/** Doors of the contract that this version does not have: `off` is true of them, anything else is refused. */
const CLOSED_DOORS = ['smtps', 'http', 'https', 'mx', 'dns'] as const

export default command<Served>({
  path: 'serve',
  summary: 'Run the SMTP door and the delivery worker',
  details:
    'Takes mail by SMTP from the clients that --smtp-trust names, and delivers what is in the queue. SIGTERM or Ctrl-C finishes what is under way ' +
    'and stops. Login, TLS on the door, HTTP, the inbound MX and DNS are not there yet: their doors stay off.',
  examples: [
    'mailctl serve --smtp-trust 127.0.0.1/32',
    'mailctl serve --smtp 127.0.0.1:0 --smtp-trust 127.0.0.0/8 --ready-file ready.json',
  ],
  options: [
    { flags: '--smtp <address>', summary: 'IP:PORT of the SMTP door, port 0 for a free one, or off (default: 127.0.0.1:2587)' },
    {
      flags: '--smtp-trust <ranges>',
      summary: 'clients that may submit without login, as CIDR ranges with commas between (default: none)',
    },
    { flags: '--ready-file <file>', summary: 'written in one step when all doors are open', path: true },
    ...CLOSED_DOORS.map(name => ({ flags: `--${name} <address>`, summary: 'off: not there yet' })),
  ],
  fails: ['usage', 'unreachable', 'forbidden', 'config', 'store-unavailable'],
  async run({ serve, signal }, _args, flags) {
    for (const name of CLOSED_DOORS) {
      const given = textFlag(flags, name)
      if (given !== undefined && given !== 'off')
        throw new MailctlError('usage', `serve has no ${name.toUpperCase()} door yet`, { hint: `Leave --${name} out, or give off.` })
    }
    const smtp = textFlag(flags, 'smtp') ?? '127.0.0.1:2587'
    const trust = textFlag(flags, 'smtpTrust')
    const ask: ServeAsk = {
      smtp: smtp === 'off' ? undefined : listenAddress(smtp),
      ...(trust !== undefined && { smtpTrust: trust }),
    }
    const { doors, ended } = await serve(ask, signal)
    const file = textFlag(flags, 'readyFile')
    if (file !== undefined) await writeReadyFile(resolve(file), doors)
    return { doors, ended }
  },
  async *ndjson({ doors, ended }) {
    yield doors
    await ended
  },
  async show(io, { doors, ended }) {
    io.line(doors.Smtp === null ? 'Delivering; no door is open' : `SMTP on ${doors.Smtp}`)
    await ended
  },
})

/** In one rename, so that who waits for it never reads half of it. @throws MailctlError store-unavailable */
async function writeReadyFile(file: string, doors: Doors): Promise<void> {
  const unfinished = `${file}.${process.pid}`
  try {
    await writeFile(unfinished, `${JSON.stringify(doors)}\n`, { mode: 0o600 })
    await rename(unfinished, file)
  } catch (cause) {
    throw new MailctlError('store-unavailable', `cannot write the ready file ${file}`, { hint: 'Check that its folder exists.', cause })
  }
}
