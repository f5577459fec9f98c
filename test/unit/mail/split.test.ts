import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MailctlError } from '../../../src/base/errors.ts'
import { serializeHeader } from '../../../src/mail/header.ts'
import { splitMessage, splitWhole, type WholeLimits } from '../../../src/mail/split.ts'

/** Chunks of the given sizes, the rest in one. */
const inPieces = (bytes: Buffer, sizes: readonly number[]): Readable => {
  const pieces: Buffer[] = []
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) break
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  pieces.push(bytes.subarray(at))
  return Readable.from(
    pieces.filter(piece => piece.length > 0),
    { objectMode: false },
  )
}
const read = async (bytes: Buffer, sizes: readonly number[] = []) => {
  const message = await splitMessage(inPieces(bytes, sizes))
  const body = Buffer.concat(await message.body.toArray())
  return { ...message, body: body.toString('latin1'), head: serializeHeader(message.header).toString('latin1') }
}

describe('splitMessage', () => {
  it.each([
    ['From: a@b\r\n\r\nhi\r\n', 'From: a@b\r\n\r\n', 'hi\r\n'],
    ['From: a@b\n\nhi', 'From: a@b\r\n\r\n', 'hi\r\n'],
    ['From: a@b\r\rhi\r', 'From: a@b\r\n\r\n', 'hi\r\n'],
    ['From: a@b', 'From: a@b\r\n\r\n', ''],
    ['From: a@b\r\n\r\n', 'From: a@b\r\n\r\n', ''],
    ['\r\nbody only', '\r\n', 'body only\r\n'],
    ['A: b\n c\n\n\n\nx\n', 'A: b\r\n c\r\n\r\n', '\r\n\r\nx\r\n'],
    ['A: b\r\n\r\n.\r\n\n.\n\r.\r', 'A: b\r\n\r\n', '.\r\n\r\n.\r\n\r\n.\r\n'],
  ])('%j', async (raw, head, body) => {
    expect(await read(Buffer.from(raw))).toMatchObject({ head, body })
  })

  it('gives the same however the octets arrive, and what a replacement of line ends gives', async () => {
    const octets = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'x', '.', '\xff', '\r\n.\r\n'), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(octets, fc.array(fc.integer({ min: 1, max: 4 })), async (parts, sizes) => {
        const tail = parts.join('')
        const { body, tally } = await read(Buffer.from(`A: b\r\n\r\n${tail}`, 'latin1'), sizes)
        const lines = tail.split(/\r\n|\r|\n/)
        if (lines.at(-1) === '') lines.pop()
        const expected = lines.map(line => `${line}\r\n`).join('')
        expect(body).toBe(expected)
        expect(tally.octets).toBe('A: b\r\n\r\n'.length + expected.length)
        expect(tally.eightBit).toBe(tail.includes('\xff'))
      }),
      { numRuns: 300 },
    )
  })

  it('takes a line of 998 octets and names the line that is longer', async () => {
    const line = 'x'.repeat(998)
    expect((await read(Buffer.from(`A: b\n\n${line}\n`))).body).toBe(`${line}\r\n`)
    await expect(read(Buffer.from(`A: b\n\nok\n${line}x\n`), [9, 500, 3])).rejects.toMatchObject({
      code: 'bad-data',
      message: 'Line 4 of the message is longer than 998 octets',
    })
    await expect(read(Buffer.from(`A: ${line}\n\n`))).rejects.toMatchObject({ message: expect.stringContaining('Line 1 ') })
  })

  it('refuses what has no header and what never ends one', async () => {
    await expect(read(Buffer.from('hello\n\nA: b\n'))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('Line 1 '),
    })
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.from('A: b\r\n'.repeat(1_000))
      })(),
      { objectMode: false },
    )
    await expect(splitMessage(endless)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringContaining('256 KB') })
    expect(endless.destroyed).toBe(true)
  })

  it('reads a header that comes octet by octet in good time', async () => {
    const raw = Buffer.from(`A: b\r\n${'X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(1_500)}\r\n`)
    const started = performance.now()
    await read(
      raw,
      Array.from({ length: raw.length }, () => 1),
    )
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('stops at the limit, and stops reading the source', async () => {
    const source = Readable.from(
      (function* () {
        for (;;) yield Buffer.from('A: b\r\n\r\n'.padEnd(900, 'x\r\n'))
      })(),
      { objectMode: false },
    )
    const { body, tally } = await splitMessage(source, { maxBytes: 100_000 })
    await expect(body.forEach(() => {})).rejects.toMatchObject({ code: 'too-large' })
    expect(tally.octets).toBeLessThan(200_000)
    expect(source.destroyed).toBe(true)
  })

  it('lets go of the source when the body is not wanted', async () => {
    const source = Readable.from(
      (function* () {
        yield Buffer.from('A: b\r\n\r\n')
        for (;;) yield Buffer.from('x\r\n')
      })(),
      { objectMode: false },
    )
    const { body } = await splitMessage(source)
    await new Promise(resolve => body.once('readable', resolve))
    body.destroy()
    await new Promise(resolve => source.once('close', resolve))
  })
})

describe('splitWhole', () => {
  /** What becomes of a message either way: its parts, or the refusal. */
  const outcomeOf = async (work: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MailctlError)) throw error
      return { code: error.code, message: error.message, hint: error.hint }
    }
  }

  const line = fc.oneof(
    fc.constantFrom('A: b', ' folded', 'From: ann@example.com', 'no field', '', '.', 'caf\xe9', 'X: \0', 'y'.repeat(997), 'z'.repeat(999)),
    fc.string({ unit: fc.constantFrom('a', ':', ' ', '.', '\xff', '\r', '\n'), maxLength: 8 }),
  )
  const raw = fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '')), { maxLength: 12 })

  it('gives what splitMessage gives, whatever the octets and the limit', async () => {
    let refused = 0
    await fc.assert(
      fc.asyncProperty(raw, fc.option(fc.integer({ min: 1, max: 60 }), { freq: 4 }), async (lines, limit) => {
        const bytes = Buffer.from(`A: b\r\n${lines.flat().join('')}`, 'latin1')
        const limits = limit === null ? {} : { maxBytes: limit }
        const streamed = await outcomeOf(async () => {
          const { header, body, tally } = await splitMessage(inPieces(bytes, []), limits)
          const text = Buffer.concat(await body.toArray()).toString('latin1')
          return { header, body: text, octets: tally.octets, eightBit: tally.eightBit }
        })
        const whole = await outcomeOf(async () => {
          const { header, body, tally } = splitWhole(bytes, limits)
          return { header, body: body.toString('latin1'), ...tally }
        })
        expect(whole).toEqual(streamed)
        if ('code' in Object(whole)) refused += 1
      }),
      { numRuns: 3000 },
    )
    expect(refused).toBeGreaterThan(100)
  })

  it('gives the same to one who has seen that all lines end in CRLF, and how long they are', async () => {
    const read = (bytes: Buffer, limits: WholeLimits): Promise<unknown> =>
      outcomeOf(async () => {
        const { header, body, tally } = splitWhole(bytes, limits)
        return { header, body: body.toString('latin1'), ...tally }
      })
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.option(fc.integer({ min: 1, max: 60 }), { freq: 4 }), async (given, limit) => {
        const lines = ['A: b', ...given.map(text => text.replace(/[\r\n]/g, ''))]
        const bytes = Buffer.from(lines.map(text => `${text}\r\n`).join(''), 'latin1')
        const limits = limit === null ? {} : { maxBytes: limit }
        const longestLine = Math.max(...lines.map(({ length }) => length))
        expect(await read(bytes, { ...limits, longestLine })).toEqual(await read(bytes, limits))
      }),
      { numRuns: 1000 },
    )
  })

  it('copies nothing when the line ends are CRLF', () => {
    const bytes = Buffer.from('A: b\r\n\r\nbody\r\n')
    expect(splitWhole(bytes).body.buffer).toBe(bytes.buffer)
  })

  it('refuses a header above 256 KB as a stream of it is refused', () => {
    const bytes = Buffer.from('A: b\r\n'.repeat(50_000))
    expect(() => splitWhole(bytes)).toThrow(/256 KB/)
  })
})
