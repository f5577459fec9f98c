import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BandwidthBucket, fullBucket, takeBandwidth } from '../../../src/account/bandwidth.ts'

const MB = 1024 * 1024
const T0 = 1_767_225_600_000

/** What each of these messages has to wait, one after the other. */
const waits = (messages: readonly (readonly [afterMs: number, megabytes: number])[]): number[] => {
  let now = T0
  let bucket = fullBucket(now)
  return messages.map(([afterMs, megabytes]) => {
    now += afterMs
    const taken = takeBandwidth(bucket, megabytes * MB, now)
    bucket = taken.bucket
    return taken.waitMs
  })
}

test.each<[what: string, messages: [afterMs: number, megabytes: number][], waited: number[]]>([
  ['one of 40 MB', [[0, 40]], [0]],
  [
    'two of 20 MB',
    [
      [0, 20],
      [0, 20],
    ],
    [0, 0],
  ],
  [
    'a third of 20 MB',
    [
      [0, 20],
      [0, 20],
      [0, 20],
    ],
    [0, 0, 500],
  ],
  [
    '40 MB after 40 MB',
    [
      [0, 40],
      [0, 40],
    ],
    [0, 1_000],
  ],
  [
    'in the order of coming',
    [
      [0, 40],
      [0, 40],
      [0, 20],
      [0, 20],
    ],
    [0, 1_000, 1_500, 2_000],
  ],
  [
    'less after a while',
    [
      [0, 40],
      [250, 40],
    ],
    [0, 750],
  ],
  [
    'no credit for a long silence',
    [
      [3_600_000, 40],
      [0, 20],
    ],
    [0, 500],
  ],
  [
    'one a second for ever',
    [
      [0, 40],
      [1_000, 40],
      [1_000, 40],
    ],
    [0, 0, 0],
  ],
])('%s', (_, messages, waited) => {
  expect(waits(messages)).toEqual(waited)
})

test('a clock that was set back finds the bucket full', () => {
  const { bucket } = takeBandwidth(fullBucket(T0), 40 * MB, T0)
  expect(takeBandwidth(bucket, 40 * MB, T0 - 1).waitMs).toBe(0)
})

test('whatever comes, no span of time sees more pass than a second’s worth and what it brings itself', () => {
  const message = fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), octets: fc.integer({ min: 10 * MB, max: 40 * MB }) })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), messages => {
      let now = T0
      let bucket: BandwidthBucket = fullBucket(now)
      const passed = messages.map(({ afterMs, octets }) => {
        now += afterMs
        const taken = takeBandwidth(bucket, octets, now)
        bucket = taken.bucket
        return { at: now + taken.waitMs, octets }
      })
      for (const [from, first] of passed.entries()) {
        let sum = 0
        let earlier = first.at
        for (const { at, octets } of passed.slice(from)) {
          expect(at).toBeGreaterThanOrEqual(earlier)
          earlier = at
          sum += octets
          expect(sum).toBeLessThanOrEqual(40 * MB + ((at - first.at + 1) * 40 * MB) / 1_000)
        }
      }
    }),
  )
})
