/** `sendmail` as local programs call it: who gets the message, what it becomes, and with which exit status it ends. */
import { expect, test } from 'vitest'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

const MESSAGE =
  'From: Shop <orders@shop.example>\nTo: ann@gmail.com\nCc: Cay <cay@example.net>\nBcc: dan@example.net\nSubject: Hi\n\nHello\n'

async function shop(): Promise<WholeDoor> {
  const door = await wholeDoor()
  await door.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await door.json(['account', 'request-production', '--approve'])
  return door
}
const sendmail = ({ run }: WholeDoor, argv: readonly string[], stdin: string, env: Readonly<Record<string, string>> = {}) =>
  run(['sendmail', ...argv], { stdin, env: { LOGNAME: 'ann', ...env } })

/** Envelope recipients of everything the receivers took, and the messages without what is different every time. */
async function took({ run, json }: WholeDoor) {
  const { Messages } = await json(['inbox', 'list'])
  const to: string[] = Messages.flatMap(({ EnvelopeTo }: { EnvelopeTo: string[] }) => EnvelopeTo)
  const raw = Messages.length > 0 ? (await run(['inbox', 'show', Messages[0].Id, '--raw'])).stdout : ''
  return { to: to.toSorted(), raw }
}

test('-t sends to those in the header, nobody sees Bcc, and nothing is printed', async () => {
  const door = await shop()
  expect(await sendmail(door, ['-t', '-oi'], MESSAGE)).toEqual({ code: 0, stdout: '', stderr: '' })
  const { to, raw } = await took(door)
  expect(to).toEqual(['ann@gmail.com', 'cay@example.net', 'dan@example.net'])
  expect(raw).not.toMatch(/dan@|^Bcc/im)
  expect(raw).toContain('From: Shop <orders@shop.example>\r\n')
  expect(raw).toContain('\r\n\r\nHello\r\n')
})

test('recipients on the command line get it alone, or with -t beside those in the header', async () => {
  const door = await shop()
  expect(await sendmail(door, ['eve@example.net, <fay@example.net>'], MESSAGE)).toMatchObject({ code: 0 })
  expect((await took(door)).to).toEqual(['eve@example.net', 'fay@example.net'])
  await door.run(['inbox', 'clear', '--yes'])
  expect(await sendmail(door, ['-ti', 'eve@example.net'], MESSAGE)).toMatchObject({ code: 0 })
  expect((await took(door)).to).toEqual(['ann@gmail.com', 'cay@example.net', 'dan@example.net', 'eve@example.net'])
})

test('a message that is sent on goes to its new recipients', async () => {
  const door = await shop()
  const again = `Resent-To: eve@example.net\nResent-Bcc: fay@example.net\n${MESSAGE}`
  expect(await sendmail(door, ['-t'], again)).toMatchObject({ code: 0 })
  const { to, raw } = await took(door)
  expect(to).toEqual(['eve@example.net', 'fay@example.net'])
  expect(raw).not.toContain('fay@')
})

test('text alone becomes a message, names get the host, and -F and -f make the From', async () => {
  const door = await shop()
  await door.json(['config', 'set', 'hostname', 'shop.example'])
  expect(await sendmail(door, ['-F', 'Cron Daemon', 'bob@x.test'], 'disk full\n.\nnot this\n')).toMatchObject({ code: 0, stderr: '' })
  const { raw } = await took(door)
  expect(raw).toContain('From: Cron Daemon <ann@shop.example>\r\n')
  expect(raw).toMatch(/\r\n\r\ndisk full\r\n$/)
  await door.run(['inbox', 'clear', '--yes'])
  expect(await sendmail(door, ['-i', '-f', 'orders@shop.example', 'bob@x.test'], 'Subject: S\n\na\n.\nb\n')).toMatchObject({ code: 0 })
  const second = await took(door)
  expect(second.raw).toContain('From: orders@shop.example\r\n')
  expect(second.raw).toMatch(/\r\n\r\na\r\n\.\r\nb\r\n$/)
  await door.run(['inbox', 'clear', '--yes'])
  const cron = 'From: root (Cron Daemon)\nTo: root\nSubject: Cron\n\nout\n'
  const told = await sendmail(door, ['-i', '-FCronDaemon', '-B8BITMIME', '-oem', '--json', 'root', 'bob@x.test'], cron)
  expect(JSON.parse(told.stdout).Recipients).toEqual([{ EmailAddress: 'root@shop.example' }, { EmailAddress: 'bob@x.test' }])
  expect((await took(door)).raw).toContain('From: root@shop.example (Cron Daemon)\r\n')
})

test('where reports go is -f', async () => {
  const door = await shop()
  expect(await sendmail(door, ['-f', '<bounces@shop.example>', 'bob@nouser.test'], MESSAGE)).toMatchObject({ code: 0 })
  expect((await door.json(['inbox', 'list', '--to', 'bounces@shop.example'])).Messages).toHaveLength(1)
})

test('-v and --json tell what was accepted', async () => {
  const door = await shop()
  expect((await sendmail(door, ['-v', '-t'], MESSAGE)).stdout).toMatch(
    /^Accepted \S+ for ann@gmail\.com, cay@example\.net, dan@example\.net\n$/,
  )
  const told = await sendmail(door, ['--json', 'eve@example.net'], MESSAGE)
  expect(JSON.parse(told.stdout)).toEqual({ MessageId: expect.any(String), Recipients: [{ EmailAddress: 'eve@example.net' }] })
})

test.each<[what: string, argv: string[], stdin: string, code: number, says: RegExp]>([
  ['nobody', [], MESSAGE, 64, /nobody to send to/],
  ['nobody in the header', ['-t'], 'From: orders@shop.example\n\nHi\n', 65, /no recipients/],
  ['an SMTP server', ['-bs'], '', 64, /mailctl serve/],
  ['an impossible address', ['a b@c'], MESSAGE, 65, /a b@c/],
  ['an impossible -f', ['-f', 'a b', 'bob@x.test'], MESSAGE, 65, /a b/],
  ['a sender that is not verified', ['bob@x.test'], 'Subject: Hi\n\nHi\n', 77, /US-EAST-1: ann@mta\.mailctl\.test/],
  ['another -f than ours', ['-f', 'eve@other.example', '-t'], MESSAGE, 77, /US-EAST-1: eve@other\.example/],
])('%s: refused, nothing stored', async (_, argv, stdin, code, says) => {
  const door = await shop()
  const ran = await sendmail(door, argv, stdin)
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(ran.stderr).toMatch(says)
  expect((await door.json(['events', 'list'])).Events).toEqual([])
})

test('a name or an address that begins with @ names no file', async () => {
  const door = await shop()
  expect(await sendmail(door, ['-F', '@/etc/passwd', '-f', 'orders@shop.example', 'bob@x.test'], 'Subject: S\n\nHi\n')).toMatchObject({
    code: 0,
  })
  expect((await took(door)).raw).toContain('From: "@/etc/passwd" <orders@shop.example>\r\n')
})
