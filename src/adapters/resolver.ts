/**
 * The Resolver port over our own DNS client. Lab: every question goes to the lab's server, and no socket is opened off loopback. An explicit
 * resolver is asked for everything, alone. Otherwise the system's resolvers serve routing, and verification goes to the zone's own servers;
 * where those cannot be reached on port 53 the system's resolvers are asked instead, with a notice. Reads no hosts file.
 *
 * Only what a resolver on this machine, or the explicit one, says is validated counts as `authenticated`: on the way from any other the
 * word could have been put in. RFC 7672 §2.1.
 */
import { getServers } from 'node:dns'
import { isIP } from 'node:net'
import { MailctlError } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Network } from '../ports/settings.ts'
import { authoritativeServers } from '../wire/authoritative.ts'
import type { DnsQuery, DnsServerAddress } from '../wire/dns.ts'
import { assertLoopback, isLoopback } from '../wire/loopback.ts'

export interface ResolverOptions {
  readonly network: Network
  /** `ip` or `ip:port`, `[ip6]:port`; asked for everything when given, in every mode. */
  readonly resolver?: string | undefined
  /** The lab's name server; used in lab mode only, started by the first question. */
  readonly labServer: () => Promise<DnsServerAddress>
  readonly log?: Log
  /** The system's resolvers in the form of `dns.getServers()`; the system's own when absent. */
  readonly systemServers?: () => readonly string[]
  /** Where zones' own servers listen; 53 when absent. */
  readonly authoritativePort?: number
}

/** How long a zone's servers, or the knowledge that port 53 is blocked, are believed, in milliseconds of real time. */
const BELIEVED_MS = 60_000
/** Own servers that do not answer by then are taken to be out of reach. */
const AUTHORITATIVE_TOTAL_MS = 6_000

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. @throws MailctlError usage */
export function parseServer(text: string): DnsServerAddress {
  if (isIP(text) !== 0) return { address: text, port: 53 }
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const address = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  if (isIP(address) !== 0 && port >= 1 && port <= 65_535) return { address, port }
  throw new MailctlError('usage', `'${text}' is not the address of a DNS server`, {
    hint: 'Write an IP address, with a port if it is not 53: 192.0.2.1, 127.0.0.1:5353 or [2001:db8::1]:53.',
  })
}

/** @throws MailctlError usage when `resolver` is no address, forbidden when it is off loopback in the lab */
export function createResolver(options: ResolverOptions): Resolver {
  const { network, log = silent } = options
  const guard = network === 'lab' ? assertLoopback : () => {}
  const proof = network === 'lab' ? 'lab' : 'dns'
  const ask = async (question: Omit<DnsQuery, 'guard'>): Promise<DnsAnswer> => {
    // Loaded by the first question: most commands ask none.
    const { query } = await import('../wire/dns.ts')
    const said = await query({ ...question, guard })
    const isBelieved = options.resolver !== undefined || question.servers.every(({ address }) => isLoopback(address))
    const answer = said.kind === 'found' && said.authenticated && !isBelieved ? { ...said, authenticated: false } : said
    log('dns', `${question.name} ${question.type}: ${describe(answer)}`)
    return answer
  }
  if (options.resolver !== undefined || network === 'lab') {
    const given = options.resolver === undefined ? undefined : parseServer(options.resolver)
    if (given) guard(given.address)
    const server = async (): Promise<DnsServerAddress> => given ?? (await options.labServer())
    const lookup: Resolver['lookup'] = async (name, type) => await ask({ name, type, servers: [await server()], mode: 'recursive' })
    return { lookup, lookupAuthoritative: lookup, proof, takeNotices: () => [], close: async () => {} }
  }
  return systemResolver(options, ask)
}

function describe(answer: DnsAnswer): string {
  if (answer.kind === 'failure') return `${answer.reason} from ${answer.server}: ${answer.detail}`
  return `${answer.kind} from ${answer.server}${answer.kind === 'found' ? `, ${answer.records.length} records` : ''}`
}

type Ask = (question: Omit<DnsQuery, 'guard'>) => Promise<DnsAnswer>

function systemResolver({ systemServers = getServers, authoritativePort = 53 }: ResolverOptions, ask: Ask): Resolver {
  const notices = new Set<string>()
  const zones = new Map<string, { readonly until: number; readonly servers: readonly DnsServerAddress[] }>()
  let blockedUntil = 0
  const lookup = async (name: string, type: RecordType): Promise<DnsAnswer> =>
    await ask({ name, type, servers: systemServers().map(parseServer), mode: 'recursive' })

  const serversFor = async (name: string): Promise<readonly DnsServerAddress[]> => {
    const known = zones.get(name)
    if (known && known.until > performance.now()) return known.servers
    const found = await authoritativeServers(name, { lookup, port: authoritativePort })
    const servers = 'servers' in found ? found.servers : []
    if (zones.size > 1_000) zones.clear()
    if (servers.length > 0) zones.set(name, { until: performance.now() + BELIEVED_MS, servers })
    return servers
  }

  const lookupAuthoritative = async (name: string, type: RecordType): Promise<DnsAnswer> => {
    if (blockedUntil > performance.now()) return await lookup(name, type)
    const servers = await serversFor(name)
    // The resolver's own words for why there is no zone are better than ours.
    if (servers.length === 0) return await lookup(name, type)
    const answer = await ask({ name, type, servers, serversFor, mode: 'authoritative', totalMs: AUTHORITATIVE_TOTAL_MS })
    // Silence is a filter on port 53, and lameness what a filter that answers itself looks like; any other failure is the zone's own word.
    if (answer.kind !== 'failure' || (answer.reason !== 'timeout' && answer.reason !== 'lame')) return answer
    const instead = await lookup(name, type)
    if (instead.kind === 'failure') return answer
    if (answer.reason === 'timeout') blockedUntil = performance.now() + BELIEVED_MS
    notices.add(
      `the zone's own servers did not answer on port ${authoritativePort} (blocked?); asked the system resolver instead, whose answers may be old`,
    )
    return instead
  }

  const takeNotices = (): string[] => {
    const taken = [...notices]
    notices.clear()
    return taken
  }
  return { lookup, lookupAuthoritative, proof: 'dns', takeNotices, close: async () => {} }
}
