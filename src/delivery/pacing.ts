/**
 * The pace of one site: how many attempts may run at once, how fast they may begin, and from when on. It learns from what attempts say
 * (`signal.ts`): success widens the window one by one, trouble halves it, repeated trouble or a plain "slower" closes the site for a
 * while, each time for twice as long, with jitter; then one attempt probes it.
 *
 * No clock, no timers, no chance of its own: `now` (epoch milliseconds) and `chance` are given. A clock that is set back never
 * closes a site for longer than `LONGEST_BLOCK_MS`.
 */
import type { SiteLimits } from './shaping.ts'
import type { Signal } from './signal.ts'

const FIRST_BLOCK_MS = 10_000
/** RFC 5321 §4.5.4.1 asks for half an hour between tries of one destination, in general. */
const MAX_BLOCK_MS = 30 * 60_000
/** Up to this part of a block is added, so that sites that failed together do not come back together. */
const JITTER = 0.2
export const LONGEST_BLOCK_MS = MAX_BLOCK_MS * (1 + JITTER)
/** One session may break by accident; so many in a row are no accident. */
const FAILURES_TO_BLOCK = 3
/** A throttled rate, in starts a second, comes back by this factor with every success, … */
const RATE_GROWTH = 1.05
/** … never falls below one a minute, and above this is no limit any more. */
const MIN_RATE = 1 / 60
const FREE_RATE = 200
/** Starts this early count as in time: timers are no finer. */
const SLACK_MS = 100
/** The span over which starts are counted to know how fast we were when we were throttled. */
const SPAN_MS = 60_000

/** How many attempts a site may have at once before anything is known of it: a quarter of what it may ever have. */
export const firstWindow = ({ concurrency }: SiteLimits): number => Math.max(1, Math.floor(concurrency / 4))

export class SitePacing {
  readonly #limits: SiteLimits
  readonly #chance: (blocks: number) => number
  #window: number
  /** Below it the window grows by one with each success, above it by one with each window of successes. */
  #calm: number
  #grown = 0
  /** In a row, without any success. */
  #failures = 0
  /** Attempts that were under way when the window was halved: what they say is the same news. */
  #oldNews = 0
  #blockedUntil = 0
  #blockMs = 0
  #blocks = 0
  /** Blocked before and not yet seen working since. */
  #isProbing = false
  #hasWorked = false
  /** Starts a second; Infinity: no limit. */
  #rate: number
  /** When the next start would be on time at this rate. */
  #nextStartAt = 0
  #spanFrom = 0
  #spanStarts = 0
  #reason: string | null = null

  /** @param chance 0 ≤ x < 1 for the jitter of a block, given how many there were in a row */
  constructor(limits: SiteLimits, chance: (blocks: number) => number) {
    this.#limits = limits
    this.#chance = chance
    this.#window = firstWindow(limits)
    this.#calm = limits.concurrency
    this.#rate = this.#fullRate
  }

  get window(): number {
    return this.#window
  }

  /** Starts a second; null: not limited. */
  get perSecond(): number | null {
    return this.#rate === Infinity ? null : this.#rate
  }

  /** Whether it was seen working, since its last block if there was one. Others may be dead, and an attempt may take minutes to show it. */
  get isProven(): boolean {
    return this.#hasWorked && !this.#isProbing
  }

  /** What slowed the site last; null: nothing ever did. */
  get reason(): string | null {
    return this.#reason
  }

  /** @returns the end of the present block, or null */
  blockedUntil(now: number): number | null {
    const left = this.#blockedUntil - now
    return left > 0 && left <= LONGEST_BLOCK_MS ? this.#blockedUntil : null
  }

  /** @param active attempts under way  @returns `now`, a later moment, or Infinity: not before one of them ends */
  startableAt(active: number, now: number): number {
    const blockedUntil = this.blockedUntil(now)
    if (blockedUntil !== null) return blockedUntil
    if (active >= this.#window) return Infinity
    if (this.#rate === Infinity) return now
    return Math.max(now, Math.min(this.#nextStartAt - SLACK_MS, now + this.#gapMs))
  }

  /** An attempt begins. */
  started(now: number): void {
    if (now - this.#spanFrom > SPAN_MS || now < this.#spanFrom) {
      this.#spanFrom = now
      this.#spanStarts = 0
    }
    this.#spanStarts += 1
    if (this.#rate !== Infinity) this.#nextStartAt = Math.max(now, Math.min(this.#nextStartAt, now + this.#gapMs)) + this.#gapMs
  }

  /** An attempt has ended. @param active attempts still under way */
  ended({ kind, reason }: Signal, active: number, now: number): void {
    const isOldNews = this.#oldNews > 0
    if (isOldNews) this.#oldNews -= 1
    if (kind === 'unrelated') return
    const isBlocked = this.blockedUntil(now) !== null
    if (kind === 'working') {
      this.#failures = 0
      if (!isBlocked) this.#grow()
      return
    }
    this.#reason = reason
    this.#failures += 1
    if (isBlocked) return
    if (!isOldNews) this.#halve(active)
    if (kind === 'throttling') this.#slow(now)
    if (kind === 'throttling' || this.#isProbing || this.#failures >= FAILURES_TO_BLOCK) this.#block(now)
  }

  #grow(): void {
    this.#isProbing = false
    this.#hasWorked = true
    if (this.#window < this.#calm) this.#window += 1
    else if (this.#window < this.#limits.concurrency) {
      this.#grown += 1
      if (this.#grown >= this.#window) {
        this.#window += 1
        this.#grown = 0
      }
    }
    if (this.#rate < this.#fullRate) {
      const faster = this.#rate * RATE_GROWTH
      this.#rate = faster >= Math.min(this.#fullRate, FREE_RATE) ? this.#fullRate : faster
    }
  }

  #halve(active: number): void {
    this.#window = Math.max(1, Math.floor(this.#window / 2))
    this.#calm = this.#window
    this.#grown = 0
    this.#oldNews = active
  }

  /** To half of what we did when we were told. */
  #slow(now: number): void {
    const seconds = Math.max(1, (now - this.#spanFrom) / 1000)
    this.#rate = Math.max(MIN_RATE, Math.min(this.#rate, this.#spanStarts / seconds) / 2)
    this.#nextStartAt = 0
  }

  /** Twice as long as the last time, unless the site worked since and for twice that long. */
  #block(now: number): void {
    const isRelapse = this.#isProbing || now - this.#blockedUntil <= 2 * this.#blockMs
    this.#blocks = isRelapse ? this.#blocks + 1 : 1
    this.#blockMs = Math.round(Math.min(MAX_BLOCK_MS, FIRST_BLOCK_MS * 2 ** (this.#blocks - 1)) * (1 + JITTER * this.#chance(this.#blocks)))
    this.#blockedUntil = now + this.#blockMs
    this.#window = 1
    this.#isProbing = true
  }

  get #fullRate(): number {
    return this.#limits.perSecond ?? Infinity
  }

  get #gapMs(): number {
    return 1000 / this.#rate
  }
}
