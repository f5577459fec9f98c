/**
 * What sending needs of the network: names that are answered, a host name and an address that lead to each other, and hosts that let us in.
 * In the lab all of it is the lab's own; nothing leaves the machine. Nothing is sent: sessions end where the first message would begin.
 */
import { isIPv6 } from 'node:net'
import { formatDuration } from '../base/duration.ts'
import type { Machine } from '../ports/machine.ts'
import type { Greeting, Hop } from '../ports/transport.ts'
import type { App } from './app.ts'
import { routeOf } from './deliver-group.ts'
import { cannotTell, type Diagnosis, fail, pass, warn } from './diagnosis.ts'
import { addressesOf, nameOfAddress } from './reverse-lookup.ts'

export type NetworkApp = Pick<App, 'settings' | 'resolver' | 'transport' | 'ids' | 'stsPolicies' | 'store' | 'clock'> &
  Parameters<typeof routeOf>[0]

/** Answers that take longer slow every delivery down. */
const SLOW_ANSWER_MS = 1_000
const LOOK_OUTSIDE = 'MAILCTL_NETWORK=live mailctl doctor looks at the real network.'

/** @param domain whose mail hosts are asked for */
export async function diagnoseResolver({ resolver }: NetworkApp, domain: string): Promise<Diagnosis> {
  const begun = performance.now()
  const answer = await resolver.lookup(domain, 'MX')
  const ms = performance.now() - begun
  if (answer.kind === 'failure')
    return fail('RESOLVER', `${answer.server || 'no name server'}: ${answer.detail}`, 'mailctl config set resolver IP names another one.')
  const took = formatDuration(Math.round(ms))
  if (answer.kind !== 'found')
    return warn('RESOLVER', `${answer.server} knows no mail hosts of ${domain}`, 'mailctl doctor --domain NAME asks for another.')
  const isValidating = answer.authenticated ? ', and validates' : ''
  const evidence = `${answer.server} answered for ${domain} in ${took}${isValidating}`
  return ms > SLOW_ANSWER_MS
    ? warn('RESOLVER', evidence, 'Use a resolver that is nearer: mailctl config set resolver IP.')
    : pass('RESOLVER', evidence)
}

/** @returns what is said of the name, and the addresses it has */
export async function diagnoseHostname(
  app: NetworkApp,
): Promise<{ readonly diagnosis: Diagnosis; readonly addresses: readonly string[] | undefined }> {
  const { hostname, network } = app.settings
  const [four, six] = await Promise.all([app.resolver.lookup(hostname, 'A'), app.resolver.lookup(hostname, 'AAAA')])
  const addresses = [four, six].flatMap(answer => (answer.kind === 'found' ? addressesOf(answer.records) : []))
  const named = 'mailctl config set hostname mta.example.com, a name with the address that mail leaves from.'
  if (addresses.length > 0) return { diagnosis: pass('HOSTNAME', `${hostname} is ${addresses.join(' and ')}`), addresses }
  if (!hostname.includes('.')) {
    const evidence = `'${hostname}' is no full DNS name`
    return { diagnosis: network === 'live' ? fail('HOSTNAME', evidence, named) : warn('HOSTNAME', evidence, named), addresses: [] }
  }
  const failed = [four, six].find(answer => answer.kind === 'failure')
  if (failed)
    return { diagnosis: cannotTell('HOSTNAME', `the address of ${hostname} is not known: ${failed.detail}`), addresses: undefined }
  const evidence = `${hostname} has no address in DNS`
  return { diagnosis: network === 'live' ? fail('HOSTNAME', evidence, named) : warn('HOSTNAME', evidence, named), addresses: [] }
}

/** Of every address that mail leaves from: those of the pools, else those of the host name. */
export async function diagnosePtr(app: NetworkApp, hostAddresses: readonly string[] | undefined): Promise<Diagnosis> {
  const { network, pools } = app.settings
  if (network === 'relay') return cannotTell('PTR', 'mail leaves from the relay, whose address it is')
  const own = [...new Set([...pools.values()].flat())]
  const addresses = own.length > 0 ? own : hostAddresses
  if (addresses === undefined || addresses.length === 0)
    return cannotTell('PTR', 'the address that mail leaves from is not known', 'mailctl config set hostname mta.example.com')
  const names = await Promise.all(addresses.map(async ip => ({ ip, ...(await nameOfAddress(app, ip)) })))
  const ask = 'Whoever gave you the address sets its PTR record: to the host name.'
  const nameless = names.find(({ name }) => name === null)
  if (nameless) return (network === 'lab' ? warn : fail)('PTR', `${nameless.ip} has no name (PTR)`, ask)
  const silent = names.find(({ name }) => name === undefined)
  if (silent) return cannotTell('PTR', `DNS did not say the name of ${silent.ip}`)
  const lost = names.find(({ leadsBack }) => !leadsBack)
  if (lost) return (network === 'lab' ? warn : fail)('PTR', `${lost.ip} is called ${lost.name}, which does not lead back to it`, ask)
  return pass('PTR', names.map(({ ip, name }) => `${ip} is called ${name} and back`).join('; '))
}

/** The relays, or a mail host of the domain by IPv4: port 25 is closed by many providers. */
export async function diagnoseOutbound(app: NetworkApp, domain: string, signal: AbortSignal): Promise<Diagnosis> {
  const { network } = app.settings
  const way = await routeOf(app, domain, 'doctor')
  if (way.kind === 'none') return cannotTell('OUTBOUND', way.outcome.reply, 'See RESOLVER.')
  if (network === 'relay') return relays(await Promise.all(way.hops.map(hop => greet(app, hop, signal))))
  const hop = network === 'lab' ? way.hops[0] : way.hops.map(one => onlyBy(one, 4)).find(one => one !== undefined)
  if (hop === undefined)
    return cannotTell('OUTBOUND', `no mail host of ${domain} has an IPv4 address`, 'mailctl doctor --domain NAME asks another.')
  const { greeting } = await greet(app, hop, signal)
  if (network === 'lab')
    return greeting.ready
      ? pass('OUTBOUND', `the lab's ${hop.hostName} lets us in; nothing leaves this machine. ${LOOK_OUTSIDE}`)
      : fail('OUTBOUND', `the lab's ${hop.hostName}: ${greeting.reply}`, 'mailctl doctor --debug smtp shows the session.')
  return judged('OUTBOUND', hop, greeting)
}

/** @param machine its interfaces */
export async function diagnoseIpv6(
  app: NetworkApp,
  machine: Machine,
  { domain, signal }: { readonly domain: string; readonly signal: AbortSignal },
): Promise<Diagnosis> {
  if (app.settings.network === 'lab') return cannotTell('IPV6', 'the lab uses loopback alone', LOOK_OUTSIDE)
  if (app.settings.network === 'relay') return cannotTell('IPV6', 'mail leaves by the relay')
  if (!machine.addresses().some(isIPv6)) return pass('IPV6', 'this machine has no IPv6 address; mail goes by IPv4')
  const way = await routeOf(app, domain, 'doctor')
  const hop = way.kind === 'hops' ? way.hops.map(one => onlyBy(one, 6)).find(one => one !== undefined) : undefined
  if (hop === undefined)
    return cannotTell('IPV6', `no mail host of ${domain} with an IPv6 address is known`, 'mailctl doctor --domain NAME asks another.')
  const { greeting } = await greet(app, hop, signal)
  // Every host is dialled by both families, so this costs a moment and no mail.
  return greeting.ready
    ? judged('IPV6', hop, greeting)
    : warn('IPV6', `${hop.hostName} (${hop.address}): ${greeting.reply}`, 'Give the address a PTR record, or switch IPv6 off.')
}

interface Greeted {
  readonly hop: Hop
  readonly greeting: Greeting
}

const greet = async ({ transport, settings }: NetworkApp, hop: Hop, signal: AbortSignal): Promise<Greeted> => ({
  hop,
  greeting: await transport.greet(hop, settings.hostname, signal),
})

function relays(greeted: readonly Greeted[]): Diagnosis {
  const refused = greeted.filter(({ greeting }) => !greeting.ready)
  const ready = greeted.filter(({ greeting }) => greeting.ready)
  const nameOf = ({ hop }: Greeted): string => `${hop.hostName}:${hop.port}`
  const why = refused.map(one => `${nameOf(one)}: ${one.greeting.reply}`).join('; ')
  if (ready.length === 0) return fail('OUTBOUND', why, 'mailctl config set relay URL, with --password-file for its password.')
  const taken = ready.map(one => `${nameOf(one)} lets us in${tlsWords(one.greeting)}`).join('; ')
  return refused.length > 0 ? warn('OUTBOUND', `${taken}; ${why}`, 'Mail goes by the other relays meanwhile.') : pass('OUTBOUND', taken)
}

function judged(check: 'OUTBOUND' | 'IPV6', hop: Hop, greeting: Greeting): Diagnosis {
  const where = `${hop.hostName} (${hop.address})`
  if (greeting.ready) return pass(check, `${where} lets us in at port 25${tlsWords(greeting)}`)
  return fail(
    check,
    `${where}: ${greeting.reply}`,
    'Many providers close port 25: ask yours, or send by a relay (mailctl config set network relay).',
  )
}

const tlsWords = ({ tls }: Greeting): string =>
  tls === 'success' ? ', under TLS with a certificate that is right' : tls === undefined ? '' : `, TLS: ${tls}`

/** The host by one family of addresses; undefined when it has none. */
function onlyBy(hop: Hop, family: 4 | 6): Hop | undefined {
  const { rival, ...one } = hop
  const address = [hop.address, rival].find(text => text !== undefined && isIPv6(text) === (family === 6))
  return address === undefined ? undefined : { ...one, address }
}
