import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textWidth, wrapText } from '../../../src/cli/text-width.ts'

test.each([
  ['', 0],
  ['abc', 3],
  ['漢字', 4],
  ['🎉', 2],
  ['e\u0301', 1],
  ['❤\ufe0f', 1],
])('%j takes %i columns', (text, width) => expect(textWidth(text)).toBe(width))

test.each([
  ['', 5, ['']],
  ['2026-01-01 12:00:00Z', 12, ['2026-01-01', '12:00:00Z']],
  ['abcdefgh', 3, ['abc', 'def', 'gh']],
  ['ab cd', 2, ['ab', 'cd']],
  ['漢字漢', 4, ['漢字', '漢']],
])('%j in %i columns', (text, width, lines) => expect(wrapText(text, width)).toEqual(lines))

test('no line is too wide and nothing but spaces is lost', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', '漢', '🎉', 'e\u0301', '-') }),
      fc.integer({ min: 2, max: 20 }),
      (text, width) => {
        const lines = wrapText(text, width)
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      },
    ),
  )
})
