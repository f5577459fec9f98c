import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMailbox } from '../../../src/mail/address.ts'
import { composeMessage, messageStream } from '../../../src/mail/compose.ts'
import { parseMessage } from '../../../src/mail/parse.ts'
import { contentOf, draftOf } from '../../support/draft.ts'

const parse = (text: string | Buffer, pieces = 0) => {
  const octets = Buffer.from(text as string)
  const chunks: Buffer[] = []
  if (pieces === 0) chunks.push(octets)
  else for (let at = 0; at < octets.length; at += pieces) chunks.push(octets.subarray(at, at + pieces))
  return parseMessage(Readable.from(chunks, { objectMode: false }))
}

describe('parseMessage', () => {
  it('tells texts from files and keeps their order', async () => {
    const found = await parse(
      [
        'From: "Lee, Ann" <ann@example.com>, Team: b@x.example;',
        'Subject: =?utf-8?q?caf=C3=A9?=',
        'Content-Type: multipart/mixed; boundary="a b"',
        '',
        'preamble',
        '--a b',
        '',
        'one',
        '--a b',
        'Content-Type: text/html',
        'Content-Disposition: inline',
        '',
        '<p>two</p>',
        '--a b',
        'Content-Type: image/png',
        'Content-ID: <x@y>',
        'Content-Transfer-Encoding: base64',
        'Content-Disposition: inline; filename*0*=utf-8\'\'%C3%A4; filename*1=".png"',
        '',
        'aGVs',
        'bG8=',
        '--a b--',
        'epilogue',
      ].join('\r\n'),
    )
    expect(found).toMatchObject({
      from: ['ann@example.com', 'b@x.example'],
      subject: 'café',
      text: 'one',
      html: '<p>two</p>',
      truncated: false,
    })
    const sha256 = createHash('sha256').update('hello').digest('hex')
    expect(found.attachments).toEqual([{ name: 'ä.png', type: 'image/png', sizeBytes: 5, sha256, disposition: 'inline', contentId: 'x@y' }])
  })

  it('never throws, however the octets come', async () => {
    const pieces = fc.constantFrom(
      'Content-Type: multipart/mixed; boundary=b\r\n',
      'Content-Type: multipart/mixed; boundary=c\n',
      'Content-Type: text/plain; charset="\r\n',
      'Content-Transfer-Encoding: base64\r\n',
      'Content-Transfer-Encoding: quoted-printable\n',
      'Content-Disposition: attachment; filename*0*=x\'y\'%zz; filename="\\"\r\n',
      'To: <<>,;:"(\r\n',
      'Subject: =?=?utf-7?b?????=\r\n',
      '--b\r\n',
      '--b--\r\n',
      '--c\n',
      '\r\n',
      '\n',
      '\r',
      '=',
      'AAA=',
      '\0\xff',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (parts, size) => {
          const octets = Buffer.from(parts.join(''), 'latin1')
          expect(await parse(octets, size)).toEqual(await parse(octets))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is bounded in depth, parts, header and text', async () => {
    const deep = Array.from({ length: 300 }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`).join('')
    expect((await parse(deep)).truncated).toBe(true)
    const many = `Content-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Type: a/b\n\nx\n'.repeat(3_000)}`
    const found = await parse(many)
    expect([found.truncated, found.attachments.length < 2_001]).toEqual([true, true])
    expect((await parse(`A: ${'x\n '.repeat(200_000)}\n\n`)).truncated).toBe(true)
    const long = await parse(`A: b\n\n${'y'.repeat(18 * 2 ** 20)}`)
    expect([long.truncated, (long.text?.length ?? 0) <= 16 * 2 ** 20]).toEqual([true, true])
  })
})

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
  .map(text => text.replace(/[\u0000-\u001f\u007f/\\]/g, '').trim())
  .filter(text => text !== '' && !/[. ]$/.test(text) && Buffer.byteLength(text) < 200)
const line = fc
  .string({ unit: 'grapheme', maxLength: 120 })
  .map(text => text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/g, '').trim())

describe('what is composed', () => {
  it('is read back the same: subject, addresses, texts, names and contents', async () => {
    await fc.assert(
      fc.asyncProperty(
        line,
        line,
        fc.array(line, { maxLength: 5 }),
        fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 300 })), { maxLength: 4 }),
        async (subject, person, lines, files) => {
          const draft = draftOf({
            subject,
            from: { ...parseMailbox('ann@bücher.example'), displayName: person },
            cc: [parseMailbox('"c d"@example.net')],
            text: `${lines.join('\n')}x`,
            html: `<p>${lines.join('\n')}</p>`,
            attachments: files.map(([file, octets]) => ({ name: `${file}.bin`, content: contentOf(Buffer.from(octets)) })),
          })
          const found = await parseMessage(messageStream(await composeMessage(draft)))
          expect(found.subject).toBe(subject)
          expect(found.from).toEqual(['ann@xn--bcher-kva.example'])
          expect(found.text).toBe(draft.text)
          expect(found.html).toBe(draft.html)
          expect(found.attachments.map(({ name, sha256 }) => [name, sha256])).toEqual(
            files.map(([file, octets]) => [`${file}.bin`, createHash('sha256').update(octets).digest('hex')]),
          )
        },
      ),
      { numRuns: 200 },
    )
  })
})
