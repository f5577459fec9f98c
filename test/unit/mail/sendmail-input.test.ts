import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sendmailInput } from '../../../src/mail/sendmail-input.ts'

async function read(chunks: readonly string[], dotEnds: boolean): Promise<string> {
  const pieces: Buffer[] = []
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  }
  for await (const piece of sendmailInput(source(), { dotEnds })) pieces.push(piece)
  return Buffer.concat(pieces).toString('latin1')
}

test.each([
  ['a message', 'Subject: Hi\n\nHello\n', 'Subject: Hi\n\nHello\n'],
  ['a field with a space before its colon', 'Subject : Hi\n\nHello\n', 'Subject : Hi\n\nHello\n'],
  ['text alone', 'Hello\n', '\nHello\n'],
  ['text without a line end', 'Hello', '\nHello'],
  ['an empty line first', '\nHello\n', '\nHello\n'],
  ['nothing', '', ''],
  ['a line of mbox', 'From ann Thu Jan  1 00:00:00 2026\nSubject: Hi\n\nHello\n', 'Subject: Hi\n\nHello\n'],
  ['a first line that is very long', `${'x'.repeat(10_000)}\n`, `\n${'x'.repeat(10_000)}\n`],
])('%s', async (_, given, message) => {
  expect(await read([given], true)).toBe(message)
})

test.each([
  ['A: b\n\none\n.\ntwo\n', 'A: b\n\none\n'],
  ['A: b\r\n\r\none\r\n.\r\ntwo\r\n', 'A: b\r\n\r\none\r\n'],
  ['A: b\n\none\n.', 'A: b\n\none\n'],
  ['A: b\n\none\n..\n.two\n. \n', 'A: b\n\none\n..\n.two\n. \n'],
  ['A: b\n\none.\n', 'A: b\n\none.\n'],
  ['A: b\n\n.\n', 'A: b\n\n'],
])('a line of one dot ends %j, unless it does not count', async (given, message) => {
  expect(await read([given], true)).toBe(message)
  expect(await read([given], false)).toBe(given)
})

test('however it is cut into pieces', async () => {
  const text = fc.string({ unit: fc.constantFrom('.', '\n', '\r', 'a'), maxLength: 30 }).map(body => `A: b\n${body}`)
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 }), async (given, lengths) => {
      const chunks: string[] = []
      for (let at = 0, n = 0; at < given.length; n += 1) {
        const length = lengths[n % lengths.length] ?? 1
        chunks.push(given.slice(at, at + length))
        at += length
      }
      const [expected = ''] = given.split(/(?<=\n)\.(?:\r?\n|\r?$)/)
      expect(await read(chunks, true)).toBe(expected)
      expect(await read(chunks, false)).toBe(given)
    }),
    { numRuns: 500 },
  )
})
