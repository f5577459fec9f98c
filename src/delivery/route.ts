/**
 * Where the mail of one recipient domain goes: hosts to try, in order, or an outcome when there is none. RFC 5321 §5.1, RFC 7505.
 *
 * Pure over a lookup function. Hosts of equal preference are shuffled; IPv6 and IPv4 addresses of a host alternate, IPv6 first but in the
 * lab. What DNS denies fails for good, what DNS did not say is tried again; a broken setup of our own never bounces mail. Throws never.
 */
import { isIP } from 'node:net'
import type { DnsAnswer } from '../mail/dns-record.ts'
import { ownVerdict } from '../mail/interpret-reply.ts'
import { SIMULATOR_DOMAIN } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { Settings, Smarthost } from '../ports/settings.ts'
import type { Hop } from '../ports/transport.ts'
import { siteOfHosts, siteOfRelays } from './site.ts'

/** More are not looked up: a domain with more hosts than this is tried at the best ones. */
const MAX_EXCHANGES = 10
/** Of one host and one address family. */
const MAX_ADDRESSES = 2

export type Route =
  /** `site`: what these hosts are paced as, see `site.ts`. */
  { readonly kind: 'hops'; readonly site: string; readonly hops: readonly Hop[] } | { readonly kind: 'none'; readonly outcome: Outcome }

export interface Routing {
  readonly lookup: (name: string, type: 'MX' | 'A' | 'AAAA') => Promise<DnsAnswer>
  /** 0 ≤ x < 1, the same for the same key: `Ids.chance`. */
  readonly chance: (key: string) => number
  readonly settings: Pick<Settings, 'network' | 'hostname' | 'relay'>
}

/** @param domain lower-case A-labels, or a literal in brackets  @param shuffleKey one shuffle of equal hosts per key */
export async function route(routing: Routing, domain: string, shuffleKey: string): Promise<Route> {
  if (domain === SIMULATOR_DOMAIN) return { kind: 'hops', site: SIMULATOR_DOMAIN, hops: [simulatorHop] }
  if (routing.settings.network === 'relay') return routeToSmarthosts(routing)
  if (domain.startsWith('[')) return none('5.1.2', `Address literals such as ${domain} are not supported`)
  return routeByMx(routing, domain, shuffleKey)
}

const simulatorHop: Hop = { hostName: SIMULATOR_DOMAIN, address: '127.0.0.1', port: 25, via: 'lab', tls: 'opportunistic' }

const none = (status: Outcome['status'], words: string): Route => ({ kind: 'none', outcome: ownVerdict(status, words) })

async function routeByMx(routing: Routing, domain: string, shuffleKey: string): Promise<Route> {
  const answer = await routing.lookup(domain, 'MX')
  if (answer.kind === 'failure') return none('4.4.3', `DNS lookup of the MX of ${domain} failed: ${answer.detail}`)
  if (answer.kind === 'no-name') return none('5.1.2', `Domain ${domain} does not exist`)
  const exchanges = exchangesOf(answer)
  if (exchanges.length === 0) return toHosts(routing, domain, { site: siteOfHosts([domain]), hosts: [domain] })
  const named = exchanges.filter(({ exchange }) => !isNull(exchange))
  if (named.length === 0) return none('5.1.10', `Domain ${domain} does not accept mail (null MX)`)
  const ordered = named
    .map(mx => ({ ...mx, chance: routing.chance(`mx ${shuffleKey} ${mx.exchange}`) }))
    .sort((a, b) => a.preference - b.preference || a.chance - b.chance)
  const own = ordered.find(({ exchange }) => isOwn(routing, exchange))
  // A host of equal or worse preference than ourselves would only hand the mail back: RFC 5321 §5.1.
  const better = own ? ordered.filter(({ preference }) => preference < own.preference) : ordered
  if (better.length === 0) return none('5.4.6', `Mail for ${domain} loops back to ${routing.settings.hostname}`)
  const best = better.filter(({ preference }) => preference === better[0]?.preference)
  return toHosts(routing, domain, {
    site: siteOfHosts(best.map(({ exchange }) => exchange)),
    hosts: [...new Set(better.map(({ exchange }) => exchange))].slice(0, MAX_EXCHANGES),
  })
}

function exchangesOf(answer: DnsAnswer): { exchange: string; preference: number }[] {
  if (answer.kind !== 'found') return []
  return answer.records.flatMap(record =>
    record.type === 'MX' ? [{ exchange: record.exchange.toLowerCase(), preference: record.preference }] : [],
  )
}

const isNull = (exchange: string): boolean => exchange === '' || exchange === '.'
const isOwn = ({ settings }: Routing, host: string): boolean => host === settings.hostname.toLowerCase()

interface Destination {
  readonly site: string
  readonly hosts: readonly string[]
}

async function toHosts(routing: Routing, domain: string, { site, hosts }: Destination): Promise<Route> {
  if (hosts.some(host => isOwn(routing, host))) return none('5.4.6', `Mail for ${domain} loops back to ${routing.settings.hostname}`)
  const found = await Promise.all(hosts.map(host => addressesOf(routing, host)))
  const via = routing.settings.network === 'lab' ? 'lab' : 'network'
  const hops = found.flatMap(({ host, addresses }) =>
    addresses.map((address): Hop => ({ hostName: host, address, port: 25, via, tls: 'opportunistic' })),
  )
  if (hops.length > 0) return { kind: 'hops', site, hops: hops.filter(isFirstOfItsAddress) }
  const failed = found.find(({ failure }) => failure !== undefined)
  if (failed) return none('4.4.3', `DNS lookup of the address of ${failed.host} failed: ${failed.failure}`)
  return none('5.4.4', `No mail host of ${domain} has an address (${hosts.join(', ')})`)
}

/** In the lab every host has a door of its own, whatever its address; elsewhere two names of one address are one host. */
const isFirstOfItsAddress = (hop: Hop, index: number, hops: readonly Hop[]): boolean =>
  hop.via === 'lab' || hops.findIndex(({ address }) => address === hop.address) === index

interface Found {
  readonly host: string
  readonly addresses: readonly string[]
  /** Why some of its addresses may be missing. */
  readonly failure?: string
}

async function addressesOf({ lookup, settings }: Routing, host: string): Promise<Found> {
  if (isIP(host) !== 0) return { host, addresses: [host] }
  // A name of this machine alone, never a question for DNS: RFC 6761 §6.3.
  if (host === 'localhost') return { host, addresses: ['127.0.0.1', '::1'] }
  const answers = await Promise.all([lookup(host, 'AAAA'), lookup(host, 'A')])
  const [six = [], four = []] = answers.map(addressesIn)
  // The lab answers alike on every machine, also on one without IPv6.
  const [first, second] = settings.network === 'lab' ? [four, six] : [six, four]
  const addresses = Array.from({ length: MAX_ADDRESSES }, (_, index) => [first[index], second[index]])
    .flat()
    .filter(address => address !== undefined)
  const failure = answers.find(answer => answer.kind === 'failure')
  return { host, addresses, ...(failure && { failure: failure.detail }) }
}

function addressesIn(answer: DnsAnswer): string[] {
  if (answer.kind !== 'found') return []
  return answer.records.flatMap(record => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : []))
}

async function routeToSmarthosts(routing: Routing): Promise<Route> {
  const { relay } = routing.settings
  if (relay.length === 0) return none('4.3.5', 'No relay is configured')
  const found = await Promise.all(relay.map(async smarthost => ({ smarthost, ...(await addressesOf(routing, bare(smarthost.host))) })))
  const hops = found.flatMap(({ smarthost, addresses }) => addresses.map(address => smarthostHop(smarthost, address)))
  if (hops.length > 0) return { kind: 'hops', site: siteOfRelays(relay), hops }
  const failed = found.find(({ failure }) => failure !== undefined)
  if (failed) return none('4.4.3', `DNS lookup of the address of relay ${failed.host} failed: ${failed.failure}`)
  return none('4.4.4', `No relay has an address (${found.map(({ host }) => host).join(', ')})`)
}

/** A URL writes an IPv6 literal in brackets. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').toLowerCase()

/** A login is worth protecting: with one, TLS is no longer a matter of opportunity. */
function smarthostHop({ scheme, host, port, user, password }: Smarthost, address: string): Hop {
  const hop = { hostName: bare(host), address, port, via: 'network' } as const
  const tls = scheme === 'smtps' ? 'implicit' : user === undefined ? 'opportunistic' : 'required'
  return user === undefined ? { ...hop, tls } : { ...hop, tls, auth: { user, password: password ?? '' } }
}
