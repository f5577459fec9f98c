/**
 * Takes from the queue what there is room for, domain by domain, going round from where it stopped the last time: no length of one
 * domain's queue keeps another's mail waiting. Domains of sites without room are passed over, not taken and given back.
 */
import type { Leased, Store } from '../ports/store.ts'

/** Domains asked for at once. */
const PAGE = 200
/** Pages that gave nothing before a look ends: with more blocked domains than this the others have their turn in the next look. */
const MAX_BARREN_PAGES = 5

export interface SiteRoom {
  readonly site: string
  /** Groups of one message and one domain that are worth holding for it now. */
  readonly room: number
}

export interface RefillAsk {
  readonly now: number
  readonly leaseMs: number
  /** Groups in all. */
  readonly room: number
  readonly roomFor: (domain: string) => SiteRoom
}

export class Refill {
  readonly #store: Pick<Store, 'dueDomains' | 'lease'>
  /** The last domain that had its turn. */
  #after = ''

  constructor(store: Pick<Store, 'dueDomains' | 'lease'>) {
    this.#store = store
  }

  /** At most once round. @throws MailctlError store-unavailable */
  async take({ now, leaseMs, room, roomFor }: RefillAsk): Promise<Leased[]> {
    const groups: Leased[] = []
    const given = new Map<string, number>()
    let barren = 0
    let laps = 0
    while (groups.length < room && barren < MAX_BARREN_PAGES) {
      const domains = await this.#store.dueDomains({ now, after: this.#after, limit: PAGE })
      const shares = shareOut(domains.map(roomFor), room - groups.length, given)
      const leased = await Promise.all(
        domains.map((domain, index) => {
          const limit = shares[index] ?? 0
          return limit > 0 ? this.#store.lease({ now, leaseMs, limit, domain }) : []
        }),
      )
      const before = groups.length
      groups.push(...leased.flat())
      if (groups.length === before) barren += 1
      const wasLast = domains.length < PAGE
      this.#after = wasLast ? '' : (domains.at(-1) ?? '')
      if (wasLast) laps += 1
      if (laps === 2 || (wasLast && groups.length === before)) break
    }
    return groups
  }
}

/** How many groups each domain of a page may give: what its site has room for, shared among that site's domains. Counts what it gives. */
function shareOut(sites: readonly SiteRoom[], room: number, given: Map<string, number>): number[] {
  const domainsOf = new Map<string, number>()
  for (const { site } of sites) domainsOf.set(site, (domainsOf.get(site) ?? 0) + 1)
  let left = room
  return sites.map(({ site, room: siteRoom }) => {
    const others = domainsOf.get(site) ?? 1
    const taken = given.get(site) ?? 0
    const share = Math.min(left, Math.ceil(Math.max(0, siteRoom - taken) / others))
    domainsOf.set(site, others - 1)
    given.set(site, taken + share)
    left -= share
    return share
  })
}
