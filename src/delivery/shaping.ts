/**
 * What a site is known to bear: how many attempts at once, how many messages in one session, how many starts a second. `shaping.json`
 * holds the figures of the large providers, each with its source and the day it was read. They are where we begin and what we never
 * exceed; below them the site's own answers decide (`pacing.ts`).
 */
import type { OwnLimits, Settings } from '../ports/settings.ts'
import shaping from './shaping.json' with { type: 'json' }

export interface SiteLimits {
  /** Attempts at once, at least 1. */
  readonly concurrency: number
  /** Messages in one session; null: the transport's own measure. */
  readonly perConnection: number | null
  /** Attempts begun in a second; null: as many as the others allow. */
  readonly perSecond: number | null
}

/** A relay is ours and expects us; strangers' hosts do not. */
const OF_RELAY: SiteLimits = { concurrency: 20, perConnection: null, perSecond: null }
const OF_OTHERS: SiteLimits = { concurrency: 10, perConnection: null, perSecond: null }

/** What the key of a site of smarthosts begins with; no host name holds a blank. */
export const RELAY_PREFIX = 'relay '

const PROVIDERS: ReadonlyMap<string, SiteLimits> = new Map(
  shaping.providers.map(({ site, concurrency, perConnection, perSecond }) => [
    site,
    { concurrency: concurrency.value, perConnection: perConnection.value, perSecond: perSecond.value },
  ]),
)

/** What the settings may call a site by that is no mail host: a host's name has a dot. */
export const SITE_NAMES: readonly string[] = [...PROVIDERS.keys(), 'relay', 'other']

/** Keys are suffixes of whole labels. */
const SITE_OF_SUFFIX: ReadonlyMap<string, string> = new Map(
  shaping.providers.flatMap(({ site, hosts }) => hosts.map((host): [string, string] => [host, site])),
)

/** @param site a key from `site.ts`  @param own what the settings say otherwise */
export function limitsOf(site: string, own?: Settings['shaping']): SiteLimits {
  const isRelay = site.startsWith(RELAY_PREFIX)
  const known = PROVIDERS.get(site) ?? (isRelay ? OF_RELAY : OF_OTHERS)
  if (own === undefined || own.size === 0) return known
  if (isRelay) return { ...known, ...own.get('relay') }
  return { ...known, ...(own.get(site) ?? (PROVIDERS.has(site) ? undefined : (ofHosts(site.split(' '), own) ?? own.get('other')))) }
}

/** The longest name that all of the hosts have or are below. */
function ofHosts(hosts: readonly string[], own: Settings['shaping']): OwnLimits | undefined {
  for (let suffix = hosts[0] ?? ''; suffix !== ''; suffix = suffix.slice(suffix.indexOf('.') + 1)) {
    const limits = own.get(suffix)
    if (limits !== undefined && hosts.every(host => host === suffix || host.endsWith(`.${suffix}`))) return limits
    if (!suffix.includes('.')) return undefined
  }
  return undefined
}

/** @param host lower-case A-labels  @returns the site of the provider whose mail host this is */
export function providerBehind(host: string): string | undefined {
  for (let suffix = host; ; ) {
    const site = SITE_OF_SUFFIX.get(suffix)
    if (site !== undefined) return site
    const dot = suffix.indexOf('.')
    if (dot < 0) return undefined
    suffix = suffix.slice(dot + 1)
  }
}
