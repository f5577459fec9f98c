/** Each domain of the box, met by an independent client over real sessions. */
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { MailctlError } from '../../src/base/errors.ts'
import { closeBoxes, openBox, sendTo } from '../support/lab-box.ts'
import { RawSmtp } from '../support/raw-smtp.ts'

afterEach(closeBoxes)

const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))
const inboxOf = (lab: ReturnType<typeof openBox>['lab']) => lab.inbox.list({})

test('anybody else accepts everything over TLS, with a certificate of the lab authority for the name it goes by', async () => {
  const { lab } = openBox()
  const sent = await sendTo(lab, {
    host: 'mx.everybody.test',
    to: ['bob@anything.example', 'eve@other.example'],
    tls: { ca: lab.authority(), servername: 'mx.everybody.test' },
  })
  expect(sent).toMatchObject({ accepted: ['bob@anything.example', 'eve@other.example'], code: 250, secure: true })
  await expect(
    sendTo(lab, { host: 'mx.everybody.test', to: ['a@b.example'], tls: { ca: lab.authority(), servername: 'mx.evil.example' } }),
  ).rejects.toThrow(/altnames/)
  expect(await inboxOf(lab)).toMatchObject([
    { id: '1', envelopeFrom: 'ann@sender.test', envelopeTo: ['bob@anything.example', 'eve@other.example'], receiver: 'mx.everybody.test' },
  ])
})

test('hosts that are not listed share one listener; listed ones have their own', async () => {
  const { lab } = openBox()
  const [one, two, gmail, gmailAgain] = await Promise.all([
    lab.door('mx.one.example', '127.0.0.1'),
    lab.door('mail.two.example', '127.0.0.1'),
    lab.door('gmail-smtp-in.l.google.com', '127.0.0.1'),
    lab.door('Gmail-SMTP-in.l.google.com', '127.0.0.1'),
  ])
  expect(two).toEqual(one)
  expect(gmail).toEqual(gmailAgain)
  expect(gmail).not.toEqual(one)
  const client = await RawSmtp.open(gmail)
  expect((await client.reply())?.lines[0]).toMatch(/^mx\.google\.com ESMTP/)
  client.close()
})

test.each([
  ['gmail-smtp-in.l.google.com', 'a@gmail.com'],
  ['outlook-com.olc.protection.outlook.com', 'a@outlook.com'],
  ['mta5.am0.yahoodns.net', 'a@yahoo.com'],
  ['mx00.emig.gmx.net', 'a@gmx.de'],
])('%s takes mail for %s', async (host, to) => {
  const { lab } = openBox()
  const message = 'From: ann@sender.test\r\nMessage-ID: <1@sender.test>\r\n\r\nHello\r\n'
  lab.zone.add([{ type: 'TXT', name: 'sender.test', ttl: 60, text: 'v=spf1 ip4:127.0.0.1 -all' }])
  expect((await sendTo(lab, { host, to: [to], message })).code).toBe(250)
  expect(await inboxOf(lab)).toMatchObject([{ receiver: host, folder: 'inbox', rules: [] }])
})

test('greylist.test: 451 the first time for each triple, 250 from then on, also for the next process', async () => {
  const box = openBox()
  const host = 'mx.greylist.test'
  const to = ['bob@greylist.test']
  expect(await sendTo(box.lab, { host, to })).toMatchObject({ code: 451, response: expect.stringContaining('451 4.7.1 ') })
  expect((await sendTo(box.lab, { host, to: ['other@greylist.test'] })).code).toBe(451)
  const later = await box.reopen()
  expect((await sendTo(later, { host, to })).code).toBe(250)
  expect((await sendTo(later, { host, to })).code).toBe(250)
  expect((await sendTo(later, { host, to, from: 'other@sender.test' })).code).toBe(451)
  expect(await inboxOf(later)).toHaveLength(2)
})

test.each([
  ['mailboxfull.test', '452 4.2.2 '],
  ['nouser.test', '550 5.1.1 '],
  ['spamtrap.test', '550 5.7.1 '],
])('%s answers %s and keeps nothing', async (domain, reply) => {
  const { lab } = openBox()
  expect((await sendTo(lab, { host: `mx.${domain}`, to: [`bob@${domain}`] })).response).toContain(reply)
  expect(await inboxOf(lab)).toEqual([])
})

test('spamtrap.test accepts every recipient before it refuses the message', async () => {
  const { lab } = openBox()
  const client = await RawSmtp.open(await lab.door('mx.spamtrap.test', '127.0.0.1'))
  client.send('')
  await client.reply()
  expect(await client.ask('EHLO c.test')).toBe(250)
  expect(await client.ask('MAIL FROM:<a@b.test>')).toBe(250)
  expect(await client.ask('RCPT TO:<x@spamtrap.test>')).toBe(250)
  expect(await client.ask('DATA')).toBe(354)
  expect(await client.ask('x\r\n.')).toBe(550)
  client.close()
})

test('slow.test answers slowly but surely', async () => {
  const { lab } = openBox()
  const before = performance.now()
  expect((await sendTo(lab, { host: 'mx.slow.test', to: ['a@slow.test'] })).code).toBe(250)
  const took = performance.now() - before
  expect(took).toBeGreaterThan(900)
  expect(took).toBeLessThan(10_000)
})

test('notls.test does not offer STARTTLS', async () => {
  const { lab } = openBox()
  expect(await sendTo(lab, { host: 'mx.notls.test', to: ['a@notls.test'] })).toMatchObject({ code: 250, secure: false })
})

test('badtls.test offers STARTTLS and fails the handshake; in the clear it takes mail', async () => {
  const { lab } = openBox()
  const sending = { host: 'mx.badtls.test', to: ['a@badtls.test'] } as const
  await expect(sendTo(lab, sending)).rejects.toThrow()
  expect(await sendTo(lab, { ...sending, ignoreTLS: true })).toMatchObject({ code: 250, secure: false })
})

test('oldtls.test speaks TLS 1.1 and nothing newer', async () => {
  const { lab } = openBox()
  const sending = { host: 'mx.oldtls.test', to: ['a@oldtls.test'] } as const
  await expect(sendTo(lab, sending)).rejects.toThrow()
  const client = await RawSmtp.open(await lab.door(sending.host, '127.0.0.1'))
  await client.reply()
  await client.ask('EHLO c.test')
  expect(await client.ask('STARTTLS')).toBe(220)
  client.socket.removeAllListeners('data')
  const secure = connectTls({ socket: client.socket, rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
  await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject))
  expect(secure.getProtocol()).toBe('TLSv1.1')
  secure.destroy()
})

/** How a connection to the door ends. */
const knock = async (lab: ReturnType<typeof openBox>['lab'], host: string): Promise<string> => {
  const { address, port } = await lab.door(host, '127.0.0.1')
  return new Promise(resolve => {
    const socket = connect(port, address)
    socket.once('connect', () => resolve('connected')).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.once('connect', () => socket.destroy())
  })
}

test('down.test refuses connections; of second-mx.test the first host does and the second takes mail', async () => {
  const { lab } = openBox()
  expect(await knock(lab, 'mx.down.test')).toBe('ECONNREFUSED')
  expect(await knock(lab, 'mx1.second-mx.test')).toBe('ECONNREFUSED')
  expect((await sendTo(lab, { host: 'mx2.second-mx.test', to: ['a@second-mx.test'] })).code).toBe(250)
})

test('drop-after-data.test says nothing after the final dot, and keeps nothing', async () => {
  const { lab } = openBox()
  const client = await RawSmtp.open(await lab.door('mx.drop-after-data.test', '127.0.0.1'))
  await client.reply()
  await client.ask('EHLO c.test')
  await client.ask('MAIL FROM:<a@b.test>')
  await client.ask('RCPT TO:<x@drop-after-data.test>')
  expect(await client.ask('DATA')).toBe(354)
  expect(await client.ask('x\r\n.')).toBeUndefined()
  expect(await inboxOf(lab)).toEqual([])
})

test('busy.test: 421 instead of a greeting', async () => {
  const { lab } = openBox()
  const client = await RawSmtp.open(await lab.door('mx.busy.test', '127.0.0.1'))
  expect(await client.rest()).toEqual([421])
})

test.skipIf(!hasIpv6)('ipv6.test takes mail on ::1 (skipped where this machine has no IPv6)', async () => {
  const { lab } = openBox()
  expect((await sendTo(lab, { host: 'mx.ipv6.test', address: '::1', to: ['a@ipv6.test'] })).code).toBe(250)
})

describe('the mailbox simulator', () => {
  const send = (lab: ReturnType<typeof openBox>['lab'], local: string, from = 'm1@mta.example.test') =>
    sendTo(lab, { host: 'simulator.amazonses.com', from, to: [`${local}@simulator.amazonses.com`] })

  test.each([
    ['success', '250 2.6.0 Message received'],
    ['SUCCESS+Label-7', '250 2.6.0 Message received'],
    ['complaint', '250 2.6.0 Message received'],
    ['ooto', '250 2.6.0 Message received'],
    ['bounce', '550 5.1.1 user unknown'],
    ['Bounce+x', '550 5.1.1 user unknown'],
    ['suppressionlist', '550 5.1.1 user unknown'],
    ['hi', '550 5.1.1 user unknown'],
  ])('%s: %s', async (local, response) => {
    const { lab } = openBox({ scope: 'simulator' })
    expect((await send(lab, local)).response).toBe(response)
  })

  test('delay: 451 first and 250 then, for every message anew', async () => {
    const { lab } = openBox({ scope: 'simulator' })
    const codes: (number | undefined)[] = []
    for (const from of ['m1@mta.test', 'm2@mta.test', 'm1@mta.test', 'm2@mta.test', 'm1@mta.test'])
      codes.push((await send(lab, 'delay+1', from)).code)
    expect(codes).toEqual([451, 451, 250, 250, 451])
  })

  test('outside the lab nobody else has a door', async () => {
    const { lab } = openBox({ scope: 'simulator' })
    await expect(lab.door('mx.everybody.test', '127.0.0.1')).rejects.toThrow(MailctlError)
    await expect(lab.door('evil-simulator.amazonses.com', '127.0.0.1')).rejects.toThrow(MailctlError)
  })
})

test('after close() there are no doors, and open sessions are ended', async () => {
  const { lab } = openBox()
  const client = await RawSmtp.open(await lab.door('mx.everybody.test', '127.0.0.1'))
  await client.reply()
  await client.ask('EHLO c.test')
  await client.ask('MAIL FROM:<a@b.test>')
  await client.ask('RCPT TO:<x@y.test>')
  await client.ask('DATA')
  client.send(`${'x'.repeat(600_000)}\r\n`)
  await lab.close()
  expect(await client.rest()).toEqual([])
  await expect(lab.door('mx.everybody.test', '127.0.0.1')).rejects.toThrow(/closed/)
})
