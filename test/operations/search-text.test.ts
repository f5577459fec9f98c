import { expect, test } from 'vitest'
import { MailctlError } from '../../src/base/errors.ts'
import { textSearch } from '../../src/operations/search-text.ts'

test('a match, the group of a match, or nothing', () => {
  expect(textSearch(/\d{3}/)('a 123 b 456')).toBe('123')
  expect(textSearch(/code (\d+)/)('the code 77')).toBe('77')
  expect(textSearch(/\d/)('none')).toBe(null)
  const again = textSearch(/\d/gy)
  expect([again('1'), again('1')]).toEqual(['1', '1'])
})

test('a pattern that would search for years is cut', () => {
  const search = textSearch(/^(a+)+$/)
  expect(() => search(`${'a'.repeat(60)}b`)).toThrow(MailctlError)
  expect(() => search(`${'a'.repeat(60)}b`)).toThrow('took longer than 1 s')
  expect(search('aaa')).toBe('aaa')
})

test('of a huge text the start is looked at', () => {
  const search = textSearch(/end/)
  expect(search(`${'x'.repeat(999_997)}end`)).toBe('end')
  expect(search(`${'x'.repeat(1_000_000)}end`)).toBe(null)
})
