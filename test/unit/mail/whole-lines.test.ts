/** Chunks for mailauth: every octet, in order, cut after line ends. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wholeLines } from '../../../src/mail/mailauth.ts'

async function cut(chunks: readonly Buffer[]): Promise<Buffer[]> {
  async function* source(): AsyncGenerator<Buffer> {
    yield* chunks
  }
  const found: Buffer[] = []
  for await (const chunk of wholeLines(source())) found.push(Buffer.from(chunk))
  return found
}

test('no octet is lost, added or moved, however the message is cut', async () => {
  const octets = fc.array(fc.constantFrom(0x0d, 0x0a, 0x20, 0x61, 0xff), { maxLength: 40 }).map(values => Buffer.from(values))
  await fc.assert(
    fc.asyncProperty(fc.array(octets, { maxLength: 12 }), async chunks => {
      const found = await cut(chunks)
      expect(Buffer.concat(found)).toEqual(Buffer.concat(chunks))
      expect(found.every(({ length }) => length > 0)).toBe(true)
    }),
  )
})

test('ordinary lines are never cut', async () => {
  const text = Buffer.from('some words on a line\r\n'.repeat(500))
  const chunks = Array.from({ length: Math.ceil(text.length / 999) }, (_, i) => text.subarray(i * 999, (i + 1) * 999))
  for (const chunk of await cut(chunks)) expect(chunk.at(-1)).toBe(0x0a)
})

test('a line without an end is handed on in pieces, not collected', async () => {
  const found = await cut([Buffer.from('a\r\nb'), ...Array.from({ length: 100 }, () => Buffer.alloc(1024, 0x62))])
  expect(Math.max(...found.map(({ length }) => length))).toBeLessThanOrEqual(8 * 1024)
})
