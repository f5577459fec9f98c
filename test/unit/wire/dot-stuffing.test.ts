import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BareLineEnd, DotStuffer } from '../../../src/wire/dot-stuffing.ts'

/** Through the stuffer in these chunks, with the end of message. */
function stuffed(chunks: readonly Buffer[]): Buffer {
  const stuffer = new DotStuffer()
  return Buffer.concat([...chunks.flatMap(chunk => stuffer.push(chunk)), stuffer.end()])
}

/** The receiver's side as RFC 5321 §4.5.2 tells it, on whole lines. */
function received(wire: string): string {
  const lines = wire.split('\r\n')
  const end = lines.indexOf('.')
  expect(lines.slice(end)).toEqual(['.', ''])
  return lines
    .slice(0, end)
    .map(line => `${line.startsWith('.') ? line.slice(1) : line}\r\n`)
    .join('')
}

/** Cuts the text at the given places. */
function cut(text: Buffer, places: readonly number[]): Buffer[] {
  const borders = [0, ...places.map(place => place % (text.length + 1)).sort((a, b) => a - b), text.length]
  return borders.slice(1).map((border, index) => text.subarray(borders[index], border))
}

const HEAD = Buffer.from('Subject: x\r\n\r\n')
const lines = fc.array(fc.string({ unit: fc.constantFrom('.', '.', 'a', ' ', '\xff'), maxLength: 4 }), { maxLength: 12 })

describe('a message with CRLF line ends', () => {
  test('comes back from any receiver as it was, wherever the chunks were cut', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 8 }), (given, places) => {
        const text = given.map(line => `${line}\r\n`).join('')
        const wire = stuffed(cut(Buffer.from(text, 'latin1'), places)).toString('latin1')
        expect(received(wire)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is written the same when it is known to be of whole lines', () => {
    fc.assert(
      fc.property(lines, given => {
        const text = Buffer.from(given.map(line => `${line}\r\n`).join(''), 'latin1')
        const stuffer = new DotStuffer()
        const wire = Buffer.concat([...stuffer.push(HEAD), ...stuffer.pushLines(text), stuffer.end()])
        expect(wire.equals(stuffed([HEAD, text]))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each(['a\r\nb', 'a\nb', 'a\r', ''])('is not taken for whole lines when it does not end as one: %j', text => {
    const stuffer = new DotStuffer()
    const written = (): Buffer => Buffer.concat([...stuffer.pushLines(Buffer.from(text)), stuffer.end()])
    if (/[^\r]\n|\r$/.test(text)) expect(written).toThrow(BareLineEnd)
    else expect(written().equals(stuffed([Buffer.from(text)]))).toBe(true)
  })

  test('gets its last line end when that is missing', () => {
    expect(stuffed([Buffer.from('a\r\n.b')]).toString()).toBe('a\r\n..b\r\n.\r\n')
    expect(stuffed([Buffer.from('a')]).toString()).toBe('a\r\n.\r\n')
    expect(stuffed([]).toString()).toBe('.\r\n')
  })

  test('is not copied when there is nothing to stuff', () => {
    const chunk = Buffer.from('a\r\nb.\r\n')
    expect(new DotStuffer().push(chunk)[0]).toBe(chunk)
  })
})

test('a bare CR or LF is refused, wherever the chunks were cut', () => {
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom('\r', '\n', '\r\r\n', '\n\r\n'),
      fc.nat(),
      fc.array(fc.nat(), { maxLength: 8 }),
      (given, bad, at, places) => {
        const whole = given.map(line => `${line}\r\n`)
        whole.splice(at % (whole.length + 1), 0, `x${bad}y\r\n`)
        expect(() => stuffed(cut(Buffer.from(whole.join(''), 'latin1'), places))).toThrow(BareLineEnd)
      },
    ),
    { numRuns: 2_000 },
  )
  expect(() => stuffed([Buffer.from('a\r')])).toThrow(BareLineEnd)
})
