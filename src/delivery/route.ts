/**
 * Where the mail of one recipient domain goes: hosts to try, in order, or an outcome when there is none. RFC 5321 §5.1, RFC 7505.
 *
 * Pure over lookups. Hosts of equal preference are shuffled; an IPv6 and an IPv4 address of a host make one hop, but in the lab, where every
 * address is one. Hosts whose TLS would not be what their domain announced are left out. What DNS denies fails for good, what DNS did not
 * say is tried again; a broken setup of our own never bounces mail. Throws never.
 */
import { isIP } from 'node:net'
import type { DnsAnswer } from '../mail/dns-record.ts'
import { ownVerdict } from '../mail/interpret-reply.ts'
import { SIMULATOR_DOMAIN } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { Settings, Smarthost } from '../ports/settings.ts'
import type { FoundStsPolicy } from '../ports/sts-policies.ts'
import type { TlsSession } from '../ports/tls-reports.ts'
import type { Hop } from '../ports/transport.ts'
import { siteOfHosts, siteOfRelays } from './site.ts'
import { type HostTls, tlsOf } from './tls-policy.ts'

/** More are not looked up: a domain with more hosts than this is tried at the best ones. */
const MAX_EXCHANGES = 10
/** Of one host and one address family. */
const MAX_ADDRESSES = 2

export type Route =
  /** `site`: what these hosts are paced as, see `site.ts`. */
  | { readonly kind: 'hops'; readonly site: string; readonly hops: readonly Hop[]; readonly skipped?: readonly Skipped[] }
  | { readonly kind: 'none'; readonly outcome: Outcome; readonly skipped?: readonly Skipped[] }

/** A host that must not be used, or a policy that could not be had. */
export interface Skipped {
  readonly host: string
  readonly words: string
  /** As it counts in TLS reports. */
  readonly session: TlsSession
}

export interface Routing {
  readonly lookup: (name: string, type: 'MX' | 'A' | 'AAAA' | 'TLSA') => Promise<DnsAnswer>
  readonly stsPolicyOf: (domain: string) => Promise<FoundStsPolicy>
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
  const isSecure = answer.kind === 'found' ? answer.authenticated : undefined
  if (exchanges.length === 0) return toHosts(routing, { domain, site: siteOfHosts([domain]), hosts: [domain], isSecure })
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
  return toHosts(routing, {
    domain,
    site: siteOfHosts(best.map(({ exchange }) => exchange)),
    hosts: [...new Set(better.map(({ exchange }) => exchange))].slice(0, MAX_EXCHANGES),
    isSecure,
  })
}

function exchangesOf(answer: DnsAnswer): { exchange: string; preference: number }[] {
  if (answer.kind !== 'found') return []
  return answer.records.flatMap(record =>
    record.type === 'MX' ? [{ exchange: record.exchange.toLowerCase(), preference: record.preference }] : [],
  )
}

const isNull = (exchange: string): boolean => exchange === '' || exchange === '.'
/** In the lab our own host is a receiver like others: the inbound door, which passes nothing on. */
const isOwn = ({ settings }: Routing, host: string): boolean => settings.network !== 'lab' && host === settings.hostname.toLowerCase()

interface MailHosts {
  readonly domain: string
  readonly site: string
  readonly hosts: readonly string[]
  /** Whether the MX that named them was validated; undefined: there is none. */
  readonly isSecure: boolean | undefined
}

async function toHosts(routing: Routing, { domain, site, hosts, isSecure }: MailHosts): Promise<Route> {
  const { lookup, settings, stsPolicyOf } = routing
  if (hosts.some(host => isOwn(routing, host))) return none('5.4.6', `Mail for ${domain} loops back to ${settings.hostname}`)
  const [sts, found] = await Promise.all([stsPolicyOf(domain), Promise.all(hosts.map(host => addressesOf(routing, host)))])
  const reachable = found.filter(({ places }) => places.length > 0)
  const policies = await Promise.all(
    reachable.map(({ host, chain, isSecure: own }) => tlsOf({ domain, host, chain, isSecure: own && isSecure !== false }, sts, lookup)),
  )
  const via = settings.network === 'lab' ? 'lab' : 'network'
  const hops = reachable.flatMap(({ host, places }, index): Hop[] => {
    const tls = policies[index]
    return tls?.kind === 'use' ? places.map(place => ({ hostName: host, ...place, port: 25, via, ...tls.demand })) : []
  })
  const skipped = reachable.flatMap(({ host }, index) => skippedHost(domain, host, policies[index]))
  if (sts.kind === 'failed')
    skipped.push({ host: '', words: sts.detail, session: { domain, policy: 'sts', host: '', result: sts.failure } })
  const noted = skipped.length > 0 && { skipped }
  if (hops.length > 0) return { kind: 'hops', site, hops: hops.filter(isFirstOfItsAddress), ...noted }
  const failed = found.find(({ failure }) => failure !== undefined)
  if (failed) return { ...none('4.4.3', `DNS lookup of the address of ${failed.host} failed: ${failed.failure}`), ...noted }
  const [refused] = skipped
  // An attack or a mistake of the domain's: either passes, and neither is the recipient's fault.
  if (refused && reachable.length > 0) return { ...none('4.7.5', `No mail host of ${domain} may be used: ${refused.words}`), ...noted }
  return none('5.4.4', `No mail host of ${domain} has an address (${hosts.join(', ')})`)
}

function skippedHost(domain: string, host: string, tls: HostTls | undefined): Skipped[] {
  if (tls?.kind !== 'skip') return []
  return [{ host, words: tls.words, session: { domain, policy: tls.type, host, result: tls.failure } }]
}

/** In the lab every host has a door of its own, whatever its address; elsewhere two names of one address are one host. */
const isFirstOfItsAddress = (hop: Hop, index: number, hops: readonly Hop[]): boolean =>
  hop.via === 'lab' || hops.findIndex(({ address }) => address === hop.address) === index

interface Found {
  readonly host: string
  readonly places: readonly Pick<Hop, 'address' | 'rival'>[]
  /** Names behind its CNAMEs. */
  readonly chain: readonly string[]
  /** Whether every address was validated. */
  readonly isSecure: boolean
  /** Why some of its addresses may be missing. */
  readonly failure?: string
}

async function addressesOf({ lookup, settings }: Routing, host: string): Promise<Found> {
  const own = { host, chain: [], isSecure: false }
  if (isIP(host) !== 0) return { ...own, places: [{ address: host }] }
  // A name of this machine alone, never a question for DNS: RFC 6761 §6.3.
  if (host === 'localhost') return { ...own, places: [{ address: '127.0.0.1', rival: '::1' }] }
  const answers = await Promise.all([lookup(host, 'AAAA'), lookup(host, 'A')])
  const [six = [], four = []] = answers.map(addressesIn)
  const found = answers.filter(answer => answer.kind === 'found')
  const failure = answers.find(answer => answer.kind === 'failure')
  return {
    host,
    places: settings.network === 'lab' ? [...four, ...six].map(address => ({ address })) : paired(six, four),
    chain: found[0]?.chain ?? [],
    isSecure: found.length > 0 && found.every(({ authenticated }) => authenticated),
    ...(failure && { failure: failure.detail }),
  }
}

/** The first of both families, then the second. */
function paired(six: readonly string[], four: readonly string[]): Found['places'] {
  return Array.from({ length: MAX_ADDRESSES }, (_, index) => [six[index], four[index]].filter(address => address !== undefined)).flatMap(
    ([address, rival]) => (address === undefined ? [] : [rival === undefined ? { address } : { address, rival }]),
  )
}

function addressesIn(answer: DnsAnswer): string[] {
  if (answer.kind !== 'found') return []
  return answer.records.flatMap(record => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : [])).slice(0, MAX_ADDRESSES)
}

async function routeToSmarthosts(routing: Routing): Promise<Route> {
  const { relay } = routing.settings
  if (relay.length === 0) return none('4.3.5', 'No relay is configured')
  const found = await Promise.all(relay.map(async smarthost => ({ smarthost, ...(await addressesOf(routing, bare(smarthost.host))) })))
  const hops = found.flatMap(({ smarthost, places }) => places.map(place => smarthostHop(smarthost, place)))
  if (hops.length > 0) return { kind: 'hops', site: siteOfRelays(relay), hops }
  const failed = found.find(({ failure }) => failure !== undefined)
  if (failed) return none('4.4.3', `DNS lookup of the address of relay ${failed.host} failed: ${failed.failure}`)
  return none('4.4.4', `No relay has an address (${found.map(({ host }) => host).join(', ')})`)
}

/** A URL writes an IPv6 literal in brackets. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').toLowerCase()

/** A login is worth protecting: with one, TLS is no longer a matter of opportunity. */
function smarthostHop({ scheme, host, port, user, password }: Smarthost, place: Pick<Hop, 'address' | 'rival'>): Hop {
  const hop = { hostName: bare(host), ...place, port, via: 'network' } as const
  const tls = scheme === 'smtps' ? 'implicit' : user === undefined ? 'opportunistic' : 'required'
  return user === undefined ? { ...hop, tls } : { ...hop, tls, auth: { user, password: password ?? '' } }
}
