import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataDecoder } from '../../../src/wire/smtp-data.ts'

/** Feeds `octets` cut at the given places. */
function decode(octets: Buffer, cuts: readonly number[] = []) {
  const decoder = new DataDecoder()
  const parts: Buffer[] = []
  const borders = [0, ...cuts.filter(cut => cut > 0 && cut < octets.length).toSorted((a, b) => a - b), octets.length]
  let used = 0
  for (let i = 0; i + 1 < borders.length && !decoder.ended; i += 1) {
    used += decoder.take(octets.subarray(borders[i], borders[i + 1]), part => parts.push(Buffer.from(part)))
  }
  const { ended, hasBareLineEnd: bare, size, longestLine } = decoder
  return { body: Buffer.concat(parts).toString('latin1'), ended, bare, used, size, longestLine }
}
const stuffed = (body: string): Buffer => Buffer.from(`${body.replace(/^\./gm, '..')}.\r\n`, 'latin1')

const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', 'é', '\0'), maxLength: 6 })
const body = fc.array(line, { maxLength: 12 }).map(lines => lines.map(text => `${text}\r\n`).join(''))

test('what was stuffed comes out as it went in, wherever the chunks are cut', () => {
  fc.assert(
    fc.property(body, fc.array(fc.nat(100), { maxLength: 20 }), fc.string({ maxLength: 5 }), (text, cuts, rest) => {
      const wire = Buffer.concat([stuffed(text), Buffer.from(rest, 'latin1')])
      const seen = decode(wire, cuts)
      const longestLine = Math.max(...text.split('\r\n').map(({ length }) => length))
      expect(seen).toEqual({ body: text, ended: true, bare: false, used: stuffed(text).length, size: text.length, longestLine })
    }),
    { numRuns: 500 },
  )
})

/** The rule itself, octet by octet on text: the first CRLF . CRLF ends; a CR without LF or an LF without CR before it is bare. */
function model(octets: string) {
  const whole = `\r\n${octets}`
  const end = whole.indexOf('\r\n.\r\n')
  const message = end === -1 ? whole : whole.slice(0, end + 5)
  const open = end === -1 ? message.replace(/\r$/, '') : message
  return { ended: end !== -1, used: message.length - 2, bare: /\r(?!\n)|(?<!\r)\n/.test(open) }
}

test('any octets: the same end and the same verdict on line ends as the rule read plainly', () => {
  const soup = fc.string({ unit: fc.constantFrom('\r', '\n', '.', 'x', '\r\n', '\r\n.'), maxLength: 24 })
  fc.assert(
    fc.property(soup, fc.array(fc.nat(40), { maxLength: 10 }), (octets, cuts) => {
      const { ended, used, bare } = decode(Buffer.from(octets, 'latin1'), cuts)
      expect({ ended, used, bare }).toEqual(model(octets))
    }),
    { numRuns: 3000 },
  )
})

test.each(['a\n.\nb', 'a\n.\r\nb', 'a\r\n.\nb', 'a\r.\rb', 'a\r\n.\rb', 'a\r.\r\nb', 'a\r\r\nb'])('%j neither ends nor passes', octets => {
  const seen = decode(Buffer.from(octets, 'latin1'))
  expect(seen.ended).toBe(false)
  expect(seen.bare).toBe(true)
})

test('nothing is handed on after a bare line end', () => {
  expect(decode(Buffer.from('one\r\ntwo\nthree\r\n.\r\n'), [5]).body).toBe('one\r\n')
})
