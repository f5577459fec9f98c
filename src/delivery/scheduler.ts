/**
 * Which of the jobs in memory may begin now. Jobs wait in the list of their site; sites take turns; a site that is at its window, ahead of
 * its rate or blocked is not looked at until something changes. So a call costs what it starts, never what waits: a hundred thousand jobs
 * for a dead host take no step from one for a living host.
 *
 * A job is whatever the caller likes; what was taken is the caller's until `done`. No clock, no timers, no I/O.
 */
import { Alarms } from './alarms.ts'
import { Fifo } from './fifo.ts'
import { firstWindow, LONGEST_BLOCK_MS, SitePacing } from './pacing.ts'
import { limitsOf, type SiteLimits } from './shaping.ts'
import type { Signal } from './signal.ts'

/** So many jobs for each place in a site's window are worth holding in memory: enough that it never waits for a look into the store. */
const HELD_PER_PLACE = 4
/**
 * Attempts under way at sites that were not yet seen working. A dead host may hold an attempt for minutes, so a thousand dead hosts must
 * not take up all the attempts there may be.
 */
const MAX_UNPROVEN = 200
/** What was learned about a site is kept so long after its last job, … */
const IDLE_MS = 3_600_000
/** … and of so many idle sites at most, the latest ones: about 10 MB. */
const MAX_IDLE = 10_000

export interface SchedulerOptions {
  /** 0 ≤ x < 1, the same for the same key: `Ids.chance`. */
  readonly chance: (key: string) => number
  readonly limits?: (site: string) => SiteLimits
}

export interface SiteState {
  readonly site: string
  /** Attempts that may run at once. */
  readonly window: number
  /** Starts a second; null: not limited. */
  readonly perSecond: number | null
  readonly active: number
  readonly waiting: number
  /** Epoch milliseconds; null: not blocked. */
  readonly blockedUntil: number | null
  /** The reply that slowed the site last; null: none did. */
  readonly reason: string | null
}

interface Site<Job> {
  readonly key: string
  readonly pacing: SitePacing
  readonly waiting: Fifo<Job>
  active: number
  /** Those of them that began when it was not proven and that count as such. */
  unproven: number
  /** Whether it stands in line for its turn, or beside it. */
  isInLine: boolean
  /** The alarm that counts for it; Infinity: none. */
  alarmAt: number
}

export class Scheduler<Job> {
  readonly #chance: (key: string) => number
  readonly #limits: (site: string) => SiteLimits
  readonly #sites = new Map<string, Site<Job>>()
  /** Sites that may start something, in the order of their turns. */
  readonly #line = new Fifo<Site<Job>>()
  /** Sites whose turn came while there were enough attempts at unproven ones. */
  readonly #besideLine = new Fifo<Site<Job>>()
  readonly #alarms = new Alarms<Site<Job>>()
  /** Sites without jobs and since when, the longest first. */
  readonly #idle = new Map<string, number>()
  #size = 0
  #active = 0
  #unproven = 0

  constructor({ chance, limits = limitsOf }: SchedulerOptions) {
    this.#chance = chance
    this.#limits = limits
  }

  /** Jobs that wait. */
  get size(): number {
    return this.#size
  }

  /** Jobs taken and not yet done. */
  get active(): number {
    return this.#active
  }

  offer(key: string, job: Job, now: number): void {
    const site = this.#sites.get(key) ?? this.#newSite(key)
    this.#idle.delete(key)
    site.waiting.push(job)
    this.#size += 1
    this.#arrange(site, now)
  }

  /** Jobs to begin now, one of each site in turn. @param limit how many at most */
  take(now: number, limit = Infinity): Job[] {
    this.#ring(now)
    this.#forget(now)
    this.#letIn()
    const jobs: Job[] = []
    while (jobs.length < limit) {
      const site = this.#line.shift() ?? this.#fromBesideLine()
      if (!site) break
      if (!site.pacing.isProven && this.#unproven >= MAX_UNPROVEN) {
        this.#besideLine.push(site)
        continue
      }
      site.isInLine = false
      const job = site.pacing.startableAt(site.active, now) <= now ? site.waiting.shift() : undefined
      if (job !== undefined) {
        jobs.push(job)
        this.#begin(site, now)
      }
      this.#arrange(site, now)
    }
    return jobs
  }

  /** A job of this site that was taken has ended. @throws when none was taken: a bug */
  done(key: string, signal: Signal, now: number): void {
    const site = this.#sites.get(key)
    if (!site || site.active === 0) throw new Error(`no job of ${key} is under way`)
    site.active -= 1
    this.#active -= 1
    site.pacing.ended(signal, site.active, now)
    this.#countUnproven(site, site.pacing.isProven ? 0 : Math.max(0, site.unproven - 1))
    this.#arrange(site, now)
    this.#restIfIdle(site, now)
  }

  /** All waiting jobs of a site, which are the caller's again: those of a blocked site belong into the store, not into memory. */
  drain(key: string, now: number): Job[] {
    const site = this.#sites.get(key)
    if (!site) return []
    const jobs: Job[] = []
    for (let job = site.waiting.shift(); job !== undefined; job = site.waiting.shift()) jobs.push(job)
    this.#size -= jobs.length
    this.#restIfIdle(site, now)
    return jobs
  }

  /** How many more jobs of this site are worth holding; 0 while it is blocked. */
  room(key: string, now: number): number {
    const site = this.#sites.get(key)
    if (!site) return HELD_PER_PLACE * firstWindow(this.#limits(key))
    if (site.pacing.blockedUntil(now) !== null) return 0
    return Math.max(0, HELD_PER_PLACE * site.pacing.window - site.waiting.size)
  }

  /** Epoch milliseconds; null: not blocked. */
  blockedUntil(key: string, now: number): number | null {
    return this.#sites.get(key)?.pacing.blockedUntil(now) ?? null
  }

  /**
   * When a rate or the end of a block lets something begin, in memory or in the store; null: nothing does. It may be early, never late.
   * What needs no such moment is had by a `take` after each `offer` and `done`.
   */
  nextWakeAt(now: number): number | null {
    const { nextAt } = this.#alarms
    return nextAt === undefined ? null : Math.max(now, Math.min(nextAt, now + LONGEST_BLOCK_MS))
  }

  /** Every site that is known, for display. */
  states(now: number): SiteState[] {
    return [...this.#sites.values()].map(({ key, pacing, active, waiting }) => ({
      site: key,
      window: pacing.window,
      perSecond: pacing.perSecond,
      active,
      waiting: waiting.size,
      blockedUntil: pacing.blockedUntil(now),
      reason: pacing.reason,
    }))
  }

  #newSite(key: string): Site<Job> {
    const pacing = new SitePacing(this.#limits(key), blocks => this.#chance(`block ${blocks} ${key}`))
    const site: Site<Job> = { key, pacing, waiting: new Fifo(), active: 0, unproven: 0, isInLine: false, alarmAt: Infinity }
    this.#sites.set(key, site)
    return site
  }

  #begin(site: Site<Job>, now: number): void {
    site.active += 1
    site.pacing.started(now)
    this.#size -= 1
    this.#active += 1
    if (!site.pacing.isProven) this.#countUnproven(site, site.unproven + 1)
  }

  #countUnproven(site: Site<Job>, count: number): void {
    this.#unproven += count - site.unproven
    site.unproven = count
  }

  /** As many sites from beside the line as there are attempts left for unproven ones, so that they have their turns with the others. */
  #letIn(): void {
    for (let left = MAX_UNPROVEN - this.#unproven; left > 0; left -= 1) {
      const site = this.#besideLine.shift()
      if (!site) return
      this.#line.push(site)
    }
  }

  #fromBesideLine(): Site<Job> | undefined {
    return this.#unproven < MAX_UNPROVEN ? this.#besideLine.shift() : undefined
  }

  /** Puts a site where it belongs after a change: in line, on the alarm list, or nowhere until one of its jobs is done. */
  #arrange(site: Site<Job>, now: number): void {
    if (site.isInLine) return
    const at = site.waiting.size > 0 ? site.pacing.startableAt(site.active, now) : site.pacing.blockedUntil(now)
    if (at === null || at === Infinity) return
    if (at <= now) {
      site.isInLine = true
      this.#line.push(site)
    } else if (at < site.alarmAt) {
      site.alarmAt = at
      this.#alarms.set(at, site)
    }
  }

  /** Alarms that are due; all of them after the clock was set back by more than any block lasts. */
  #ring(now: number): void {
    for (let at = this.#alarms.nextAt; at !== undefined && (at <= now || at > now + LONGEST_BLOCK_MS); at = this.#alarms.nextAt) {
      const alarm = this.#alarms.take()
      // An alarm that was replaced by an earlier one, or whose site was forgotten, says nothing.
      if (!alarm || alarm.value.alarmAt !== alarm.at) continue
      alarm.value.alarmAt = Infinity
      this.#arrange(alarm.value, now)
    }
  }

  #restIfIdle({ key, pacing, active, waiting }: Site<Job>, now: number): void {
    if (active > 0 || waiting.size > 0) return
    this.#idle.delete(key)
    this.#idle.set(key, pacing.blockedUntil(now) ?? now)
  }

  #forget(now: number): void {
    for (const [key, since] of this.#idle) {
      if (this.#idle.size <= MAX_IDLE && since + IDLE_MS > now) return
      this.#idle.delete(key)
      const site = this.#sites.get(key)
      if (site) site.alarmAt = Infinity
      this.#sites.delete(key)
    }
  }
}
