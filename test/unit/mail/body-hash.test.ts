import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BodyHash, BodyHasher, type BodyHashOptions, type Canonicalization } from '../../../src/mail/dkim-canonical.ts'

/** RFC 6376 §3.4.3 and §3.4.4 as they are written, on the whole body at once. A lone LF ends a line, a lone CR is content. */
function canonical(body: string, form: Canonicalization): string {
  const lines = body.split(/\r?\n/).map(line => (form === 'simple' ? line : line.replace(/[ \t]+/g, ' ').replace(/ $/, '')))
  while (lines.length > 0 && lines.at(-1) === '') lines.pop()
  if (lines.length === 0) return form === 'simple' ? '\r\n' : ''
  return lines.map(line => `${line}\r\n`).join('')
}

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\r\n', ' ', '\t', '  ', 'a', '\x01', '\xff', '.') },
  { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\r\n\r\n', ' \r\n') },
  // Long enough to be hashed where it lies.
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(300), `${'word '.repeat(80)}end\r\n`, `${'QUJD'.repeat(19)}\r\n`.repeat(5)) },
)
const bodies = fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join(''))
const limits = fc.option(fc.nat({ max: 2_000 }), { nil: undefined })

/** The hash by a hasher that is fed in pieces, cut at these places. */
function hashed(octets: Buffer, places: readonly number[], options: Omit<BodyHashOptions, 'algorithm'>): BodyHash {
  const hasher = new BodyHasher({ ...options, algorithm: 'sha256' })
  const borders = [0, ...places.map(place => place % (octets.length + 1)).sort((a, b) => a - b), octets.length]
  for (const [i, border] of borders.slice(1).entries()) hasher.update(octets.subarray(borders[i], border))
  return hasher.digest()
}

test('any body in any chunks has the hash of its canonical form, as far as the limit goes', () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom('simple', 'relaxed'), fc.array(fc.nat(), { maxLength: 6 }), limits, (body, form, places, limit) => {
      const octets = Buffer.from(body, 'latin1')
      const wanted = Buffer.from(canonical(body, form), 'latin1')
      const { hash, canonicalBytes } = hashed(octets, places, { canonicalization: form, ...(limit !== undefined && { limit }) })
      expect(canonicalBytes).toBe(wanted.length)
      expect(hash.equals(createHash('sha256').update(wanted.subarray(0, limit)).digest())).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})

/** The slowest takes milliseconds; in quadratic time, at 9.8 s for 32 KB, this is more than an hour. */
test.each(['simple', 'relaxed'] as const)('runs of white space and line ends of a stranger take their own time: %s', canonicalization => {
  for (const piece of [' ', '\t', ' \t', '\r', '\n', '\r\n', ' \r\n', '\t\r'])
    for (const last of ['', 'a']) {
      const body = `a${piece.repeat(Math.floor(1_000_000 / piece.length))}${last}`
      const wanted = Buffer.from(canonical(body, canonicalization), 'latin1')
      const { hash } = hashed(Buffer.from(body, 'latin1'), [], { canonicalization })
      expect(hash.equals(createHash('sha256').update(wanted).digest())).toBe(true)
    }
})

test('where every LF has its CR, knowing so changes nothing', () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom('simple', 'relaxed'), fc.array(fc.nat(), { maxLength: 6 }), (body, canonicalization, places) => {
      const octets = Buffer.from(body.replace(/\r?\n/g, '\r\n'), 'latin1')
      expect(hashed(octets, places, { canonicalization, lineEnds: 'crlf' })).toEqual(hashed(octets, [], { canonicalization }))
    }),
    { numRuns: 2_000 },
  )
})
