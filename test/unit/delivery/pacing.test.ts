import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONGEST_BLOCK_MS, SitePacing } from '../../../src/delivery/pacing.ts'
import type { SiteLimits } from '../../../src/delivery/shaping.ts'
import type { Signal } from '../../../src/delivery/signal.ts'

const T0 = Date.UTC(2026, 0, 1)
const LIMITS: SiteLimits = { concurrency: 20, perConnection: null, perSecond: null }
const working: Signal = { kind: 'working', reason: '' }
const unrelated: Signal = { kind: 'unrelated', reason: '' }
const failing: Signal = { kind: 'failing', reason: '421 busy' }
const throttling: Signal = { kind: 'throttling', reason: '421 4.7.28 slower' }

const paced = (limits: Partial<SiteLimits> = {}, chance: (blocks: number) => number = () => 0): SitePacing =>
  new SitePacing({ ...LIMITS, ...limits }, chance)

/** Attempts one after the other, each begun and ended at once. */
function hear(pacing: SitePacing, now: number, ...signals: readonly Signal[]): void {
  for (const signal of signals) {
    pacing.started(now)
    pacing.ended(signal, 0, now)
  }
}

describe('the window', () => {
  test('begins at a quarter of its limit and grows by one with each success up to the limit', () => {
    const pacing = paced({ concurrency: 8 })
    const seen = [pacing.window]
    for (let count = 0; count < 8; count += 1) {
      hear(pacing, T0, working)
      seen.push(pacing.window)
    }
    expect(seen).toEqual([2, 3, 4, 5, 6, 7, 8, 8, 8])
    expect([1, 3, 4, 10, 20].map(concurrency => paced({ concurrency }).window)).toEqual([1, 1, 1, 2, 5])
  })

  test('one session that breaks halves it; then it grows by one with each window of successes', () => {
    const pacing = paced({ concurrency: 10 })
    hear(pacing, T0, ...Array(8).fill(working), failing)
    expect(pacing.window).toBe(5)
    expect(pacing.blockedUntil(T0)).toBeNull()
    hear(pacing, T0, ...Array(4).fill(working))
    expect(pacing.window).toBe(5)
    hear(pacing, T0, working)
    expect(pacing.window).toBe(6)
    hear(pacing, T0, ...Array(6 + 7 + 8 + 9).fill(working))
    expect(pacing.window).toBe(10)
    hear(pacing, T0, ...Array(100).fill(working))
    expect(pacing.window).toBe(10)
  })

  test('attempts that were under way when it was halved tell the same news and do not halve it again', () => {
    const pacing = paced({ concurrency: 20 })
    hear(pacing, T0, ...Array(15).fill(working))
    expect(pacing.window).toBe(20)
    for (let index = 0; index < 20; index += 1) pacing.started(T0)
    pacing.ended(failing, 19, T0)
    pacing.ended(working, 18, T0)
    pacing.ended(failing, 17, T0)
    pacing.ended(working, 16, T0)
    pacing.ended(failing, 15, T0)
    expect(pacing.window).toBe(10)
    for (let active = 14; active >= 0; active -= 1) pacing.ended(working, active, T0)
    const before = pacing.window
    hear(pacing, T0, failing)
    expect(pacing.window).toBe(Math.floor(before / 2))
  })

  test('never falls below one', () => {
    const pacing = paced()
    for (let round = 0; round < 20; round += 1) hear(pacing, T0, working, failing)
    expect(pacing.window).toBe(1)
    expect(pacing.startableAt(0, T0)).toBe(T0)
    expect(pacing.startableAt(1, T0)).toBe(Infinity)
  })

  test('what says nothing about the site changes nothing, however often', () => {
    const pacing = paced()
    hear(pacing, T0, ...Array(1_000).fill(unrelated))
    expect([pacing.window, pacing.blockedUntil(T0), pacing.perSecond, pacing.reason]).toEqual([5, null, null, null])
  })
})

describe('blocks', () => {
  test('three failures in a row block for ten seconds; a success between them does not let it come to that', () => {
    const pacing = paced()
    hear(pacing, T0, failing, failing, working, failing, failing)
    expect(pacing.blockedUntil(T0)).toBeNull()
    hear(pacing, T0, failing)
    expect(pacing.blockedUntil(T0)).toBe(T0 + 10_000)
    expect(pacing.startableAt(0, T0)).toBe(T0 + 10_000)
    expect(pacing.reason).toBe('421 busy')
  })

  test('after a block one attempt probes; while it fails, blocks double up to half an hour', () => {
    const pacing = paced()
    hear(pacing, T0, failing, failing, failing)
    const lengths: number[] = []
    let now = T0
    for (let round = 0; round < 12; round += 1) {
      const until = pacing.blockedUntil(now)
      if (until === null) throw new Error('not blocked')
      lengths.push((until - now) / 1000)
      now = until
      expect(pacing.blockedUntil(now)).toBeNull()
      expect(pacing.startableAt(0, now)).toBe(now)
      expect(pacing.startableAt(1, now)).toBe(Infinity)
      // Even a probe that takes five minutes to fail is no sign of life.
      now += round * 30_000
      hear(pacing, now, failing)
    }
    expect(lengths).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800, 1800])
  })

  test('a probe that succeeds opens the site, slowly above half of the former window', () => {
    const pacing = paced()
    hear(pacing, T0, ...Array(5).fill(working), failing)
    hear(pacing, T0, failing, failing)
    const now = T0 + 10_000
    expect(pacing.blockedUntil(now)).toBeNull()
    expect(pacing.window).toBe(1)
    const seen: number[] = []
    for (let count = 0; count < 6; count += 1) {
      hear(pacing, now, working)
      seen.push(pacing.window)
    }
    expect(seen).toEqual([2, 2, 3, 3, 3, 4])
  })

  test('a probe that says nothing leaves one place for the next', () => {
    const pacing = paced()
    hear(pacing, T0, failing, failing, failing)
    const now = T0 + 10_000
    hear(pacing, now, unrelated)
    expect(pacing.startableAt(0, now)).toBe(now)
    expect(pacing.window).toBe(1)
    hear(pacing, now, failing)
    expect(pacing.blockedUntil(now)).toBe(now + 20_000)
  })

  test('a site is proven by working, and no more once it is blocked', () => {
    const pacing = paced()
    expect(pacing.isProven).toBe(false)
    hear(pacing, T0, unrelated)
    expect(pacing.isProven).toBe(false)
    hear(pacing, T0, working, failing)
    expect(pacing.isProven).toBe(true)
    hear(pacing, T0, failing, failing)
    expect(pacing.isProven).toBe(false)
    hear(pacing, T0 + 10_000, working)
    expect(pacing.isProven).toBe(true)
  })

  test('what ends during a block makes it neither longer nor shorter', () => {
    const pacing = paced()
    for (let index = 0; index < 5; index += 1) pacing.started(T0)
    for (const active of [4, 3, 2]) pacing.ended(failing, active, T0)
    pacing.ended(failing, 1, T0 + 1_000)
    pacing.ended(working, 0, T0 + 2_000)
    expect(pacing.blockedUntil(T0 + 2_000)).toBe(T0 + 10_000)
    expect(pacing.window).toBe(1)
  })

  test('a site that worked for longer than twice the last block begins anew with a short one, sooner with a longer one', () => {
    const blockAfter = (quietMs: number): number => {
      const pacing = paced()
      hear(pacing, T0, throttling)
      const now = T0 + 10_000 + quietMs
      hear(pacing, now, working, throttling)
      return (pacing.blockedUntil(now) ?? 0) - now
    }
    expect(blockAfter(20_000)).toBe(20_000)
    expect(blockAfter(20_001)).toBe(10_000)
  })

  test('jitter adds up to a fifth, by what chance says for this block', () => {
    const asked: number[] = []
    const pacing = paced({}, blocks => {
      asked.push(blocks)
      return 0.5
    })
    hear(pacing, T0, throttling)
    expect(pacing.blockedUntil(T0)).toBe(T0 + 11_000)
    hear(pacing, T0 + 11_000, throttling)
    expect(pacing.blockedUntil(T0 + 11_000)).toBe(T0 + 11_000 + 22_000)
    expect(asked).toEqual([1, 2])
  })

  test('a clock that is set back by a day does not close a site for a day', () => {
    const pacing = paced()
    hear(pacing, T0, throttling)
    const yesterday = T0 - 86_400_000
    expect(pacing.blockedUntil(yesterday)).toBeNull()
    expect(pacing.startableAt(0, yesterday)).toBeLessThanOrEqual(yesterday + 60_000)
  })
})

describe('the rate', () => {
  test('a published one is kept: starts may bunch within a tenth of a second and no more', () => {
    const pacing = paced({ perSecond: 10 })
    const starts: number[] = []
    for (let now = T0; now < T0 + 10_000; now += 5) {
      if (pacing.startableAt(0, now) > now) continue
      pacing.started(now)
      starts.push(now)
    }
    expect(starts.length).toBeGreaterThanOrEqual(99)
    expect(starts.length).toBeLessThanOrEqual(102)
    expect(pacing.perSecond).toBe(10)
  })

  test('what is not limited is never late', () => {
    const pacing = paced()
    for (let count = 0; count < 10_000; count += 1) pacing.started(T0)
    expect(pacing.startableAt(0, T0)).toBe(T0)
  })

  test('"slower" blocks at once and halves the rate at which we were sending', () => {
    const pacing = paced({ concurrency: 1 })
    // 20 a second for 30 seconds.
    for (let now = T0; now < T0 + 30_000; now += 50) hear(pacing, now, working)
    const now = T0 + 30_000
    hear(pacing, now, throttling)
    expect(pacing.blockedUntil(now)).toBe(now + 10_000)
    expect(pacing.reason).toBe('421 4.7.28 slower')
    expect(pacing.perSecond).toBeCloseTo(10, 0)
    const open = now + 10_000
    expect(pacing.startableAt(0, open)).toBe(open)
    hear(pacing, open, working)
    const next = pacing.startableAt(0, open + 1)
    expect(next).toBeGreaterThanOrEqual(open)
    hear(pacing, open + 1, working)
    expect(pacing.startableAt(0, open + 1)).toBeGreaterThan(open + 50)
  })

  test('success brings it back little by little until it is no limit any more', () => {
    const pacing = paced()
    hear(pacing, T0, throttling)
    const slow = pacing.perSecond
    expect(slow).toBe(0.5)
    let successes = 0
    for (let now = T0 + 10_000; pacing.perSecond !== null; now += 1_000) {
      hear(pacing, now, working)
      successes += 1
      if (successes > 1_000) break
    }
    // 0.5 × 1.05^n ≥ 200
    expect(successes).toBe(123)
  })

  test('a published rate is where it ends', () => {
    const pacing = paced({ perSecond: 2 })
    hear(pacing, T0, throttling)
    expect(pacing.perSecond).toBe(0.5)
    hear(pacing, T0 + 60_000, ...Array(100).fill(working))
    expect(pacing.perSecond).toBe(2)
  })

  test('never falls below one start a minute', () => {
    const pacing = paced()
    let now = T0
    for (let round = 0; round < 50; round += 1) {
      hear(pacing, now, throttling)
      now = pacing.blockedUntil(now) ?? now
    }
    expect(pacing.perSecond).toBeCloseTo(1 / 60)
    expect(pacing.startableAt(0, now)).toBeLessThanOrEqual(now + 60_000)
  })
})

test('whatever is heard, the window stays within its limits, and a site always opens again within the longest block', () => {
  const signals = fc.constantFrom(working, failing, throttling, unrelated)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(signals, fc.integer({ min: -10_000, max: 100_000 })), { maxLength: 300 }),
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.integer({ min: 1, max: 500 }), { nil: null }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (heard, concurrency, perSecond, chance) => {
        const pacing = paced({ concurrency, perSecond }, () => chance)
        let now = T0
        let active = 0
        for (const [signal, stepMs] of heard) {
          now += stepMs
          while (pacing.startableAt(active, now) <= now && active < 50) {
            pacing.started(now)
            active += 1
            if (perSecond === null && active >= pacing.window) break
          }
          if (active > 0) {
            active -= 1
            pacing.ended(signal, active, now)
          }
          if (pacing.window < 1 || pacing.window > concurrency) return false
          const opensAt = pacing.startableAt(0, now)
          if (opensAt > now + LONGEST_BLOCK_MS) return false
          if (pacing.perSecond !== null && (pacing.perSecond < 1 / 61 || (perSecond !== null && pacing.perSecond > perSecond))) return false
        }
        return true
      },
    ),
  )
})
