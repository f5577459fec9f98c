import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Alarms } from '../../../src/delivery/alarms.ts'
import { Fifo } from '../../../src/delivery/fifo.ts'
import { LONGEST_BLOCK_MS, SitePacing } from '../../../src/delivery/pacing.ts'
import { Scheduler } from '../../../src/delivery/scheduler.ts'
import type { SiteLimits } from '../../../src/delivery/shaping.ts'
import type { Signal } from '../../../src/delivery/signal.ts'

const T0 = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const working: Signal = { kind: 'working', reason: '' }
const failing: Signal = { kind: 'failing', reason: '421 busy' }
const throttling: Signal = { kind: 'throttling', reason: '421 slower' }

interface Job {
  readonly site: string
  readonly number: number
}

const scheduler = (limits: Partial<SiteLimits> = {}): Scheduler<Job> =>
  new Scheduler({ chance: () => 0, limits: () => ({ concurrency: 20, perConnection: null, perSecond: null, ...limits }) })

function offer(to: Scheduler<Job>, site: string, count: number, now = T0): void {
  for (let number = 0; number < count; number += 1) to.offer(site, { site, number }, now)
}
const shown = (jobs: readonly Job[]): string[] => jobs.map(({ site, number }) => `${site}${number}`)

/** A site that was just blocked until T0 + 10 s, with nothing in memory. */
function block(to: Scheduler<Job>, site: string, now = T0): void {
  offer(to, site, 1, now)
  to.take(now)
  to.done(site, throttling, now)
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('taking', () => {
  test('sites take turns, and each keeps the order of its jobs', () => {
    const s = scheduler()
    offer(s, 'a', 4)
    offer(s, 'b', 2)
    offer(s, 'c', 1)
    expect(shown(s.take(T0))).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'a3'])
    expect([s.size, s.active]).toEqual([0, 7])
  })

  test('a site never has more under way than its window; each end lets the next begin', () => {
    const s = scheduler({ concurrency: 2 })
    offer(s, 'a', 5)
    expect(shown(s.take(T0))).toEqual(['a0'])
    expect(s.take(T0)).toEqual([])
    expect(s.nextWakeAt(T0)).toBeNull()
    s.done('a', working, T0)
    expect(shown(s.take(T0))).toEqual(['a1', 'a2'])
    expect(s.nextWakeAt(T0)).toBeNull()
    s.done('a', working, T0)
    expect(shown(s.take(T0))).toEqual(['a3'])
    expect([s.size, s.active]).toEqual([1, 2])
  })

  test('a limit ends a round in the middle; the next round goes on there', () => {
    const s = scheduler()
    for (const site of ['a', 'b', 'c']) offer(s, site, 2)
    expect(shown(s.take(T0, 2))).toEqual(['a0', 'b0'])
    expect(s.take(T0, 0)).toEqual([])
    expect(shown(s.take(T0, 3))).toEqual(['c0', 'a1', 'b1'])
    expect(shown(s.take(T0, 9))).toEqual(['c1'])
  })

  test('a rate is kept, and the next wake is when the next job may begin', () => {
    const s = scheduler({ perSecond: 1 })
    offer(s, 'a', 4)
    const starts: number[] = []
    let now = T0
    for (let round = 0; round < 4; round += 1) {
      for (const _ of s.take(now)) {
        starts.push(now - T0)
        s.done('a', working, now)
      }
      now = s.nextWakeAt(now) ?? now
    }
    expect(starts).toEqual([0, 900, 1900, 2900])
  })

  test('an end that nobody began is a bug', () => {
    const s = scheduler()
    offer(s, 'a', 1)
    expect(() => s.done('a', working, T0)).toThrow('no job of a is under way')
    expect(() => s.done('b', working, T0)).toThrow('no job of b is under way')
  })
})

describe('a blocked site', () => {
  test('starts nothing until its block ends, then one probe; drained, its jobs are the caller’s again', () => {
    const s = scheduler()
    block(s, 'dead')
    expect(s.blockedUntil('dead', T0)).toBe(T0 + 10_000)
    expect(s.room('dead', T0)).toBe(0)
    offer(s, 'dead', 5)
    offer(s, 'live', 1)
    expect(shown(s.take(T0))).toEqual(['live0'])
    s.done('live', working, T0)
    expect(s.nextWakeAt(T0)).toBe(T0 + 10_000)
    expect(s.take(T0 + 9_999)).toEqual([])
    expect(shown(s.take(T0 + 10_000))).toEqual(['dead0'])
    s.done('dead', failing, T0 + 10_000)
    expect(s.blockedUntil('dead', T0 + 10_000)).toBe(T0 + 30_000)
    expect(shown(s.drain('dead', T0 + 10_000))).toEqual(['dead1', 'dead2', 'dead3', 'dead4'])
    expect([s.size, s.active]).toEqual([0, 0])
    expect(s.drain('dead', T0 + 10_000)).toEqual([])
    expect(s.drain('unknown', T0)).toEqual([])
  })

  test('its end is a moment to wake at though nothing waits in memory: the store may have something', () => {
    const s = scheduler()
    block(s, 'dead')
    expect(s.nextWakeAt(T0)).toBe(T0 + 10_000)
    expect(s.take(T0 + 10_000)).toEqual([])
    expect(s.nextWakeAt(T0 + 10_000)).toBeNull()
    expect(s.room('dead', T0 + 10_000)).toBe(4)
    expect(s.blockedUntil('dead', T0 + 10_000)).toBeNull()
  })

  test('a clock that is set back by a day neither keeps it closed nor lets it be forgotten in line', () => {
    const s = scheduler()
    block(s, 'dead')
    offer(s, 'dead', 1)
    const yesterday = T0 - 24 * HOUR
    expect(s.nextWakeAt(yesterday)).toBeLessThanOrEqual(yesterday + LONGEST_BLOCK_MS)
    const later = s.nextWakeAt(yesterday) ?? 0
    const wakes = [yesterday, yesterday + 60_000, later]
    expect(wakes.flatMap(now => shown(s.take(now)))).toEqual(['dead0'])
  })
})

describe('100,000 jobs for a dead site', () => {
  test('take no step from the jobs of a living one', () => {
    const s = scheduler()
    block(s, 'dead')
    offer(s, 'dead', 100_000)
    const steps = vi.spyOn(SitePacing.prototype, 'startableAt')
    for (let number = 0; number < 1_000; number += 1) {
      s.offer('live', { site: 'live', number }, T0)
      expect(s.take(T0)).toEqual([{ site: 'live', number }])
      s.done('live', working, T0)
    }
    expect(steps.mock.calls.length).toBeLessThanOrEqual(5_000)
    expect(s.size).toBe(100_000)
  })

  test('nor while they time out: the dead site has its window at most, the living one starts at once', () => {
    const s = scheduler()
    offer(s, 'dead', 100_000)
    s.take(T0)
    const steps = vi.spyOn(SitePacing.prototype, 'startableAt')
    for (let number = 0; number < 1_000; number += 1) {
      s.offer('live', { site: 'live', number }, T0)
      expect(s.take(T0)).toEqual([{ site: 'live', number }])
      s.done('live', working, T0)
    }
    expect(steps.mock.calls.length).toBeLessThanOrEqual(5_000)
    expect(s.states(T0).map(({ site, active, waiting }) => [site, active, waiting])).toEqual([
      ['dead', 5, 99_995],
      ['live', 0, 0],
    ])
  })
})

describe('a thousand dead sites', () => {
  test('take 200 attempts between them, so that proven sites go on and new ones come in as theirs end', () => {
    const s = scheduler()
    offer(s, 'live', 1)
    s.take(T0)
    s.done('live', working, T0)
    for (let index = 0; index < 1_000; index += 1) offer(s, `dead${index}`, 2)
    expect(s.take(T0)).toHaveLength(200)
    expect(s.nextWakeAt(T0)).toBeNull()
    offer(s, 'live', 3)
    offer(s, 'new', 1)
    const steps = vi.spyOn(SitePacing.prototype, 'startableAt')
    expect(shown(s.take(T0))).toEqual(['live0', 'live1', 'live2'])
    expect(steps.mock.calls.length).toBeLessThan(20)
    for (let index = 0; index < 200; index += 1) s.done(`dead${index}`, failing, T0 + 60_000)
    const started = new Set<string>()
    for (let round = 0; round < 10 && !started.has('new'); round += 1) {
      for (const { site } of s.take(T0 + 60_000)) {
        started.add(site)
        s.done(site, failing, T0 + 60_000)
      }
    }
    expect(started.has('new')).toBe(true)
  })

  test('what they hold is given free when one of them works, and when it is blocked it counts again', () => {
    const s = scheduler()
    for (let index = 0; index < 50; index += 1) offer(s, `site${index}`, 5)
    expect(s.take(T0)).toHaveLength(200)
    s.done('site0', working, T0)
    // Its four no longer count, and it is itself free of the limit.
    const next = s.take(T0).map(({ site }) => site)
    expect(next.filter(site => site === 'site0')).toHaveLength(1)
    expect(next.filter(site => site !== 'site0')).toHaveLength(4)
    for (let count = 0; count < 3; count += 1) s.done('site0', failing, T0)
    expect(s.blockedUntil('site0', T0)).toBe(T0 + 10_000)
    s.done('site0', failing, T0)
    offer(s, 'site0', 1)
    expect(s.take(T0 + 10_000)).toEqual([])
    s.done('site1', failing, T0 + 10_000)
    expect(s.take(T0 + 10_000)).toHaveLength(1)
  })
})

describe('memory', () => {
  test('room is four for each place of the window, less what waits, so a slow site never fills memory', () => {
    const s = scheduler()
    expect(s.room('a', T0)).toBe(20)
    let held = 0
    while (s.room('a', T0) > 0) {
      offer(s, 'a', 1)
      held += 1
    }
    expect(held).toBe(20)
    expect(s.take(T0)).toHaveLength(5)
    expect(s.room('a', T0)).toBe(5)
    for (let count = 0; count < 5; count += 1) s.done('a', working, T0)
    expect(s.room('a', T0)).toBe(25)
    offer(s, 'a', 100)
    expect(s.room('a', T0)).toBe(0)
  })

  test('10,000 idle sites cost a take nothing, and are forgotten after an hour', () => {
    const s = scheduler()
    for (let index = 0; index < 10_000; index += 1) {
      offer(s, `site${index}`, 1)
      s.take(T0)
      s.done(`site${index}`, working, T0)
    }
    const steps = vi.spyOn(SitePacing.prototype, 'startableAt')
    expect(s.take(T0 + HOUR - 1)).toEqual([])
    expect(steps).not.toHaveBeenCalled()
    expect(s.states(T0)).toHaveLength(10_000)
    offer(s, 'site7', 1, T0 + HOUR - 1)
    s.take(T0 + HOUR)
    expect(s.states(T0 + HOUR).map(({ site }) => site)).toEqual(['site7'])
    s.done('site7', working, T0 + HOUR)
    s.take(T0 + 3 * HOUR)
    expect(s.states(T0 + 3 * HOUR)).toEqual([])
  })

  test('of endless destinations the latest 10,000 are remembered, blocked or not', () => {
    const s = scheduler()
    for (let index = 0; index < 30_000; index += 1) {
      const site = `site${index}`
      offer(s, site, 1, T0 + index)
      s.take(T0 + index)
      s.done(site, index % 2 === 0 ? working : throttling, T0 + index)
    }
    s.take(T0 + 30_000)
    const known = s.states(T0 + 30_000)
    expect(known).toHaveLength(10_000)
    expect(known[0]?.site).toBe('site20000')
  })

  test('what a blocked site taught is kept while it is blocked', () => {
    const s = scheduler()
    let now = T0
    block(s, 'dead', now)
    for (let round = 0; round < 10; round += 1) {
      now = s.blockedUntil('dead', now) ?? now
      block(s, 'dead', now)
    }
    expect(s.blockedUntil('dead', now)).toBe(now + HOUR / 2)
    s.take(now + HOUR)
    expect(s.states(now)).toHaveLength(1)
    s.take(now + 1.5 * HOUR)
    expect(s.states(now)).toHaveLength(0)
  })
})

test('states say what a person wants to know', () => {
  const s = scheduler()
  offer(s, 'a', 12)
  s.take(T0)
  s.done('a', throttling, T0)
  expect(s.states(T0)).toEqual([
    { site: 'a', window: 1, perSecond: 2.5, active: 4, waiting: 7, blockedUntil: T0 + 10_000, reason: '421 slower' },
  ])
})

test('the jitter of a block is asked for by site and count', () => {
  const keys: string[] = []
  const s = new Scheduler<Job>({
    chance: key => {
      keys.push(key)
      return 0.5
    },
  })
  block(s, 'google')
  expect(keys).toEqual(['block 1 google'])
  expect(s.blockedUntil('google', T0)).toBe(T0 + 11_000)
  expect(s.room('relay mail.test:25', T0)).toBe(20)
  expect(s.room('united-internet', T0)).toBe(4)
})

test('whatever happens, every job is taken or drained once, in the order of its site, and what may start is found by its wake', () => {
  const sites = ['a', 'b', 'c']
  const step = fc.oneof(
    fc.record({ kind: fc.constant('offer' as const), site: fc.constantFrom(...sites) }),
    fc.record({ kind: fc.constant('take' as const), limit: fc.integer({ min: 0, max: 8 }) }),
    fc.record({
      kind: fc.constant('done' as const),
      site: fc.constantFrom(...sites),
      signal: fc.constantFrom<Signal>(working, failing, throttling, { kind: 'unrelated', reason: '' }),
    }),
    fc.record({ kind: fc.constant('drain' as const), site: fc.constantFrom(...sites) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: -5_000, max: 40_000 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const s = scheduler({ concurrency: 3 })
      let now = T0
      const offered: Record<string, number> = { a: 0, b: 0, c: 0 }
      const given: Record<string, number[]> = { a: [], b: [], c: [] }
      const active: Record<string, number> = { a: 0, b: 0, c: 0 }
      const give = (jobs: readonly Job[]): void => {
        for (const { site, number } of jobs) given[site]?.push(number)
      }
      const take = (limit: number): number => {
        const jobs = s.take(now, limit)
        give(jobs)
        for (const { site } of jobs) active[site] = (active[site] ?? 0) + 1
        return jobs.length
      }
      for (const one of steps) {
        if (one.kind === 'offer') {
          s.offer(one.site, { site: one.site, number: offered[one.site] ?? 0 }, now)
          offered[one.site] = (offered[one.site] ?? 0) + 1
        } else if (one.kind === 'take') take(one.limit)
        else if (one.kind === 'drain') give(s.drain(one.site, now))
        else if (one.kind === 'pass') now += one.ms
        else if ((active[one.site] ?? 0) > 0) {
          active[one.site] = (active[one.site] ?? 0) - 1
          s.done(one.site, one.signal, now)
        }
        if (Object.values(active).some(count => count > 3)) return false
      }
      // To the end, led by the wakes alone.
      for (let round = 0; round < 10_000 && s.size + s.active > 0; round += 1) {
        for (const site of sites) for (; (active[site] ?? 0) > 0; active[site] = (active[site] ?? 0) - 1) s.done(site, working, now)
        if (take(Infinity) > 0) continue
        const wakeAt = s.nextWakeAt(now)
        if (s.size > 0 && wakeAt === null) return false
        now = Math.max(now + 1, wakeAt ?? now)
      }
      return (
        s.size === 0 &&
        s.active === 0 &&
        sites.every(site => given[site]?.every((number, index) => number === index) && given[site]?.length === offered[site])
      )
    }),
  )
})

test('alarms ring in order of time, a queue gives what came first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), moments => {
      const alarms = new Alarms<number>()
      const fifo = new Fifo<number>()
      for (const at of moments) {
        alarms.set(at, at * 2)
        fifo.push(at)
      }
      const rung: number[] = []
      for (let alarm = alarms.take(); alarm; alarm = alarms.take()) {
        if (alarm.value !== alarm.at * 2) return false
        rung.push(alarm.at)
      }
      const passed: number[] = []
      for (let value = fifo.shift(); value !== undefined; value = fifo.shift()) passed.push(value)
      const sorted = [...moments].sort((a, b) => a - b)
      return alarms.nextAt === undefined && fifo.size === 0 && `${rung}` === `${sorted}` && `${passed}` === `${moments}`
    }),
  )
})
