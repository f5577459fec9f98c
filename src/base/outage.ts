/**
 * Something that fails again and again, told in few lines however often it does: one when it begins, at most one a minute with the number
 * of times since, and one when it is over. Over is what has worked for a while, so that what fails now and then makes no line each time.
 */

const AGAIN_MS = 60_000
const CALM_MS = 5_000

export interface OutageOptions {
  readonly warn: (text: string) => void
  /** What fails: before a colon and why. */
  readonly what: string
  readonly over: string
  /** Milliseconds, by a clock that nobody sets. */
  readonly now?: () => number
}

export class Outage {
  readonly #options: OutageOptions
  readonly #now: () => number
  /** When it began; undefined while all is well. Read with every success: the only cost of those. */
  #since: number | undefined
  #saidAt = Number.NEGATIVE_INFINITY
  #isSaid = false
  #times = 0
  #timesSinceSaid = 0
  #calm: NodeJS.Timeout | undefined

  constructor(options: OutageOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  failed(why: string): void {
    const now = this.#now()
    clearTimeout(this.#calm)
    this.#calm = undefined
    this.#since ??= now
    this.#times += 1
    this.#timesSinceSaid += 1
    if (now - this.#saidAt < AGAIN_MS) return
    const { warn, what } = this.#options
    warn(this.#timesSinceSaid === 1 ? `${what}: ${why}` : `${what}, ${this.#timesSinceSaid} times more: ${why}`)
    this.#saidAt = now
    this.#isSaid = true
    this.#timesSinceSaid = 0
  }

  worked(): void {
    if (this.#since === undefined || this.#calm !== undefined) return
    const workedAt = this.#now()
    this.#calm = setTimeout(() => this.#over(workedAt), CALM_MS)
    this.#calm.unref()
  }

  #over(workedAt: number): void {
    const { warn, over } = this.#options
    const seconds = Math.ceil((workedAt - (this.#since ?? workedAt)) / 1_000)
    if (this.#isSaid) warn(`${over}: it failed ${this.#times === 1 ? 'once' : `${this.#times} times in ${seconds} s`}`)
    this.#calm = undefined
    this.#since = undefined
    this.#isSaid = false
    this.#times = 0
    this.#timesSinceSaid = 0
  }
}
