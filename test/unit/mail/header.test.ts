import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, encodeText } from '../../../src/mail/encoded-word.ts'
import {
  checkHeader,
  findField,
  findFields,
  headerField,
  parseHeader,
  prependField,
  serializeHeader,
  withField,
  withoutField,
} from '../../../src/mail/header.ts'

const block = (text: string) => parseHeader(Buffer.from(text.replace(/\n/g, '\r\n'), 'latin1'))

describe('parseHeader', () => {
  it('keeps the octets and unfolds the values', () => {
    const text = 'Subject: one\r\n two\r\n\tthree  \r\nX-Odd :\xe9\r\nEmpty:\r\n'
    const header = parseHeader(Buffer.from(text, 'latin1'))
    expect(header.map(({ name, value }) => [name, value])).toEqual([
      ['Subject', 'one two\tthree'],
      ['X-Odd', '\xe9'],
      ['Empty', ''],
    ])
    expect(serializeHeader(header).toString('latin1')).toBe(`${text}\r\n`)
  })

  it.each([
    ['no colon here\n', 1],
    ['A: b\n folded\nbad line\n', 3],
    [' folded first\n', 1],
    [': no name\n', 1],
    ['sp ace: x\n', 1],
  ])('refuses %j and names the line', (text, line) => {
    expect(() => block(text)).toThrow(`Line ${line} of the header is not a field`)
  })

  it('is bounded', () => {
    expect(() => block('A: b\n'.repeat(2_001))).toThrow('2000 fields')
    expect(() => block(`A: ${'x\n '.repeat(200_000)}`)).toThrow('256 KB')
    expect(() => block('A: \0\n')).toThrow('NUL')
  })
})

describe('changing a header', () => {
  const header = block('Received: 1\nDate: old\nReceived: 2\nDATE: older\n')
  it('replaces the first and drops the others', () => {
    expect(withField(header, headerField('Date', 'new')).map(({ name, value }) => `${name}=${value}`)).toEqual([
      'Received=1',
      'Date=new',
      'Received=2',
    ])
    expect(withField(header, headerField('X', 'y')).at(-1)?.raw).toBe('X: y\r\n')
  })
  it('finds, removes and prepends', () => {
    expect(findFields(header, 'received').map(({ value }) => value)).toEqual(['1', '2'])
    expect(findField(withoutField(header, 'date'), 'Date')).toBeUndefined()
    expect(prependField(header, headerField('A', 'b'))[0]?.name).toBe('A')
  })
})

describe('checkHeader', () => {
  it.each([
    ['From: a\nSubject: x\nsubject: y\n', "Duplicate header 'Subject'."],
    ['From: a\nfrom: b\n', "Duplicate header 'From'."],
    ['Subject: x\n', "Missing required header 'From'."],
    ['From: a\nDKIM-Signature: 1\nDkim-Signature: 2\n', "Duplicate header 'DKIM-Signature'."],
  ])('%j', (text, message) => {
    expect(() => checkHeader(block(text))).toThrow(message)
  })
  it('lets the others repeat', () => {
    expect(() => checkHeader(block('From: a\nTo: b\nTo: c\nReceived: 1\nReceived: 2\nX-A: 1\nX-A: 2\n'))).not.toThrow()
  })
})

describe('headerField', () => {
  it('folds at spaces and never leaves a line of white space', () => {
    const { raw, value } = headerField('Subject', `${'word '.repeat(60)}   end`)
    expect(value.replace(/\s+/g, ' ')).toBe(`${'word '.repeat(60)}end`)
    for (const line of raw.trimEnd().split('\r\n')) {
      expect(line.length).toBeLessThanOrEqual(78)
      expect(line).toMatch(/\S/)
    }
  })
  it('refuses a word that no line can hold', () => {
    expect(() => headerField('X', 'x'.repeat(999))).toThrow('longer than a line')
  })

  it('cannot be made to write a second field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        let raw: string
        try {
          raw = headerField(name, value).raw
        } catch {
          return
        }
        expect(parseHeader(Buffer.from(raw, 'latin1'))).toHaveLength(1)
      }),
      { numRuns: 2_000 },
    )
    for (const evil of ['\r\n', '\n', '\r', '\0']) {
      expect(() => headerField('X', `a${evil}B: c`)).toThrow('line break or NUL')
      expect(() => headerField(`X${evil}B`, 'c')).toThrow('not a header field name')
    }
  })
})

describe('encoded words', () => {
  it('gives back any text, in words of at most 75 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), text => {
        const field = headerField('Subject', encodeText(text.replace(/[\u0000-\u001f\u007f]/g, '').trim()))
        expect(decodeText(field.value)).toBe(text.replace(/[\u0000-\u001f\u007f]/g, '').trim())
        for (const word of field.value.match(/=\?[^ ]*\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75)
      }),
    )
  })
  it.each([
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?= c', 'ab c'],
    ['=?utf-8?B?4g==?= =?utf-8?B?gqw=?=', '€'],
    ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?utf-8?q?a?=b', 'ab'],
    ['=?x-unknown?q?caf=E9?=', 'café'],
    ['caf\xe9 \xe2\x82\xac', 'caf\ufffd €'],
    ['caf\xc3\xa9', 'café'],
  ])('decodes %j', (latin1, text) => {
    expect(decodeText(latin1)).toBe(text)
  })
})
