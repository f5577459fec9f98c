/**
 * The part of `serve` that tells events to their destinations: each is worked on by itself, so that a slow or dead one delays nobody else.
 * Where there is no destination it costs a look into an empty table now and then, whatever the number of messages.
 */
import { messageOf } from '../base/errors.ts'
import { Outage } from '../base/outage.ts'
import { type PublishApp, publishBatch } from '../operations/publish-events.ts'

/** How often it is asked what there is to be told. */
const LOOK_MS = 200
/** Destinations worked on at once: more than have to be slow at one time. */
const MOST_AT_ONCE = 64

export class EventTeller {
  readonly #app: PublishApp
  readonly #store: Outage
  readonly #cut = new AbortController()
  readonly #running = new Map<number, Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #look: Promise<void> = Promise.resolve()
  #isStopping = false

  /** @param warn told of what failed and will be tried again */
  constructor(app: PublishApp, warn: (text: string) => void) {
    this.#app = app
    this.#store = new Outage({ warn, what: 'events cannot be told', over: 'events are told again' })
  }

  start(): void {
    this.#look = this.#lookAround()
  }

  /** What is under way may end within `graceMs`, then it is cut; what was not told waits. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const cut = setTimeout(() => this.#cut.abort(), graceMs)
    await this.#look
    await Promise.all(this.#running.values())
    clearTimeout(cut)
  }

  async #lookAround(): Promise<void> {
    try {
      for (const id of await this.#app.store.destinationsToPublish(this.#app.clock.now())) {
        if (this.#running.size >= MOST_AT_ONCE) break
        if (this.#running.has(id)) continue
        this.#running.set(
          id,
          this.#workOn(id).finally(() => this.#running.delete(id)),
        )
      }
    } catch (error) {
      this.#store.failed(messageOf(error))
    }
    if (!this.#isStopping) this.#timer = setTimeout(() => this.start(), LOOK_MS)
  }

  async #workOn(id: number): Promise<void> {
    try {
      for (let goesOn = true; goesOn; ) {
        const published = await publishBatch(this.#app, id, { signal: this.#cut.signal })
        goesOn = published?.mayHaveMore === true && !this.#isStopping
      }
      await this.#app.store.releasePublications(id)
      this.#store.worked()
    } catch (error) {
      this.#store.failed(messageOf(error))
    }
  }
}
