/**
 * The engine of `serve`: takes what the doors hand over and what is due in the queue, and works on it until it is told to stop.
 *
 * What a door hands over is tried at once, from memory. The queue is asked when there is room, when something falls due, and now and then
 * in any case, because another process may have put something in or died. Sites pace themselves (`delivery/scheduler.ts`): mail for one
 * that is blocked goes back into the queue and stays there until the block ends. Everything held ends with an outcome in the store or is
 * given back. Memory is bounded by `MAX_GROUPS` and `MAX_BODY_BYTES`, whatever the queue's length.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../base/errors.ts'
import { Outage } from '../base/outage.ts'
import type { Route } from '../delivery/route.ts'
import { Scheduler } from '../delivery/scheduler.ts'
import { limitsOf } from '../delivery/shaping.ts'
import { type Signal, signalOf } from '../delivery/signal.ts'
import { ownVerdict } from '../mail/interpret-reply.ts'
import type { Outcome } from '../mail/outcome.ts'
import { bringForward } from '../operations/bring-forward.ts'
import { type DeliverApp, LEASE_MS, type Ready, routeOf, settleGroup, type Tried, tryGroup } from '../operations/deliver-group.ts'
import { expireOverdue } from '../operations/expire-overdue.ts'
import type { AttemptRecord } from '../ports/store.ts'
import { Refill, type SiteRoom } from './refill.ts'
import { RouteBook } from './route-book.ts'

/** Groups of one message and one domain in memory, those under way included. */
const MAX_GROUPS = 2_000
/** Attempts under way: each may have a socket. */
const MAX_ACTIVE = 400
/** Octets of bodies kept in memory until their first attempt has ended. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** How often the queue is looked at when nothing is known to be due: also how soon a dead process's mail is taken up again. */
const LOOK_MS = 500
/** Between two looks when there is more than there was room for. */
const LOOK_AGAIN_MS = 20
/** How often messages whose time is over are looked for, and with them what dead processes held and what a clock that was set back put off. */
const EXPIRE_MS = 1_000

/** How long attempts may take to end once they are cut. */
const CUT_MS = 1_000
/** Before the store is asked again after it failed. */
const PAUSE_MS = 1_000

/** Groups of a domain whose way must be found first. */
const UNKNOWN_ROOM = 5

const NOTHING_LEARNED: Signal = { kind: 'unrelated', reason: '' }

/** A group with its way, in line at its site. */
interface Placed {
  readonly group: Ready
  readonly way: Route
  readonly site: string
}

export class Worker {
  readonly #app: DeliverApp
  readonly #warn: (text: string) => void
  readonly #store: Outage
  readonly #cut = new AbortController()
  readonly #scheduler: Scheduler<Placed>
  readonly #routes: RouteBook
  readonly #refill: Refill
  #groups = 0
  #bodyBytes = 0
  #isStopping = false
  #isLooking = false
  #mayHaveMore = false
  #lookedAt = 0
  #expiredAt = 0
  #lookTimer: NodeJS.Timeout | undefined
  #wakeTimer: NodeJS.Timeout | undefined
  #wakeAt = Number.POSITIVE_INFINITY
  #onIdle: (() => void) | undefined

  /** @param warn told of what failed and will be tried again */
  constructor(app: DeliverApp, warn: (text: string) => void) {
    this.#app = app
    this.#warn = warn
    this.#store = new Outage({ warn, what: 'the queue cannot be worked on', over: 'the queue is worked on again' })
    this.#scheduler = new Scheduler({ chance: key => app.ids.chance(key), limits: site => limitsOf(site, app.settings.shaping) })
    this.#routes = new RouteBook(domain => routeOf(app, domain, `${domain} ${app.clock.now()}`))
    this.#refill = new Refill(app.store)
    // Every attempt listens for the cut: that they are many is no leak that Node should warn of.
    setMaxListeners(0, this.#cut.signal)
  }

  start(): void {
    void this.#look()
  }

  /** How long a door may ask to hold a message that it is about to accept; undefined: there is no room, it is to wait in the queue. */
  get holdMs(): number | undefined {
    return this.#isStopping || this.#groups >= MAX_GROUPS || this.#bodyBytes >= MAX_BODY_BYTES ? undefined : LEASE_MS
  }

  /** Takes over what an operation accepted and holds. */
  deliver(held: readonly Ready[]): void {
    for (const group of held) void this.#place(group)
  }

  /** Attempts under way may finish within `graceMs`, then they are cut; what is not settled is given back. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#lookTimer)
    clearTimeout(this.#wakeTimer)
    for (const { site } of this.#scheduler.states(steadyNow()))
      for (const { group } of this.#scheduler.drain(site, steadyNow())) this.#forget(group)
    if (this.#groups > 0) {
      const cut = setTimeout(() => this.#cut.abort(), graceMs)
      let late: NodeJS.Timeout | undefined
      await new Promise<void>(resolve => {
        this.#onIdle = resolve
        // A name server that does not answer hears of no cut.
        late = setTimeout(resolve, graceMs + CUT_MS)
      })
      clearTimeout(cut)
      clearTimeout(late)
    }
    await this.#app.store.release()
  }

  /** Finds the way and puts the group in line, or back into the queue where its site is blocked. */
  async #place(group: Ready): Promise<void> {
    this.#groups += 1
    this.#bodyBytes += group.content?.body.length ?? 0
    const way = await this.#routes.route(group.domain, performance.now())
    if (this.#isStopping) {
      this.#forget(group)
      if (this.#groups === 0) this.#onIdle?.()
      return
    }
    const site = siteOf(way, group.domain)
    const now = steadyNow()
    if (this.#scheduler.blockedUntil(site, now) !== null) return this.#giveBack([{ group, way, site }])
    this.#scheduler.offer(site, { group, way, site }, now)
    this.#startDue(now)
  }

  #startDue(now: number): void {
    if (this.#isStopping) return
    const room = MAX_ACTIVE - this.#scheduler.active
    if (room > 0) for (const placed of this.#scheduler.take(now, room)) void this.#work(placed)
    this.#wakeLater(now)
    if (this.#mayHaveMore && !this.#isLooking && performance.now() - this.#lookedAt > LOOK_AGAIN_MS) void this.#look()
  }

  async #work({ group, way, site }: Placed): Promise<void> {
    const app = this.#app
    const { outcomes, attempts } = await tryGroup(app, group, way, this.#cut.signal).catch((error: unknown) => this.#failed(group, error))
    const signal = outcomes === undefined || way.kind === 'none' ? NOTHING_LEARNED : signalOf(outcomes)
    const now = steadyNow()
    this.#scheduler.done(site, signal, now)
    if (signal.kind === 'failing' || signal.kind === 'throttling') this.#drainIfBlocked(site, now)
    this.#startDue(now)
    if (outcomes !== undefined) await this.#settle(group, outcomes, attempts)
    this.#forget(group)
    if (this.#isStopping && this.#groups === 0) this.#onIdle?.()
  }

  /** What a bug of ours did to one attempt must not be done to the message: it is tried again later. */
  #failed({ message, recipients }: Ready, error: unknown): Tried {
    this.#warn(`${message.id}: ${messageOf(error)}`)
    const outcome = ownVerdict('4.3.0', 'Internal error')
    return { outcomes: recipients.map(() => outcome), attempts: [] }
  }

  /** What a host has taken must not be forgotten because the disk is full for a minute: so this goes on until it is written, or we stop. */
  async #settle(group: Ready, outcomes: readonly Outcome[], attempts: readonly AttemptRecord[]): Promise<void> {
    for (;;) {
      try {
        await settleGroup(this.#app, group, outcomes, attempts)
        this.#store.worked()
        return
      } catch (error) {
        this.#store.failed(messageOf(error))
        if (this.#isStopping) return
        await sleep(PAUSE_MS)
      }
    }
  }

  #drainIfBlocked(site: string, now: number): void {
    if (this.#scheduler.blockedUntil(site, now) === null) return
    const drained = this.#scheduler.drain(site, now)
    if (drained.length > 0) this.#giveBack(drained)
  }

  #giveBack(placed: readonly Placed[]): void {
    for (const { group } of placed) this.#forget(group)
    this.#app.store.release(placed.map(({ group }) => group)).catch((error: unknown) => this.#store.failed(messageOf(error)))
  }

  #forget(group: Ready): void {
    this.#groups -= 1
    this.#bodyBytes -= group.content?.body.length ?? 0
  }

  /** A rate or a block lets something begin without anything else happening before. */
  #wakeLater(now: number): void {
    const at = this.#scheduler.nextWakeAt(now)
    if (at === null || at >= this.#wakeAt) return
    clearTimeout(this.#wakeTimer)
    this.#wakeAt = at
    this.#wakeTimer = setTimeout(
      () => {
        this.#wakeAt = Number.POSITIVE_INFINITY
        this.#mayHaveMore = true
        this.#startDue(steadyNow())
      },
      Math.max(1, at - now),
    )
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isStopping) return
    this.#isLooking = true
    this.#mayHaveMore = false
    this.#lookedAt = performance.now()
    clearTimeout(this.#lookTimer)
    let waitMs = LOOK_MS
    try {
      waitMs = await this.#takeDue()
      this.#store.worked()
    } catch (error) {
      this.#store.failed(messageOf(error))
    }
    this.#isLooking = false
    if (!this.#isStopping) this.#lookTimer = setTimeout(() => void this.#look(), waitMs)
  }

  /** @returns milliseconds until the next look is worth while */
  async #takeDue(): Promise<number> {
    const { store, clock } = this.#app
    const now = clock.now()
    if (now - this.#expiredAt >= EXPIRE_MS || now < this.#expiredAt) {
      const more = [await expireOverdue(this.#app), await bringForward(this.#app)]
      if (!more.includes(true)) this.#expiredAt = now
    }
    const room = MAX_GROUPS - this.#groups
    const groups = await this.#refill.take({ now, leaseMs: LEASE_MS, room, roomFor: domain => this.#roomFor(domain, steadyNow()) })
    this.#mayHaveMore = groups.length > 0
    this.deliver(groups)
    const next = await store.nextDueAt()
    return next === undefined || next <= now ? LOOK_MS : Math.min(LOOK_MS, next - now)
  }

  /** A domain whose way is not known yet may give a little: a look into the queue never waits for DNS. */
  #roomFor(domain: string, now: number): SiteRoom {
    const way = this.#routes.known(domain, performance.now())
    if (way === undefined) return { site: `unknown ${domain}`, room: UNKNOWN_ROOM }
    const site = siteOf(way, domain)
    return { site, room: this.#scheduler.room(site, now) }
  }
}

/** Sites are paced in real time, by a clock that nobody sets: a calendar that jumps back must not keep one blocked for the length of the jump. */
const steadyNow = (): number => performance.timeOrigin + performance.now()

/** What shares a pace. Mail that has no way waits for nobody. */
const siteOf = (way: Route, domain: string): string => (way.kind === 'none' ? `none ${domain}` : way.site)
