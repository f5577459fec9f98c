/**
 * Which smarthosts are worth trying first: one that failed goes behind the others until it has answered again. It is never left out, and
 * after a while it is tried in its own place again, for otherwise nobody would notice that it recovered. Per process; `now` in epoch ms.
 */
import type { Hop, HopResult } from '../ports/transport.ts'

/** How long a relay that failed stays behind. */
export const RESTING_MS = 60_000

export class RelayHealth {
  /** Until when; of relays only, so a handful. */
  readonly #resting = new Map<string, number>()

  /** The same hops, those of resting relays last; otherwise in their order. Whoever comes first after a rest tries the relay for all. */
  order(hops: readonly Hop[], now: number): readonly Hop[] {
    if (this.#resting.size === 0) return hops
    const resting = new Set(hops.filter(hop => this.#rests(hop, now)))
    return [...hops.filter(hop => !resting.has(hop)), ...resting]
  }

  /** What came of a relay's turn. */
  note(hop: Hop, kind: HopResult['kind'], now: number): void {
    if (kind !== 'session') this.#resting.set(nameOf(hop), now + RESTING_MS)
    else if (this.#resting.size > 0) this.#resting.delete(nameOf(hop))
  }

  #rests(hop: Hop, now: number): boolean {
    const until = this.#resting.get(nameOf(hop))
    if (until === undefined || until > now) return until !== undefined
    this.#resting.set(nameOf(hop), now + RESTING_MS)
    return false
  }
}

const nameOf = ({ hostName, address, port }: Hop): string => `${hostName} ${address} ${port}`
