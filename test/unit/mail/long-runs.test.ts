/** What a stranger made as long as it may be: reading it takes milliseconds, where quadratic time would take minutes. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { decodeCharset } from '../../../src/mail/charset.ts'
import { parseStructured } from '../../../src/mail/content-type.ts'
import { parseHeader } from '../../../src/mail/header.ts'
import { checkExtension } from '../../../src/mail/media-type.ts'
import { parseMessage } from '../../../src/mail/parse.ts'
import { linksIn } from '../../../src/mail/readable-text.ts'
import { decodeWhole } from '../../../src/mail/transfer-encoding.ts'

/** The slowest takes 0.1 s, and took 20 s and more when its time was quadratic. */
const LIMIT_MS = 5_000
const longRun = (piece: string): string => `x${piece.repeat(Math.floor(250_000 / piece.length))}y`

test.each(['parseHeader', 'parseMessage', 'parseStructured', 'decodeCharset'])('%s', async reader => {
  const startedAt = performance.now()
  for (const piece of [' ', '\t', '\r\n ', '(', ' (', '((', '"', '""', ';', '\\', '=?', ',']) {
    const field = Buffer.from(`Content-Type: ${longRun(piece)}\r\n`)
    const value = longRun(piece).replaceAll('\r\n', '')
    if (reader === 'parseHeader') expect(parseHeader(field)[0]?.value).toBe(value)
    if (reader === 'parseMessage') await parseMessage(Readable.from([field, Buffer.from('\r\nHello\r\n')]))
    if (reader === 'parseStructured') parseStructured(`text/plain; ${value}`)
    if (reader === 'decodeCharset') expect(decodeCharset(Buffer.from('Hello'), value)).toBe('Hello')
  }
  expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS)
})

test.each<[what: string, read: (run: string) => unknown]>([
  ['quoted-printable', run => expect(decodeWhole(Buffer.from(`${run}\r\n`), 'quoted-printable').toString()).toBe(`${run}\r\n`)],
  ['the name of a file', run => checkExtension(`${run}.txt`)],
  ['a link', run => expect(linksIn({ html: null, text: `http://${run}` }).length).toBeGreaterThan(0)],
])('%s', (_, read) => {
  const startedAt = performance.now()
  for (const piece of [' ', '\t', '.', ',', ' .', ')']) read(longRun(piece))
  expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS)
})
