import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseMailbox } from '../../../src/mail/address.ts'
import { composeMessage, recipientsOf } from '../../../src/mail/compose.ts'
import type { Draft } from '../../../src/mail/draft.ts'
import { contentOf, draftOf, written } from '../../support/draft.ts'

const someone = (name: string) => parseMailbox(`${name}@example.net`)
const text = async (over: Partial<Draft>) => (await written(draftOf(over))).toString('latin1')
/** Media types in order of appearance, which shows the nesting. */
const types = async (over: Partial<Draft>) => [...(await text(over)).matchAll(/^Content-Type: ([a-z/-]+)/gm)].map(match => match[1])
const png = { name: 'logo.png', contentId: 'logo@example.com', content: contentOf('png') }
const pdf = { name: 'a.pdf', content: contentOf('pdf') }
const calendar = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n'

describe('nesting', () => {
  it.each<[string, Partial<Draft>, string[]]>([
    ['text', {}, ['text/plain']],
    ['html', { text: null, html: '<p>' }, ['text/html']],
    ['text and html', { html: '<p>' }, ['multipart/alternative', 'text/plain', 'text/html']],
    ['html and image', { text: null, html: '<p>', inline: [png] }, ['multipart/related', 'text/html', 'image/png']],
    ['text and file', { attachments: [pdf] }, ['multipart/mixed', 'text/plain', 'application/pdf']],
    ['file alone', { text: null, attachments: [pdf] }, ['multipart/mixed', 'text/plain', 'application/pdf']],
    [
      'all of it',
      { html: '<p>', inline: [png], attachments: [pdf], calendar },
      [
        'multipart/mixed',
        'multipart/alternative',
        'text/plain',
        'multipart/related',
        'text/html',
        'image/png',
        'text/calendar',
        'application/pdf',
        'application/ics',
      ],
    ],
  ])('%s', async (_, over, expected) => {
    expect(await types(over)).toEqual(expected)
  })
})

describe('what is written', () => {
  it('ends every line in CRLF and is the same for the same draft', async () => {
    const draft = draftOf({ text: 'a\nb\r\nc\rd', html: '<p>ü</p>', attachments: [pdf], calendar })
    const first = await written(draft)
    expect(first.toString('latin1').replace(/\r\n/g, '')).not.toMatch(/[\r\n]/)
    expect(first.equals(await written(draft))).toBe(true)
  })

  it('never shows Bcc', async () => {
    const draft = draftOf({ bcc: [someone('eve')] })
    expect((await written(draft)).toString()).not.toContain('eve')
    expect(recipientsOf(draft)).toEqual(['bob@example.net', 'eve@example.net'])
  })

  it('leaves out Date and Message-ID when asked, and has each once otherwise', async () => {
    expect(await text({ date: null, messageId: null })).not.toMatch(/^(?:Date|Message-ID|Return-Path):/im)
    const full = await text({ returnPath: someone('bounces') })
    expect(full.match(/^Date:.*$/gim)).toEqual(['Date: Fri, 02 Jan 2026 03:04:05 +0000'])
    expect(full.match(/^Message-ID:.*$/gim)).toEqual(['Message-ID: <first@example.com>'])
    expect(full).toMatch(/^Return-Path: <bounces@example.net>\r\n/)
    expect(full.match(/^From:/gim)).toHaveLength(1)
  })

  it('offers one-click unsubscribing for https only', async () => {
    expect(await text({ listUnsubscribe: 'https://example.com/u?id=1' })).toContain(
      'List-Unsubscribe: <https://example.com/u?id=1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n',
    )
    expect(await text({ listUnsubscribe: 'mailto:u@example.com' })).not.toContain('One-Click')
  })

  it('tells the type by name, then by content, unless it is given', async () => {
    const file = (name: string, first: string, type?: string) => ({
      name,
      content: contentOf(first),
      firstOctets: Buffer.from(first, 'latin1'),
      ...(type === undefined ? {} : { type }),
    })
    const found = await types({
      attachments: [file('a.csv', '%PDF-1.7'), file('report', '%PDF-1.7'), file('blob', 'xyz'), file('x.csv', '', 'text/plain')],
    })
    expect(found.slice(2)).toEqual(['text/csv', 'application/pdf', 'application/octet-stream', 'text/plain'])
  })

  it('encodes long lines and other scripts so that no line passes 998 octets', async () => {
    for (const long of ['x'.repeat(5_000), 'слово '.repeat(2_000), `ü${'x'.repeat(3_000)}`]) {
      for (const line of (await text({ text: long, html: long, subject: long.slice(0, 900) })).split('\r\n')) {
        expect(line.length).toBeLessThanOrEqual(998)
      }
    }
  })

  it('invites with the method of the calendar, as alternative and as file', async () => {
    const message = await text({ calendar })
    expect(message).toContain('Content-Type: text/calendar; charset=utf-8; method=REQUEST')
    expect(message).toContain('filename=invite.ics')
  })
})

describe('refusals, before anything is opened', () => {
  const unopened = { length: 3, open: () => Readable.from(['never']) }
  it.each<[string, Partial<Draft>, string, string]>([
    ['51 recipients', { bcc: Array.from({ length: 50 }, (_, i) => someone(`u${i}`)) }, 'bad-data', '51 recipients'],
    ['no recipient', { to: [] }, 'bad-data', 'no recipient'],
    ['a blocked file', { attachments: [{ name: 'a.exe', content: unopened }] }, 'bad-data', "Illegal filename 'a.exe'."],
    [
      'a blocked file in capitals with a dot',
      { attachments: [{ name: 'a.EXE.', content: unopened }] },
      'bad-data',
      "Illegal filename 'a.EXE.'.",
    ],
    ['a file name with a line break', { attachments: [{ name: 'a\r\nb.pdf', content: unopened }] }, 'bad-data', 'Illegal filename'],
    ['500 files', { attachments: Array.from({ length: 500 }, () => ({ name: 'a', content: unopened })) }, 'bad-data', '500 MIME parts'],
    ['31 MB', { attachments: [{ name: 'a', content: { length: 31 * 2 ** 20, open: unopened.open } }] }, 'too-large', 'larger than 40 MB'],
    ['a second subject', { headers: [['Subject', 'again']] }, 'bad-data', "Duplicate header 'Subject'."],
    [
      'a second X',
      {
        headers: [
          ['Sender', 'a@x.example'],
          ['sender', 'a@x.example'],
        ],
      },
      'bad-data',
      "Duplicate header 'Sender'.",
    ],
    ['Bcc as a header', { headers: [['Bcc', 'eve@example.net']] }, 'bad-data', "Header 'Bcc'"],
    ['Content-Type as a header', { headers: [['content-type', 'text/html']] }, 'bad-data', "Header 'content-type'"],
    ['16 headers', { headers: Array.from({ length: 16 }, (_, i) => [`X-${i}`, 'x'] as const) }, 'bad-data', '16 extra headers'],
    ['a long header', { headers: [['X-Long', 'x '.repeat(500)]] }, 'bad-data', 'longer than'],
    ['a header value in another script', { headers: [['X-A', 'ü']] }, 'bad-data', 'printable ASCII'],
    ['a header name with a space', { headers: [['X A', 'x']] }, 'bad-data', 'not a header field name'],
    ['a subject of two lines', { subject: 'a\r\nBcc: eve@example.net' }, 'bad-data', 'Subject'],
    ['a message id that is none', { messageId: 'a b' }, 'bad-data', 'Message-ID'],
    ['a URL with a line break', { listUnsubscribe: 'https://x/\r\nA: b' }, 'bad-data', 'URL'],
    ['a type that is none', { attachments: [{ name: 'a', content: unopened, type: 'a\r\nB: c' }] }, 'bad-data', 'media type'],
    ['a multipart type', { attachments: [{ name: 'a', content: unopened, type: 'multipart/mixed' }] }, 'bad-data', 'cannot be'],
    ['a Content-ID with brackets', { html: '', inline: [{ ...png, contentId: 'a><b' }] }, 'bad-data', 'Content-ID'],
  ])('%s', async (_, over, code, message) => {
    await expect(composeMessage(draftOf(over))).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('takes 50 recipients and a file that just fits', async () => {
    await expect(composeMessage(draftOf({ bcc: Array.from({ length: 49 }, (_, i) => someone(`u${i}`)) }))).resolves.toBeDefined()
  })
})

describe('a content that fails or lies', () => {
  it('ends the body with the error of the content', async () => {
    const open = () =>
      new Readable({
        read() {
          this.destroy(new Error('disk gone'))
        },
      })
    await expect(written(draftOf({ attachments: [{ name: 'a.pdf', content: { length: 5, open } }] }))).rejects.toThrow('disk gone')
  })

  it('stops at 40 MB when a content is longer than it said', async () => {
    const open = () =>
      Readable.from(
        (function* () {
          for (let i = 0; i < 50; i += 1) yield Buffer.alloc(2 ** 20)
        })(),
        { objectMode: false },
      )
    const { body } = await composeMessage(draftOf({ attachments: [{ name: 'a.bin', content: { length: 5, open } }] }))
    await expect(body.forEach(() => {})).rejects.toMatchObject({ code: 'too-large' })
  })
})
