/** What receivers took: octet for octet, with their own fields on top, and only what was committed. */
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/adapters/sqlite/driver.ts'
import { LAB_MIGRATIONS } from '../../src/lab/schema.ts'
import { closeBoxes, openBox, sendTo } from '../support/lab-box.ts'
import { RawSmtp } from '../support/raw-smtp.ts'
import { readAll } from '../support/smtp-sink.ts'

afterEach(closeBoxes)

const host = 'mx.everybody.test'
const TOP = /^Return-Path: .*\r\nReceived: .*\r\n(?:\t.*\r\n)+Authentication-Results: .*\r\n(?:\t.*\r\n)+/

test('octets in are octets out below the trace fields, whatever they are', async () => {
  const { lab } = openBox()
  const lines = Array.from({ length: 40 }, (_, i) =>
    randomBytes(i * 3)
      .toString('latin1')
      .replace(/[\r\n]/g, '.'),
  )
  const message = Buffer.from(`From: a@b.test\r\nSubject: octets\r\n\r\n..\r\n.\r\n${lines.join('\r\n')}\r\n\r\n\r\n`, 'latin1')
  const client = await RawSmtp.open(await lab.door(host, '127.0.0.1'))
  await client.reply()
  client.send('EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n')
  client.send(Buffer.from(`${message.toString('latin1').replace(/^\./gm, '..')}.\r\nQUIT\r\n`, 'latin1'))
  expect(await client.rest()).toEqual([250, 250, 250, 354, 250, 221])
  const stored = (await readAll(await lab.inbox.open('1'))).toString('latin1')
  const top = TOP.exec(stored)?.[0] ?? ''
  expect(stored.slice(top.length)).toBe(message.toString('latin1'))
  expect((await lab.inbox.get('1'))?.sizeBytes).toBe(stored.length)
  expect(top).toBe(
    'Return-Path: <a@b.test>\r\n' +
      'Received: from c.test ([127.0.0.1])\r\n\tby mx.everybody.test with ESMTP id 1\r\n\tfor <c@d.test>;\r\n\tFri, 02 Jan 2026 00:00:00 +0000\r\n' +
      'Authentication-Results: mx.everybody.test;\r\n\tspf=none smtp.mailfrom=b.test;\r\n\tdkim=none;\r\n\tdmarc=none header.from=b.test\r\n',
  )
})

test('the receiver judges by the zone of the box: SPF of our own host passes', async () => {
  const { lab } = openBox()
  lab.zone.add([{ type: 'TXT', name: '_dmarc.example.test', ttl: 60, text: 'v=DMARC1; p=reject' }])
  await sendTo(lab, { host, from: 'id@mta.example.test', to: ['c@d.test'], message: 'From: Ann <ann@example.test>\r\n\r\nx\r\n' })
  expect((await lab.inbox.get('1'))?.authentication).toEqual({
    spf: { domain: 'mta.example.test', result: 'pass' },
    dkim: [],
    dmarc: { domain: 'example.test', result: 'pass', policy: 'reject' },
  })
})

test('fields are read for people and for matching', async () => {
  const { lab } = openBox()
  const message =
    'From: =?utf-8?q?J=C3=BCrgen?= <Juergen@Example.test>\r\nSubject: =?utf-8?b?w5xiZXI=?=\r\n Tage\r\nMessage-ID: <x.1@y>\r\n\r\nx\r\n'
  await sendTo(lab, { host, from: 'bounce@sender.test', to: ['c@d.test', 'e@f.test'], message })
  expect(await lab.inbox.list({})).toMatchObject([
    {
      subject: 'Über Tage',
      headerMessageId: 'x.1@y',
      envelopeTo: ['c@d.test', 'e@f.test'],
      from: expect.stringContaining('Jürgen'),
      receivedAt: Date.UTC(2026, 0, 2),
    },
  ])
})

test('filters: recipient, sender in the envelope or From, subject, time, number; newest first', async () => {
  let now = 1000
  const { lab } = openBox({ now: () => now })
  for (const [from, to, subject] of [
    ['a@x.test', 'one@y.test', 'first'],
    ['b@x.test', 'two@y.test', 'second'],
    ['A@x.test', 'two@y.test', 'third'],
  ] as const) {
    await sendTo(lab, { host, from, to: [to], message: `Subject: ${subject}\r\nFrom: boss@z.test\r\n\r\nx\r\n` })
    now += 1000
  }
  const ids = async (filter: Parameters<typeof lab.inbox.list>[0]): Promise<string[]> => (await lab.inbox.list(filter)).map(({ id }) => id)
  expect(await ids({})).toEqual(['3', '2', '1'])
  expect(await ids({ to: 'TWO@y.test' })).toEqual(['3', '2'])
  expect(await ids({ from: 'a@x.test' })).toEqual(['3', '1'])
  expect(await ids({ from: 'boss@z.test', limit: 1 })).toEqual(['3'])
  expect(await ids({ subject: subject => /IR/i.test(subject) })).toEqual(['3', '1'])
  expect(await ids({ since: 2000 })).toEqual(['3', '2'])
  expect(await ids({ to: 'nobody@y.test' })).toEqual([])
  expect(await lab.inbox.clear()).toBe(3)
  expect(await lab.inbox.clear()).toBe(0)
  expect(await lab.inbox.get('3')).toBeUndefined()
  await expect(lab.inbox.open('3')).rejects.toMatchObject({ code: 'not-found' })
  await expect(lab.inbox.open('x')).rejects.toMatchObject({ code: 'not-found' })
  await sendTo(lab, { host, to: ['c@d.test'] })
  expect(await ids({})).toEqual(['4'])
})

test('the inbox and the authority outlive the process', async () => {
  const box = openBox()
  await sendTo(box.lab, { host, to: ['c@d.test'] })
  const authority = box.lab.authority()
  const later = await box.reopen()
  expect(await later.inbox.list({})).toHaveLength(1)
  expect(later.authority()).toBe(authority)
})

test('a large message comes in pieces and is whole; one that is broken off leaves nothing', async () => {
  const { lab, file } = openBox()
  const line = `${randomBytes(54).toString('base64')}\r\n`
  const body = line.repeat(40_000)
  const sent = createHash('sha256').update(`Subject: large\r\n\r\n${body}`).digest('hex')
  const message = Readable.from([`Subject: large\r\n\r\n`, body])
  expect((await sendTo(lab, { host, to: ['c@d.test'], message })).code).toBe(250)
  const hash = createHash('sha256')
  const stored = await readAll(await lab.inbox.open('1'))
  hash.update(stored.subarray(TOP.exec(stored.toString('latin1', 0, 5000))?.[0].length))
  expect(hash.digest('hex')).toBe(sent)
  expect(await lab.inbox.list({})).toMatchObject([{ subject: 'large' }])

  const client = await RawSmtp.open(await lab.door(host, '127.0.0.1'))
  await client.reply()
  client.send('EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n')
  for (let i = 0; i < 4; i += 1) await client.reply()
  const database = openDatabase(file, LAB_MIGRATIONS)
  const pieces = (): number => Number(database.prepare('SELECT count(*) AS n FROM inbox_chunk WHERE message <> 1').get()?.n)
  client.send(body)
  await expect.poll(pieces).toBeGreaterThan(3)
  client.close()
  await expect.poll(pieces).toBe(0)
  database.close()
  expect(await lab.inbox.list({})).toHaveLength(1)
})

test('a message that goes round in circles is refused', async () => {
  const { lab } = openBox()
  const message = `${'Received: from a by b; Fri, 02 Jan 2026 00:00:00 +0000\r\n'.repeat(101)}\r\nx\r\n`
  expect(await sendTo(lab, { host, to: ['c@d.test'], message })).toMatchObject({ code: 554 })
  expect(await lab.inbox.list({})).toEqual([])
})

test('what strangers say cannot become a field of ours', async () => {
  const { lab } = openBox()
  const client = await RawSmtp.open(await lab.door(host, '127.0.0.1'))
  await client.reply()
  client.send('EHLO (evil);dkim=pass\r\nMAIL FROM:<"a)\\;dkim=pass"@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nx: y\r\n\r\n.\r\nQUIT\r\n')
  await client.rest()
  const stored = (await readAll(await lab.inbox.open('1'))).toString()
  expect(stored).toContain('from _evil__dkim_pass (')
  expect(stored.match(/dkim=pass/g)).toHaveLength(1) // the return path itself, inside its brackets
})
