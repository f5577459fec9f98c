/**
 * Which destinations are one: a *site* is what shares a fate and a patience, and so a pace. Its key is a line of text that people can read:
 * a known provider's name, else the best MX hosts, else the relays. Ten thousand domains with the same MX hosts are one site.
 * Pure; throws never. A domain can choose its MX hosts but not what they answer, so it can join a site only where its mail really goes.
 */
import type { Smarthost } from '../ports/settings.ts'
import { providerBehind, RELAY_PREFIX } from './shaping.ts'

/** So that a zone with a thousand MX records does not make a key of that length. */
const MAX_NAMES = 10

/** @param hosts names of the best preference, lower-case, in any order; a domain without MX is its own host */
export function siteOfHosts(hosts: readonly string[]): string {
  const names = [...new Set(hosts)].sort().slice(0, MAX_NAMES)
  const [provider] = names.map(providerBehind)
  if (provider !== undefined && names.every(name => providerBehind(name) === provider)) return provider
  return names.join(' ')
}

/** All relays together: one takes over where another fails. `relay mail.example.com:587 backup.example.com:465`. */
export function siteOfRelays(relays: readonly Pick<Smarthost, 'host' | 'port'>[]): string {
  return RELAY_PREFIX + relays.map(({ host, port }) => `${host.toLowerCase()}:${port}`).join(' ')
}

export const isRelaySite = (site: string): boolean => site.startsWith(RELAY_PREFIX)
