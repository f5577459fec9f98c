/** What `serve` does beside delivering: a pass over the account every few seconds. What fails is told, and tried again in the next pass. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../base/errors.ts'
import { accountPass } from '../operations/account-pass.ts'
import type { ReviewApp } from '../operations/request-production.ts'

/** From the end of a pass to the next. */
const PASS_MS = 10_000
/** How long a pass may go on once it is told to stop: a name server that does not answer keeps nobody waiting. */
const STOP_MS = 1_000

export interface ChoreOptions {
  /** Told of what failed and will be tried again. */
  readonly warn: (text: string) => void
  /** Milliseconds between passes; tests make it short. */
  readonly everyMs?: number
}

export class Chores {
  readonly #app: ReviewApp
  readonly #options: ChoreOptions
  #timer: NodeJS.Timeout | undefined
  #pass: Promise<void> = Promise.resolve()
  #isStopping = false

  constructor(app: ReviewApp, options: ChoreOptions) {
    this.#app = app
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#pass = this.#run()
    }, this.#options.everyMs ?? PASS_MS)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const late = new AbortController()
    await Promise.race([this.#pass, sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
  }

  async #run(): Promise<void> {
    try {
      await accountPass(this.#app)
      await this.#app.store.compact()
    } catch (error) {
      if (!this.#isStopping) this.#options.warn(messageOf(error))
    }
    if (!this.#isStopping) this.start()
  }
}
