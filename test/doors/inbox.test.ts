import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Door, mail, openDoor } from '../support/door.ts'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init'])
})
afterEach(() => door.remove())

const json = async (argv: readonly string[]) => JSON.parse((await door.run([...argv, '--json'])).stdout)

test('inbox list in the words of the contract', async () => {
  door.inbox.push(mail())
  expect(await json(['inbox', 'list'])).toEqual({
    Messages: [
      {
        Id: 'm1',
        EnvelopeFrom: 'bounce@example.com',
        EnvelopeTo: ['ann@gmail.com'],
        From: 'bob@example.com',
        Subject: 'Hello',
        SizeBytes: 1_536,
        ReceivedTimestamp: '2026-01-01T12:00:00.000Z',
        Receiver: 'gmail-smtp-in.l.google.com',
        Folder: 'INBOX',
        Rules: [],
        Authentication: {
          Spf: 'pass',
          Dkim: [{ Domain: 'example.com', Selector: 's1', Result: 'pass', Detail: '' }],
          Dmarc: 'pass',
        },
      },
    ],
  })
})

test('filters reach the inbox: recipient, text or pattern in the subject, time', async () => {
  door.inbox.push(mail({ id: 'a', subject: 'Invoice 7' }), mail({ id: 'b', envelopeTo: ['cy@outlook.com'], subject: 'a.b' }))
  const ids = async (...argv: string[]) => (await json(['inbox', 'list', ...argv])).Messages.map(({ Id }: { Id: string }) => Id)
  expect(await ids()).toEqual(['a', 'b'])
  expect(await ids('--to', 'cy@outlook.com')).toEqual(['b'])
  expect(await ids('--subject', 'INVOICE')).toEqual(['a'])
  expect(await ids('--subject', '/^Inv.*\\d$/')).toEqual(['a'])
  expect(await ids('--subject', 'axb')).toEqual([])
  expect(await ids('--since', '2027-01-01')).toEqual([])
})

test("a sender's control characters are not shown; names are not cut outside a terminal", async () => {
  const subject = `\u001b]0;owned\u0007 ${'long '.repeat(60)}end`
  door.inbox.push(mail({ subject }))
  const plain = await door.run(['inbox', 'list'])
  expect(plain.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  expect(plain.stdout).toContain('long end')
  const drawn = await door.run(['inbox', 'list'], { tty: ['stdout'], columns: 100, env: { LANG: 'C.UTF-8', NO_COLOR: '1' } })
  expect(drawn.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  for (const line of drawn.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  const coloured = await door.run(['inbox', 'list'], { tty: ['stdout'], columns: 100, env: { LANG: 'C.UTF-8' } })
  expect(coloured.stdout).toContain('\u001b[1mReceived\u001b[22m')
  expect(coloured.stdout.replace(/\u001b\[\d+m/g, '')).toBe(drawn.stdout)
  const ascii = await door.run(['inbox', 'list'], { tty: ['stdout'], env: { LANG: 'C', NO_COLOR: '1' } })
  expect(ascii.stdout.replaceAll('\ufffd', '')).not.toMatch(/[^\n -~]/)
})

test('wait: what is there counts, what comes is seen, what does not come is 75', async () => {
  door.inbox.push(mail())
  expect((await json(['inbox', 'wait', '--to', 'ann@gmail.com'])).Messages).toHaveLength(1)
  const waiting = json(['inbox', 'wait', '--to', 'cy@outlook.com', '--timeout', '20s'])
  door.inbox.push(mail({ id: 'm2', envelopeTo: ['cy@outlook.com'] }))
  expect((await waiting).Messages[0].Id).toBe('m2')
  const late = await door.run(['inbox', 'wait', '--count', '3', '--timeout', '10ms'])
  expect(late).toMatchObject({ code: 75, stdout: '' })
  expect(late.stderr).toContain('2 of 3 messages')
})

test('clear says how many; a terminal is asked first, and nobody else', async () => {
  door.inbox.push(mail(), mail({ id: 'm2' }))
  expect(await json(['inbox', 'clear', '--yes'])).toEqual({ Removed: 2 })
  expect((await door.run(['inbox', 'list'])).stdout).toBe('The inbox is empty.\n')
  expect((await door.run(['inbox', 'clear'])).stdout).toBe('Removed 0 messages\n')
})

const RAW = [
  'Received: from x by y',
  'From: Bob <bob@example.com>',
  'To: ann@gmail.com',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hi \u001b[31mred\u001b[0m',
  '--b',
  'Content-Type: text/html',
  '',
  '<p>Hi</p>',
  '--b',
  'Content-Type: application/pdf; name="../../evil.pdf"',
  'Content-Disposition: attachment; filename="../../evil.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  'aGVsbG8gd29ybGQ=',
  '--b',
  'Content-Type: application/pdf',
  'Content-Disposition: attachment; filename="evil.pdf"',
  '',
  'second',
  '--b--',
  '',
].join('\r\n')

test('show: header, text, files and verdicts, nothing that drives a terminal', async () => {
  door.inbox.push(mail({ raw: RAW }))
  const { stdout } = await door.run(['inbox', 'show', 'm1'])
  for (const text of ['Grüße', 'bob@example.com', 'spf pass, dkim pass, dmarc pass', '../../evil.pdf  application/pdf  11 B'])
    expect(stdout).toContain(text)
  expect(stdout).not.toContain('\u001b')
  const shown = await json(['inbox', 'show', 'm1'])
  expect(shown).toMatchObject({ Id: 'm1', Subject: 'Hello', From: ['bob@example.com'], Html: '<p>Hi</p>' })
  expect(shown.Headers[3]).toEqual({ Name: 'Subject', Value: 'Grüße' })
  expect(shown.Attachments[0]).toEqual({
    Name: '../../evil.pdf',
    Type: 'application/pdf',
    Size: 11,
    Sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
    Disposition: 'attachment',
    ContentId: null,
  })
})

test('show --raw and --html: octets to a pipe, cleaned lines to a terminal', async () => {
  door.inbox.push(mail({ raw: RAW }))
  expect((await door.run(['inbox', 'show', 'm1', '--raw'])).stdout).toBe(RAW)
  expect((await door.run(['inbox', 'show', 'm1', '--raw'], { tty: ['stdout'] })).stdout).not.toContain('\u001b')
  expect((await door.run(['inbox', 'show', 'm1', '--html'])).stdout).toBe('<p>Hi</p>\n')
  expect(await door.run(['inbox', 'show', 'm1', '--html', '--json'])).toMatchObject({ code: 64, stdout: '' })
  expect(await door.run(['inbox', 'show', 'nothing'])).toMatchObject({ code: 1, stdout: '' })
  door.inbox.push(mail({ id: 'm2' }))
  expect(await door.run(['inbox', 'show', 'm2', '--html'])).toMatchObject({ code: 1, stdout: '' })
})

test('show --save writes files into the folder only, and a second time beside the first', async () => {
  door.inbox.push(mail({ raw: RAW }))
  const folder = join(door.home, 'saved', 'here')
  const { Attachments } = await json(['inbox', 'show', 'm1', '--save', folder])
  expect(Attachments.map(({ SavedAs }: { SavedAs: string }) => SavedAs)).toEqual([join(folder, 'evil.pdf'), join(folder, 'evil-1.pdf')])
  expect(readFileSync(join(folder, 'evil.pdf'), 'utf8')).toBe('hello world')
  expect(readFileSync(join(folder, 'evil-1.pdf'), 'utf8')).toBe('second')
  await door.run(['inbox', 'show', 'm1', '--save', folder])
  expect(readdirSync(folder).sort()).toEqual(['evil-1.pdf', 'evil-2.pdf', 'evil-3.pdf', 'evil.pdf'])
  expect(readdirSync(join(door.home, 'saved'))).toEqual(['here'])
})
