import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DeadlineClock, type Timed } from '../../../src/wire/deadline-clock.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Moves its deadline away when it is told. */
function wait(deadlineAt: number) {
  const told: number[] = []
  const timed: Timed & { deadlineAt: number } = {
    deadlineAt,
    expire() {
      told.push(performance.now())
      timed.deadlineAt = Number.POSITIVE_INFINITY
    },
  }
  return { timed, told }
}

test('what is overdue is told so once, at most a tick late, and nobody else is', () => {
  const clock = new DeadlineClock(100)
  const start = performance.now()
  const [first, second, never] = [wait(start + 150), wait(start + 420), wait(Number.POSITIVE_INFINITY)]
  for (const { timed } of [first, second, never]) clock.watch(timed)
  vi.advanceTimersByTime(1_000)
  expect([first, second, never].map(({ told }) => told.map(at => at - start))).toEqual([[200], [500], []])
})

test('a deadline that moves in time is not missed at its old place', () => {
  const clock = new DeadlineClock(100)
  const start = performance.now()
  const { timed, told } = wait(start + 150)
  clock.watch(timed)
  vi.advanceTimersByTime(100)
  timed.deadlineAt = start + 850
  vi.advanceTimersByTime(700)
  expect(told).toEqual([])
  vi.advanceTimersByTime(100)
  expect(told).toEqual([start + 900])
})

test('nothing watched, no timer; and it starts again', () => {
  const clock = new DeadlineClock(100)
  const { timed, told } = wait(performance.now() + 150)
  clock.watch(timed)
  clock.forget(timed)
  vi.advanceTimersByTime(500)
  expect(told).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
  clock.watch(timed)
  vi.advanceTimersByTime(100)
  expect(told).toHaveLength(1)
})

test('one that goes away while others are told is not told any more', () => {
  const clock = new DeadlineClock(100)
  const start = performance.now()
  const second = wait(start + 50)
  const first: Timed = { deadlineAt: start + 50, expire: () => clock.forget(second.timed) }
  clock.watch(first)
  clock.watch(second.timed)
  vi.advanceTimersByTime(100)
  expect(second.told).toEqual([])
})
