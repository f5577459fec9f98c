/** How a figure is judged and shown, and that the bench refuses a name it does not know. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { amount, asJson, asMarkdown, asText, held, median } from '../../bench/figures.mjs'

const fast = { name: 'messages a second', value: 3.2, unit: '×', goal: 3, better: 'more', detail: '712 ÷ 222 /s' }
const heavy = { name: 'CPU each', value: 0.4, unit: '×', goal: 1 / 3, better: 'less' }
const fact = { name: 'mailctl', value: 712.4, unit: '/s' }
const broken = { name: 'queue ended early', failed: 'not all arrived' }
const absent = { name: 'against Haraka', skipped: 'not asked for' }

test('a goal is held at the goal itself; without one nothing is judged', () => {
  expect([fast, heavy, fact, absent, broken].map(figure => held(figure))).toEqual([true, false, undefined, undefined, false])
  expect(held({ ...fast, value: 3 })).toBe(true)
  expect(held({ ...heavy, value: 1 / 3 })).toBe(true)
})

test('amounts have about three digits', () => {
  expect([0.333, 3, 12.34, 100, 712.4, -50.26].map(value => amount(value, 's'))).toEqual([
    '0.33 s',
    '3 s',
    '12.3 s',
    '100 s',
    '712 s',
    '-50.3 s',
  ])
})

test('the middle value, of two the greater', () => {
  expect([median([3, 1, 2]), median([1, 2])]).toEqual([2, 2])
})

test('one figure in three forms', () => {
  expect(asText(fast)).toMatch(/^ {2}messages a second {2,}3\.2 × {3}≥ 3 × {2,}held {2,}712 ÷ 222 \/s$/)
  expect(asText(heavy)).toContain('MISSED')
  const results = [{ bench: 'mail', figures: [fast, heavy, fact, absent, broken] }]
  expect(asMarkdown(results)).toBe(`### mail

| figure | value | goal |  | measured |
|---|---|---|---|---|
| messages a second | 3.2 × | ≥ 3 × | held | 712 ÷ 222 /s |
| CPU each | 0.4 × | ≤ 0.33 × | MISSED |  |
| mailctl | 712 /s |  |  |  |
| against Haraka | skipped |  |  | not asked for |
| queue ended early | failed |  | MISSED | not all arrived |
`)
  expect(asJson(results)).toEqual([
    { Bench: 'mail', Name: 'messages a second', Value: 3.2, Unit: '×', Goal: 3, Better: 'more', Held: true, Detail: '712 ÷ 222 /s' },
    { Bench: 'mail', Name: 'CPU each', Value: 0.4, Unit: '×', Goal: 1 / 3, Better: 'less', Held: false, Detail: '' },
    { Bench: 'mail', Name: 'mailctl', Value: 712.4, Unit: '/s', Detail: '' },
    { Bench: 'mail', Name: 'against Haraka', Skipped: 'not asked for' },
    { Bench: 'mail', Name: 'queue ended early', Failed: 'not all arrived' },
  ])
})

test('an unknown bench is wrong usage', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/run.mjs', 'speed'], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 64, stdout: '' })
  expect(stderr).toContain("there is no bench 'speed'")
})
