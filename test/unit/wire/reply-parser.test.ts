import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reply } from '../../../src/mail/reply.ts'
import { MAX_REPLY_LINE, MAX_REPLY_LINES, ReplyParser } from '../../../src/wire/reply-parser.ts'

function parsed(chunks: readonly string[]): Reply[] {
  const parser = new ReplyParser()
  const replies: Reply[] = []
  for (const chunk of chunks) parser.push(Buffer.from(chunk), reply => void replies.push(reply))
  return replies
}

test.each<[string, Reply[]]>([
  ['250 ok\r\n', [{ code: 250, lines: ['ok'] }]],
  ['250\r\n', [{ code: 250, lines: [''] }]],
  ['250 \r\n', [{ code: 250, lines: [''] }]],
  ['550 5.1.1 no such user\r\n', [{ code: 550, lines: ['5.1.1 no such user'], status: '5.1.1' }]],
  ['450 5.1.1 classes disagree\r\n', [{ code: 450, lines: ['5.1.1 classes disagree'] }]],
  ['250-a\r\n250-\r\n250 c\r\n', [{ code: 250, lines: ['a', '', 'c'] }]],
  ['250 bare line feed\n', [{ code: 250, lines: ['bare line feed'] }]],
  [
    '220 one\r\n250 two\r\n',
    [
      { code: 220, lines: ['one'] },
      { code: 250, lines: ['two'] },
    ],
  ],
])('%j', (text, replies) => {
  expect(parsed([text])).toEqual(replies)
})

test.each([
  'hello\r\n',
  '\r\n',
  '25 ok\r\n',
  '2500 ok\r\n',
  '250ok\r\n',
  '199 too low\r\n',
  '600 too high\r\n',
  '999 x\r\n',
  ' 250 ok\r\n',
  '250-a\r\n550 b\r\n',
  '250-a\r\nb\r\n',
  `250 ${'x'.repeat(MAX_REPLY_LINE)}\r\n`,
  'x'.repeat(MAX_REPLY_LINE + 1),
  '250-x\r\n'.repeat(MAX_REPLY_LINES),
])('%j is a protocol error', text => {
  expect(() => parsed([text])).toThrow(expect.objectContaining({ kind: 'protocol' }))
})

test('the longest reply passes', () => {
  expect(parsed([`${'250-x\r\n'.repeat(MAX_REPLY_LINES - 1)}250 x\r\n`])[0]?.lines).toHaveLength(MAX_REPLY_LINES)
})

test('replies are the same however the octets are cut', () => {
  const text = '220-first\r\n220 second\r\n250-SIZE 10\r\n250 8BITMIME\r\n550 5.7.1 no\r\n'
  const whole = parsed([text])
  expect(whole).toHaveLength(3)
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 10 }), places => {
      const borders = [0, ...places.sort((a, b) => a - b), text.length]
      expect(parsed(borders.slice(1).map((border, index) => text.slice(borders[index], border)))).toEqual(whole)
    }),
  )
})

test('an unfinished reply is told from none', () => {
  const parser = new ReplyParser()
  expect(parser.hasPartial).toBe(false)
  parser.push(Buffer.from('250-a\r\n'), () => {})
  expect(parser.hasPartial).toBe(true)
  parser.push(Buffer.from('250 b\r\n2'), () => {})
  expect(parser.hasPartial).toBe(true)
})

test('what came before a broken reply was said all the same', () => {
  const codes: number[] = []
  const push = () => new ReplyParser().push(Buffer.from('250 one\r\n550 two\r\nwhat\r\n'), ({ code }) => void codes.push(code))
  expect(push).toThrow(expect.objectContaining({ kind: 'protocol' }))
  expect(codes).toEqual([250, 550])
})
