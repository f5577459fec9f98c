import { expect, test } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/base/duration.ts'
import { MailctlError } from '../../../src/base/errors.ts'

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['14d', 1_209_600_000],
  ['250ms', 250],
  ['0', 0],
])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', '5', '-1s', '5 weeks', '1h30m'])('%j is no duration', text => expect(() => parseDuration(text)).toThrow(MailctlError))

test('sizes are binary', () => {
  expect(parseSize('40 MB')).toBe(41_943_040)
  expect(parseSize('512')).toBe(512)
  expect(() => parseSize('many')).toThrow(MailctlError)
})

test('durations and sizes read back short', () => {
  expect(formatDuration(7_500_000)).toBe('2h 5m')
  expect(formatDuration(0)).toBe('0s')
  expect(formatSize(41_943_040)).toBe('40 MB')
  expect(formatSize(1_536)).toBe('1.5 KB')
})
