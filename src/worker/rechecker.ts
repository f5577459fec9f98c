/**
 * The part of `serve` that looks again at domains whose time has come: a few in a pass and one after the other, so that it never has more
 * than one domain's questions under way, whatever the number of domains. It costs the engine one look into an index now and then.
 */
import { messageOf } from '../base/errors.ts'
import { recheckDue } from '../operations/recheck-identities.ts'
import type { CheckingApp } from '../operations/verify-identity.ts'

/** Domains looked at between two looks at the clock. */
const CHECKS_IN_PASS = 5
/** How often it is asked what is due: another process may have made a domain or moved the clock. */
const LOOK_MS = 1_000
/** Between passes when there is more: so that 10,000 domains whose time has come together are no burst. */
const NEXT_PASS_MS = 100

export class Rechecker {
  readonly #app: CheckingApp
  readonly #warn: (text: string) => void
  readonly #cut = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #pass: Promise<void> = Promise.resolve()
  /** What was said last, so that a trouble that stays is said once. */
  #said = ''

  /** @param warn told of domains that lost or regained their proof, and of what failed and will be tried again */
  constructor(app: CheckingApp, warn: (text: string) => void) {
    this.#app = app
    this.#warn = warn
  }

  start(): void {
    this.#pass = this.#run()
  }

  /** Questions under way are given up. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#cut.abort()
  }

  /** Resolves when the last pass has ended, at the latest after `graceMs`. */
  async stopped(graceMs: number): Promise<void> {
    let late: NodeJS.Timeout | undefined
    await Promise.race([
      this.#pass,
      new Promise<void>(resolve => {
        late = setTimeout(resolve, graceMs)
      }),
    ])
    clearTimeout(late)
  }

  async #run(): Promise<void> {
    const { signal } = this.#cut
    let waitMs = LOOK_MS
    try {
      const { checked, warnings } = await recheckDue(this.#app, { limit: CHECKS_IN_PASS, signal })
      for (const text of warnings) this.#warn(text)
      if (checked === CHECKS_IN_PASS) waitMs = NEXT_PASS_MS
      this.#said = ''
    } catch (error) {
      const text = messageOf(error)
      if (!signal.aborted && text !== this.#said) this.#warn(`domains could not be looked at again: ${text}`)
      this.#said = text
    }
    if (!signal.aborted) this.#timer = setTimeout(() => this.start(), waitMs)
  }
}
