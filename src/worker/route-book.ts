/**
 * Routes that were found a moment ago, by recipient domain, so that a thousand messages to one domain ask DNS once. What DNS denied or did
 * not say is forgotten soon. At most `MAX_ENTRIES`, the oldest go first.
 */
import type { Route } from '../delivery/route.ts'

const MAX_ENTRIES = 10_000
/** Short enough that a changed MX is followed soon and equal hosts take turns. */
const FOUND_MS = 60_000
const NONE_MS = 5_000

interface Entry {
  readonly route: Promise<Route>
  /** Once DNS has answered. */
  found: Route | undefined
  until: number
}

export class RouteBook {
  readonly #entries = new Map<string, Entry>()
  readonly #find: (domain: string) => Promise<Route>

  /** @param find asks DNS; never rejects but for a bug */
  constructor(find: (domain: string) => Promise<Route>) {
    this.#find = find
  }

  /** The route that is known without asking anybody. @param now real time in milliseconds, from any start */
  known(domain: string, now: number): Route | undefined {
    const known = this.#entries.get(domain)
    return known !== undefined && now < known.until ? known.found : undefined
  }

  /** @param now as for `known` */
  route(domain: string, now: number): Promise<Route> {
    const known = this.#entries.get(domain)
    if (known !== undefined && now < known.until) return known.route
    const entry: Entry = { route: this.#find(domain), found: undefined, until: now + FOUND_MS }
    this.#entries.delete(domain)
    this.#entries.set(domain, entry)
    entry.route.then(
      route => {
        entry.found = route
        if (route.kind === 'none') entry.until = performance.now() + NONE_MS
      },
      () => {
        entry.until = 0
      },
    )
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES) break
      this.#entries.delete(oldest)
    }
    return entry.route
  }
}
