/**
 * The engine of `serve`: takes what the doors hand over and what is due in the queue, and works on it until it is told to stop.
 *
 * What a door hands over is tried at once, from memory. The queue is asked when there is room, when something falls due, and now and then
 * in any case, because another process may have put something in or died. What it holds ends with an outcome in the store or is given back.
 * Never holds more than `MAX_GROUPS` groups in memory.
 */
import { setMaxListeners } from 'node:events'
import { messageOf } from '../base/errors.ts'
import { type DeliverApp, LEASE_MS, type Ready, routeOf, settleGroup, tryGroup } from '../operations/deliver-group.ts'

/** Groups of one message and one domain in memory, running ones included. */
const MAX_GROUPS = 400
/** Groups tried at once. */
const CONCURRENCY = 20
/** Octets of bodies kept in memory until their first attempt. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** How often the queue is looked at when nothing is known to be due: also how soon a dead process's mail is taken up again. */
const LOOK_MS = 500
/** Of one look. */
const LEASED_AT_ONCE = 50

export class Worker {
  readonly #app: DeliverApp
  readonly #warn: (text: string) => void
  readonly #cut = new AbortController()
  readonly #waiting: Ready[] = []
  #running = 0
  #bodyBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #isStopping = false
  #onIdle: (() => void) | undefined

  /** @param warn told of what failed and will be tried again */
  constructor(app: DeliverApp, warn: (text: string) => void) {
    this.#app = app
    this.#warn = warn
    // Every attempt listens for the cut: that they are many is no leak that Node should warn of.
    setMaxListeners(0, this.#cut.signal)
  }

  start(): void {
    void this.#look()
  }

  /** How long a door may ask to hold a message that it is about to accept; undefined: there is no room, it is to wait in the queue. */
  get holdMs(): number | undefined {
    if (this.#isStopping || this.#running + this.#waiting.length >= MAX_GROUPS || this.#bodyBytes >= MAX_BODY_BYTES) return undefined
    return LEASE_MS
  }

  /** Takes over what an operation accepted and holds. */
  deliver(held: readonly Ready[]): void {
    for (const group of held) this.#add(group)
    this.#startWaiting()
  }

  /** Attempts that run may finish within `graceMs`, then they are cut; what is not settled is given back. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    this.#waiting.length = 0
    if (this.#running > 0) {
      const timer = setTimeout(() => this.#cut.abort(), graceMs)
      await new Promise<void>(resolve => {
        this.#onIdle = resolve
      })
      clearTimeout(timer)
    }
    await this.#app.store.release()
  }

  #add(group: Ready): void {
    this.#waiting.push(group)
    this.#bodyBytes += group.content?.body.length ?? 0
  }

  #startWaiting(): void {
    while (!this.#isStopping && this.#running < CONCURRENCY) {
      const group = this.#waiting.shift()
      if (group === undefined) break
      this.#running += 1
      void this.#work(group).then(() => {
        this.#running -= 1
        this.#bodyBytes -= group.content?.body.length ?? 0
        if (this.#isStopping && this.#running === 0) this.#onIdle?.()
        this.#startWaiting()
      })
    }
    if (this.#waiting.length < LEASED_AT_ONCE / 2 && this.#lookWhenRoom) void this.#look()
  }

  /** The last look found more than it could take. */
  #lookWhenRoom = false

  /** Never rejects: what fails here is given back to the queue by the lease that lapses with this process, or is tried again. */
  async #work(group: Ready): Promise<void> {
    const app = this.#app
    try {
      const { outcomes, attempts } = await tryGroup(app, group, await routeOf(app, group), this.#cut.signal)
      if (outcomes !== undefined) await settleGroup(app, group, outcomes, attempts)
    } catch (error) {
      this.#warn(`${group.message.id}: ${messageOf(error)}`)
    }
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isStopping) return
    this.#isLooking = true
    this.#lookWhenRoom = false
    clearTimeout(this.#timer)
    const { store, clock } = this.#app
    let waitMs = LOOK_MS
    try {
      const limit = Math.min(LEASED_AT_ONCE, MAX_GROUPS - this.#running - this.#waiting.length)
      if (limit > 0) {
        const groups = await store.lease({ now: clock.now(), leaseMs: LEASE_MS, limit })
        for (const group of groups) this.#add(group)
        this.#lookWhenRoom = groups.length === limit
        const next = await store.nextDueAt()
        if (next !== undefined) waitMs = Math.min(LOOK_MS, Math.max(10, next - clock.now()))
      }
    } catch (error) {
      this.#warn(`the queue could not be read: ${messageOf(error)}`)
    }
    this.#isLooking = false
    if (this.#isStopping) return
    this.#timer = setTimeout(() => void this.#look(), waitMs)
    this.#startWaiting()
  }
}
