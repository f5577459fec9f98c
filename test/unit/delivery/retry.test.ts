import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { DELIVERY_PERIOD_MS, gaveUp, nextAttemptAt } from '../../../src/delivery/retry.ts'

const MINUTE = 60_000
const byDefault = loadConfig({ home: '/none' }, {}).settings.retry

/** The waits of a message that is never taken, in minutes. */
function waitsOf(waits: readonly number[], expiresAt: number): number[] {
  const found: number[] = []
  let now = 0
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttemptAt({ attempts, now, expiresAt, chance: 0, waits })
    if (next === null) return found
    found.push((next - now) / MINUTE)
    now = next
  }
}

test('without jitter the tries are 1, 5, 15, 30, 60, 120 minutes apart, then every two hours, and the last one at 14 hours', () => {
  const waits = waitsOf(byDefault, DELIVERY_PERIOD_MS)
  expect(waits).toEqual([1, 5, 15, 30, 60, 120, 120, 120, 120, 120, 120, 9])
  expect(waits.reduce((sum, wait) => sum + wait)).toBe(14 * 60)
})

test('a schedule of its own is followed, its last wait again and again', () => {
  expect(waitsOf([2 * MINUTE, MINUTE], 6 * MINUTE)).toEqual([2, 1, 1, 1, 1])
  expect(waitsOf([MINUTE], 2.5 * MINUTE)).toEqual([1, 1, 0.5])
})

test('the shortest delivery period of SES still has tries in it, the last one at its end', () => {
  expect(waitsOf(byDefault, 300_000)).toEqual([1, 4])
})

test('a try is always later than now, never later than expiry, and at most a tenth later than planned', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 10 ** 9 }),
      fc.integer({ min: 1, max: 10 ** 9 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      fc.array(fc.integer({ min: 1_000, max: 10 ** 8 }), { minLength: 1, maxLength: 20 }),
      (attempts, now, left, chance, waits) => {
        const question = { attempts, now, expiresAt: now + left, waits }
        const next = nextAttemptAt({ ...question, chance })
        const plain = nextAttemptAt({ ...question, chance: 0 })
        if (next === null || plain === null) return false
        return next > now && next <= now + left && next >= plain && next - now <= (plain - now) * 1.1 + 1
      },
    ),
  )
})

test('nothing is tried once the time is over', () => {
  expect(nextAttemptAt({ attempts: 3, now: 1_000, expiresAt: 1_000, chance: 0.5, waits: byDefault })).toBeNull()
})

test('giving up is 4.4.7 and failed, and keeps the last reply and the far side', () => {
  const remote = { name: 'mx.example.test', ip: '192.0.2.1' }
  expect(gaveUp({ action: 'delayed', status: '4.2.2', reply: '452 4.2.2 mailbox full', remote }, DELIVERY_PERIOD_MS)).toEqual({
    action: 'failed',
    status: '4.4.7',
    reply: '554 4.4.7 Message expired: unable to deliver in 840 minutes.<452 4.2.2 mailbox full>',
    remote,
  })
})
