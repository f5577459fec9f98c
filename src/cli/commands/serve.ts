/** `mailctl serve`: the account's doors and its delivery worker in one process, until it is told to stop. */
import { rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MailctlError } from '../../base/errors.ts'
import { command, type Doors, type Flags, type ServeAsk } from '../command.ts'
import { type ListenAddress, listenAddress } from '../listen-address.ts'
import { textFlag } from '../moments.ts'

interface Served {
  readonly doors: Doors
  /** Resolves when everything is closed. */
  readonly ended: Promise<void>
}

/** Doors of the contract that this version does not have: `off` is true of them, anything else is refused. */
const CLOSED_DOORS = ['dns'] as const

export default command<Served>({
  path: 'serve',
  summary: 'Run the doors and the delivery worker',
  details:
    'Takes mail by SMTP from clients that log in (mailctl smtp credentials create) or that --smtp-trust names, and delivers what is in the queue. ' +
    'SIGTERM or Ctrl-C finishes what is under way and stops. The inbound MX takes only reports: mail for return paths of this account, and reports for its verified domains. A DNS door is not there yet and stays off.',
  examples: [
    'mailctl serve',
    'mailctl serve --smtp-trust 127.0.0.1/32',
    'mailctl serve --smtp 0.0.0.0:587 --smtps 0.0.0.0:465 --tls-cert chain.pem --tls-key key.pem',
    'mailctl serve --smtp 127.0.0.1:0 --smtp-trust 127.0.0.0/8 --ready-file ready.json',
  ],
  options: [
    {
      flags: '--smtp <address>',
      summary: 'IP:PORT of the SMTP door with STARTTLS, port 0 for a free one, or off (default: 127.0.0.1:2587)',
    },
    { flags: '--smtps <address>', summary: 'IP:PORT of the SMTP door with TLS from the start, or off (default: 127.0.0.1:2465)' },
    {
      flags: '--smtp-trust <ranges>',
      summary: 'clients that may submit without login, as CIDR ranges with commas between (default: none)',
    },
    { flags: '--http <address>', summary: 'IP:PORT of the HTTP door, or off (default: 127.0.0.1:8025)' },
    {
      flags: '--mx <address>',
      summary: 'IP:PORT of the inbound door, which takes reports and relays nothing, or off (default: 127.0.0.1:2525)',
    },
    { flags: '--https <address>', summary: 'IP:PORT of the HTTPS door, or off (default: 127.0.0.1:8443)' },
    {
      flags: '--http-auth <how>',
      summary: 'who may use the API: whoever signs requests, or all on loopback (default: none in the lab, else sigv4)',
      choices: ['sigv4', 'none'],
    },
    { flags: '--tls-cert <file>', summary: 'certificate of the doors, with its chain, in PEM (default: the one made at init)', path: true },
    { flags: '--tls-key <file>', summary: 'its private key, in PEM', path: true },
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
    const door = (name: string, usual: string): ListenAddress | undefined => {
      const given = textFlag(flags, name) ?? usual
      return given === 'off' ? undefined : listenAddress(given)
    }
    const auth = textFlag(flags, 'httpAuth')
    const trust = textFlag(flags, 'smtpTrust')
    const tls = certificateFiles(flags)
    const ask: ServeAsk = {
      smtp: door('smtp', '127.0.0.1:2587'),
      smtps: door('smtps', '127.0.0.1:2465'),
      ...(trust !== undefined && { smtpTrust: trust }),
      http: door('http', '127.0.0.1:8025'),
      https: door('https', '127.0.0.1:8443'),
      mx: door('mx', '127.0.0.1:2525'),
      ...(tls !== undefined && { tls }),
      ...((auth === 'sigv4' || auth === 'none') && { httpAuth: auth }),
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
    const mx = doors.Mx && `MX on ${doors.Mx}`
    const open = [doors.Smtp && `SMTP on ${doors.Smtp}`, doors.Smtps && `SMTPS on ${doors.Smtps}`, mx, doors.Http, doors.Https].filter(
      door => door !== null,
    )
    io.line(open.length === 0 ? 'Delivering; no door is open' : open.join(', '))
    await ended
  },
})

/** @throws MailctlError usage, when one is given without the other */
function certificateFiles(flags: Flags): ServeAsk['tls'] {
  const [certificate, key] = [textFlag(flags, 'tlsCert'), textFlag(flags, 'tlsKey')]
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined)
    throw new MailctlError('usage', '--tls-cert and --tls-key belong together', { hint: 'Give both, or neither.' })
  return { certificateFile: resolve(certificate), keyFile: resolve(key) }
}

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
