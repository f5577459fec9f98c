import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Outage } from '../../../src/base/outage.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => void vi.useRealTimers())

const SECOND = 1_000
function openOutage() {
  const said: string[] = []
  const outage = new Outage({ warn: text => said.push(text), what: 'mail is refused', over: 'mail is taken again', now: Date.now })
  return { said, outage, fail: () => outage.failed('disk full') }
}

test('says that it begins, once a minute how often it was, and that it is over', () => {
  const { said, outage, fail } = openOutage()
  outage.worked()
  for (let i = 0; i < 5_900; i += 1) {
    fail()
    vi.advanceTimersByTime(10)
  }
  expect(said).toEqual(['mail is refused: disk full'])
  vi.advanceTimersByTime(1 * SECOND)
  for (let i = 0; i < 100; i += 1) fail()
  expect(said.splice(0)).toEqual(['mail is refused: disk full', 'mail is refused, 5900 times more: disk full'])
  outage.worked()
  outage.worked()
  expect(said).toEqual([])
  vi.advanceTimersByTime(60 * SECOND)
  expect(said.splice(0)).toEqual(['mail is taken again: it failed 6000 times in 60 s'])
  fail()
  expect(said).toEqual(['mail is refused: disk full'])
})

test('what fails every other time is no end and no beginning each time', () => {
  const { said, outage, fail } = openOutage()
  for (let i = 0; i < 200; i += 1) {
    fail()
    outage.worked()
    vi.advanceTimersByTime(i % 20 === 0 ? 6 * SECOND : SECOND)
  }
  // 250 s: it was over every 25 s, and said so only where its beginning was said.
  expect(said.length).toBeLessThanOrEqual(2 * 5)
  expect(said.filter(text => text.startsWith('mail is refused')).length).toBeGreaterThanOrEqual(4)
})
