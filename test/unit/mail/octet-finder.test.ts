import fc from 'fast-check'
import { expect, test } from 'vitest'
import { indexOfSequence } from '../../../src/mail/octet-finder.ts'

test.each([
  ['\n.', 1],
  ['\r\n--', 2],
])('%j is found where it stands, by its octet %i', (sequence, rareAt) => {
  const sought = Buffer.from(sequence)
  const octets = fc.array(fc.constantFrom('\r', '\n', '.', '-', 'a')).map(parts => Buffer.from(parts.join('')))
  fc.assert(
    fc.property(octets, fc.nat(12), (chunk, from) => {
      expect(indexOfSequence(chunk, sought, { from, rareAt })).toBe(chunk.indexOf(sought, from))
    }),
    { numRuns: 2_000 },
  )
})
