import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { files } from '../../src/adapters/files.ts'
import { openRenderer } from '../../src/adapters/template-renderer.ts'
import { messageStream } from '../../src/mail/compose.ts'
import { findField } from '../../src/mail/header.ts'
import { type ComposeRequest, composeFromRequest } from '../../src/operations/compose-message.ts'

let folder = ''
let serial = 0
const at = (name: string) => join(folder, name)
const tools = {
  files,
  renderer: openRenderer(),
  store: { template: async () => undefined },
  clock: { now: () => 1_700_000_000_000 },
  ids: { newMessageId: () => `id-${serial++}` },
}
const compose = (request: Partial<ComposeRequest>) =>
  composeFromRequest(tools, { from: 'ann@example.com', to: ['bob@example.net'], subject: 'Hi', text: 'Hello', ...request })
const text = async (request: Partial<ComposeRequest>) =>
  Buffer.concat(await messageStream(await compose(request)).toArray()).toString('latin1')
const PNG = Buffer.from('89504e470d0a1a0a00', 'hex')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'))
  writeFileSync(at('report.pdf'), '%PDF-1.7 report')
  writeFileSync(at('odd;name=x.pdf'), '%PDF-1.7 odd')
  writeFileSync(at('page.html'), '<p>Hi</p><img src="logo.png">\n<img src="https://x.example/a.png">')
  writeFileSync(at('logo.png'), PNG)
  writeFileSync(at('evil.html'), '<img src="report.pdf">')
  writeFileSync(at('latin1.txt'), Buffer.from([0x63, 0x61, 0x66, 0xe9]))
  writeFileSync(at('invite.ics'), 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n')
  writeFileSync(at('data.json'), '{"product":"Acme","name":"Zoë","url":"https://example.com/"}')
  mkdirSync(at('dir'))
  symlinkSync(at('report.pdf'), at('link.pdf'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('files', () => {
  it('are attached by path, with options after semicolons', async () => {
    expect(await text({ attach: [at('report.pdf')] })).toContain('Content-Type: application/pdf; name=report.pdf')
    const renamed = await text({ attach: [`${at('report.pdf')};type=text/plain;name=a b.txt;disposition=inline`] })
    expect(renamed).toContain('Content-Type: text/plain; name="a b.txt"')
    expect(renamed).toContain('Content-Disposition: inline; filename="a b.txt"')
    expect(await text({ attach: [at('link.pdf')] })).toContain(Buffer.from('%PDF-1.7 report').toString('base64'))
  })

  it('are meant as a whole when the whole string names one', async () => {
    expect(await text({ attach: [at('odd;name=x.pdf')] })).toContain('filename="odd;name=x.pdf"')
  })

  it('go inline under their name or a cid', async () => {
    const message = await text({
      html: '<img src="cid:logo.png"><img src="cid:second">',
      inline: [at('logo.png'), `${at('logo.png')};cid=second`],
    })
    expect(message).toContain('Content-ID: <logo.png>')
    expect(message).toContain('Content-ID: <second>')
  })

  it('that HTML shows twice are embedded once, however they are written', async () => {
    writeFileSync(at('twice.html'), '<img src="logo.png"><img src="./logo.png">')
    const message = await text({ html: `@${at('twice.html')}`, embedImages: true })
    expect(message).toContain('<img src="cid:image1@example.com"><img src="cid:image1@example.com">')
    expect(message.match(/^Content-ID: /gm)).toHaveLength(1)
  })

  it('of calendars have their line ends set right, in the part and in the attached copy', async () => {
    writeFileSync(at('unix.ics'), 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n')
    const message = await text({ calendar: at('unix.ics') })
    expect(message).toContain(Buffer.from('BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n').toString('base64'))
    expect(message).toContain('\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n')
  })

  it('that HTML shows are embedded beside it', async () => {
    const message = await text({ html: `@${at('page.html')}`, embedImages: true })
    expect(message).toContain('<img src="cid:image1@example.com">')
    expect(message).toContain('Content-ID: <image1@example.com>')
  })

  it.each<[string, () => Partial<ComposeRequest>, string, string]>([
    ['missing', () => ({ attach: [at('none.pdf')] }), 'no-input', 'does not exist'],
    ['missing with options', () => ({ attach: [`${at('none.pdf')};name=x`] }), 'no-input', "none.pdf' does not exist"],
    ['a directory', () => ({ attach: [at('dir')] }), 'no-input', 'is a directory'],
    ['a device', () => ({ attach: ['/dev/null'] }), 'no-input', 'is not a regular file'],
    ['a NUL', () => ({ attach: ['a\0b'] }), 'no-input', 'does not exist'],
    ['text that is missing', () => ({ text: `@${at('none.txt')}` }), 'no-input', 'none.txt'],
    ['text that is no UTF-8', () => ({ text: `@${at('latin1.txt')}` }), 'bad-data', 'not UTF-8'],
    ['an image that is none', () => ({ html: `@${at('evil.html')}`, embedImages: true }), 'bad-data', 'is not an image'],
    ['a calendar that is none', () => ({ calendar: at('report.pdf') }), 'bad-data', 'is not a calendar'],
    ['a disposition that is none', () => ({ attach: [`${at('report.pdf')};disposition=x`] }), 'bad-data', "'x' is not a disposition"],
  ])('refuses %s', async (_, request, code, message) => {
    await expect(compose(request())).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('never wait for the other end of a FIFO', async () => {
    execFileSync('mkfifo', [at('fifo')])
    await expect(compose({ attach: [at('fifo')] })).rejects.toMatchObject({
      code: 'no-input',
      message: expect.stringContaining('regular file'),
    })
  })

  it('that change before they are read make the message fail', async () => {
    writeFileSync(at('growing.txt'), 'one')
    const message = await compose({ attach: [at('growing.txt')] })
    writeFileSync(at('growing.txt'), 'one and two')
    await expect(message.body.forEach(() => {})).rejects.toMatchObject({
      code: 'no-input',
      message: expect.stringContaining('was changed'),
    })
  })
})

describe('the request', () => {
  it('gives sender, recipients and return path', async () => {
    const composed = await compose({
      cc: ['"C, c" <c@example.net>, bob@example.net'],
      bcc: ['Team: d@example.net;'],
      returnPath: 'r@example.com',
    })
    expect(composed.recipients).toEqual(['bob@example.net', 'c@example.net', 'd@example.net'])
    expect(composed).toMatchObject({ returnPath: 'r@example.com', bcc: ['d@example.net'], from: { address: 'ann@example.com' } })
  })

  it('is fresh each time, and the same octets when deterministic', async () => {
    expect(await text({ html: '<p>' })).not.toBe(await text({ html: '<p>' }))
    const fixed = await text({ html: '<p>', attach: [at('report.pdf')], deterministic: true })
    expect(fixed).toBe(await text({ html: '<p>', attach: [at('report.pdf')], deterministic: true }))
    writeFileSync(at('report.pdf'), '%PDF-1.7 REPORT')
    expect(fixed).not.toBe(await text({ html: '<p>', attach: [at('report.pdf')], deterministic: true }))
    expect(fixed).toContain('Date: Sat, 01 Jan 2000 00:00:00 +0000')
  })

  it('takes date and message id as given', async () => {
    const { header } = await compose({ date: '2026-01-31T09:30:00+01:00', messageId: '<a@b.example>' })
    expect(findField(header, 'Date')?.value).toBe('Sat, 31 Jan 2026 08:30:00 +0000')
    expect(findField(header, 'Message-ID')?.value).toBe('<a@b.example>')
    await expect(compose({ date: '1' })).rejects.toMatchObject({ code: 'bad-data' })
  })

  it('leaves out for signing what a later send rewrites', async () => {
    const { header } = await compose({ forSigning: true, returnPath: 'r@example.com', date: '2026-01-31', messageId: '<a@b.example>' })
    expect(header.map(({ name }) => name.toLowerCase())).not.toEqual(expect.arrayContaining(['date']))
    for (const name of ['Date', 'Message-ID', 'Return-Path']) expect(findField(header, name)).toBeUndefined()
  })

  it('fills a starter template', async () => {
    const request = { from: 'ann@example.com', to: ['bob@example.net'], template: 'welcome', data: `@${at('data.json')}` }
    const message = await composeFromRequest(tools, request)
    expect(findField(message.header, 'Subject')?.value).toContain('=?UTF-8?B?')
    message.body.destroy()
  })

  it.each<[Partial<ComposeRequest>, string, string]>([
    [{ template: 'welcome', data: '{}' }, 'usage', '--template gives the text'],
    [{ data: '{}' }, 'usage', '--data needs a template'],
    [{ headers: ['no colon'] }, 'bad-data', 'is not a header'],
    [{ headers: ['X: a\r\nBcc: eve@example.net'] }, 'bad-data', "Header 'X'"],
    [{ to: ['ann'] }, 'bad-data', 'has no @'],
    [{ from: 'Ann <ann@example.com>\r\nX: y' }, 'bad-data', 'line break'],
  ])('refuses %j', async (request, code, message) => {
    await expect(compose(request)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })
})
