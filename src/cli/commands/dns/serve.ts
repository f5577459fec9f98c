/** `mailctl dns serve`: answers for the zone that CNAME-style DKIM records point into, until it is told to stop. */
import { once } from 'node:events'
import { messageOf } from '../../../base/errors.ts'
import { serveDns } from '../../../operations/serve-dns.ts'
import { command } from '../../command.ts'
import { listenAddress, listenText } from '../../listen-address.ts'
import { textFlag } from '../../moments.ts'

/** How soon a domain that another command made or changed is answered for. */
const REFRESH_MS = 1_000

interface Serving {
  readonly address: string
  readonly zones: readonly string[]
  /** Resolves when everything is closed. */
  readonly ended: Promise<void>
}

export default command<Serving>({
  path: 'dns serve',
  summary: 'Answer DNS questions for our own zone and the planned records',
  details:
    'Hosts <token>.dkim.<hostname>, which CNAME-style DKIM records point to, and the records of each domain, those that come later too. Stops on Ctrl-C or SIGTERM.',
  examples: ['mailctl dns serve', 'mailctl dns serve --dns 127.0.0.1:0 --json'],
  options: [{ flags: '--dns <address>', summary: 'IP:PORT to listen on, UDP and TCP (default: 127.0.0.1:8053)' }],
  fails: ['usage', 'unreachable', 'forbidden', 'config', 'store-unavailable'],
  async run({ app, signal, notice }, _args, flags) {
    const { host, port } = listenAddress(textFlag(flags, 'dns') ?? '127.0.0.1:8053')
    const server = await serveDns(await app(), { host, port })
    const aborted = signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => {})
    const address = listenText(server)
    const timer = setInterval(() => {
      server.refresh().catch((error: unknown) => notice(`the records were not read again: ${messageOf(error)}`))
    }, REFRESH_MS)
    const ended = aborted.then(() => {
      clearInterval(timer)
      return server.close()
    })
    return { address, zones: server.zones, ended }
  },
  async *ndjson({ address, zones, ended }) {
    yield { Dns: address, Zones: zones }
    await ended
  },
  async show(io, { address, zones, ended }) {
    io.line(`DNS on ${address} (UDP and TCP) for ${zones.join(', ')}`)
    await ended
  },
})
