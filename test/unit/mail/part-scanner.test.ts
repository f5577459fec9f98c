import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseHeader } from '../../../src/mail/header.ts'
import { PartScanner } from '../../../src/mail/part-scanner.ts'

const top = (value: string) => parseHeader(Buffer.from(`Content-Type: ${value}\r\n`))
const mixed = top('multipart/mixed; boundary=b')
const part = (fields: string) => `--b\r\n${fields}\r\n\r\ncontent\r\n`
const scan = (body: string, header = mixed, size = body.length) => {
  const scanner = new PartScanner(header)
  for (let i = 0; i < body.length; i += size) scanner.update(Buffer.from(body.slice(i, i + size), 'latin1'))
}

test.each([
  ['Content-Disposition', part('Content-Disposition: attachment; filename="a.exe"')],
  ['Content-Type', part('Content-Type: application/octet-stream; name=run.BAT')],
  ['a folded field', part('Content-Type: text/plain\r\nContent-Disposition: attachment;\r\n filename="a.scr"')],
  ['RFC 2231', part("Content-Disposition: attachment; filename*=utf-8''a%2Eexe")],
  ['RFC 2231 pieces', part('Content-Disposition: attachment; filename*0="a.e"; filename*1="xe"')],
  ['RFC 2047', part('Content-Disposition: attachment; filename="=?utf-8?B?YS5leGU=?="')],
  ['a final dot', part('Content-Disposition: attachment; filename="a.exe."')],
  ['RFC 2231 pieces out of order', part('Content-Disposition: attachment; filename*1="xe"; filename*0="a.e"')],
  ['a comment before the name', part('Content-Disposition: attachment;(c)filename=a.exe')],
  ['a second field of the same name', part('Content-Type: text/plain\r\nContent-Type: application/x; name=a.exe')],
  ['a header with a line that is no field', part('not a field\r\nContent-Disposition: attachment; filename=a.exe')],
  ['a header with too much in it', part(`X: ${'y'.repeat(40_000)}\r\nContent-Disposition: attachment; filename=a.exe`)],
  [
    'the header of an attached message',
    `${part('Content-Type: message/rfc822').replace('content', 'From: a@example.com\r\nContent-Type: application/x; name=a.exe\r\n')}`,
  ],
  ['the second part', part('Content-Type: text/plain') + part('Content-Disposition: attachment; filename=a.js')],
  [
    'dashes of a signature before it',
    `${part('Content-Type: text/plain')}-- \r\nBob\r\n${part('Content-Disposition: attachment; filename=a.js')}`,
  ],
])('a blocked file is seen in %s', (_, body) => expect(() => scan(body)).toThrow(/^Illegal filename/))

test('the message itself may be the file', () => expect(() => scan('x', top('application/x; name=a.exe'))).toThrow(/^Illegal filename/))

test('text that only looks like a part is left alone', () => {
  scan(`${part('Content-Type: text/plain; name="report.pdf"')}--b\r\nthe file a.exe is quoted here; filename=a.exe\r\n\r\n`)
  scan('Content-Disposition: attachment; filename=a.exe\r\n\r\n')
})

test('more than 500 parts are refused', () => {
  scan(part('Content-Type: text/plain').repeat(500))
  expect(() => scan(part('Content-Type: text/plain').repeat(501))).toThrow('more than 500 MIME parts')
})

test('a header without an end does not hide the parts after it', () => {
  const body = `${part('Content-Type: text/plain')}-- \r\n${'x'.repeat(50_000)}\r\n${part('Content-Disposition: attachment; filename=a.js')}`
  for (const size of [body.length, 1_000, 65_536]) expect(() => scan(body, mixed, size)).toThrow(/^Illegal filename/)
})

test('chunk borders make no difference', () => {
  const body = `${part('Content-Type: text/plain')}${'x'.repeat(100)}\r\n${part('Content-Disposition: attachment; filename="a.exe"')}`
  fc.assert(
    fc.property(fc.integer({ min: 1, max: body.length }), size => {
      expect(() => scan(body, mixed, size)).toThrow(/^Illegal filename/)
    }),
  )
})
