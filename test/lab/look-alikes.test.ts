/** The look-alikes, met by an independent client over real sessions: what a sender is refused for, what it is remembered for. */
import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/adapters/sqlite/driver.ts'
import { LAB_MIGRATIONS } from '../../src/lab/schema.ts'
import { SenderHistory } from '../../src/lab/sender-history.ts'
import { closeBoxes, openBox, sendTo } from '../support/lab-box.ts'
import { RawSmtp } from '../support/raw-smtp.ts'

afterEach(closeBoxes)

const HOUR = 3_600_000
const HOSTS = {
  gmail: ['gmail-smtp-in.l.google.com', 'x@gmail.com'],
  outlook: ['outlook-com.olc.protection.outlook.com', 'x@outlook.com'],
  yahoo: ['mta5.am0.yahoodns.net', 'x@yahoo.com'],
  gmx: ['mx00.emig.gmx.net', 'x@gmx.de'],
} as const
const spf = (text: string) => ({ type: 'TXT', name: 'sender.test', ttl: 60, text }) as const
const PASSES = spf('v=spf1 ip4:127.0.0.1 -all')
const message = (...fields: string[]) => ['From: ann@sender.test', 'Message-ID: <1@sender.test>', ...fields, '', 'Hello', ''].join('\r\n')

type Lab = ReturnType<typeof openBox>['lab']
const send = async (lab: Lab, name: keyof typeof HOSTS, text = message()) => {
  const [host, to] = HOSTS[name]
  return (await sendTo(lab, { host, to: [to], message: text })).response
}

test.each<[keyof typeof HOSTS, RegExp]>([
  ['gmail', /^550-5\.7\.26 This email has been blocked because the sender is unauthenticated\.[\s\S]+550 5\.7\.26 [\s\S]+ - gsmtp$/],
  ['yahoo', /^550-5\.7\.9 This mail has been blocked because the sender is unauthenticated/],
  ['gmx', /^450-Requested mail action not taken: mailbox unavailable/],
  ['outlook', /^250 2\.0\.0 Queued mail for delivery/],
])('%s and mail with neither SPF nor DKIM', async (name, reply) => {
  const { lab } = openBox()
  expect(await send(lab, name)).toMatch(reply)
  expect(await lab.inbox.list({})).toHaveLength(name === 'outlook' ? 1 : 0)
})

test('gmx takes what it greylisted when it comes again, also at its other host and from the next process', async () => {
  const box = openBox()
  expect(await send(box.lab, 'gmx')).toMatch(/^450/)
  const later = await box.reopen()
  expect((await sendTo(later, { host: 'mx01.emig.gmx.net', to: ['x@gmx.de'], message: message() })).response).toMatch(
    /^250 2\.0\.0 Requested mail/,
  )
})

test('gmx refuses what the domain owner does not permit, at RCPT', async () => {
  const { lab } = openBox()
  lab.zone.add([spf('v=spf1 -all')])
  expect(await send(lab, 'gmx')).toMatch(/^550-[\s\S]+Reject due to SPF policy/)
  expect(await send(lab, 'gmail')).toMatch(/^550-5\.7\.26 The \(E\)MAIL FROM domain \[sender\.test\]/)
})

test('an address without a name that leads back: gmx closes at the greeting, gmail and yahoo refuse the message', async () => {
  const { lab } = openBox()
  lab.zone.add([PASSES, { type: 'PTR', name: '1.0.0.127.in-addr.arpa', ttl: 60, target: 'other.test' }])
  lab.zone.add([{ type: 'A', name: 'other.test', ttl: 60, address: '192.0.2.9' }])
  const client = await RawSmtp.open(await lab.door(HOSTS.gmx[0], '127.0.0.1'))
  expect((await client.reply())?.lines).toContain('Bad DNS PTR resource record.')
  client.close()
  expect(await send(lab, 'gmail')).toMatch(/^550-5\.7\.25 /)
  expect(await send(lab, 'yahoo')).toMatch(/^554-?.?5\.7\.25 /)
})

test('DMARC: reject is refused, quarantine goes to the folder for spam', async () => {
  const { lab } = openBox()
  lab.zone.add([PASSES])
  const other = message().replace('From: ann@sender.test', 'From: ann@other.test')
  const policy = (p: string) => ({ type: 'TXT', name: '_dmarc.other.test', ttl: 60, text: `v=DMARC1; p=${p}` }) as const
  lab.zone.add([policy('reject')])
  expect(await send(lab, 'gmail', other)).toMatch(/^550-5\.7\.26 Unauthenticated email from other\.test is not accepted/)
  expect(await send(lab, 'outlook', other)).toMatch(/^550-5\.7\.509 Access denied, sending domain other\.test/)
  expect(await send(lab, 'yahoo', other)).toMatch(/^554-5\.7\.9 Message not accepted for policy reasons/)
  expect(await send(lab, 'gmx', other)).toMatch(/^554-Transaction failed/)
  lab.zone.remove([policy('reject')])
  lab.zone.add([policy('quarantine')])
  for (const name of ['gmail', 'outlook', 'yahoo', 'gmx'] as const) expect(await send(lab, name, other), name).toMatch(/^250/)
  expect((await lab.inbox.list({})).map(({ folder, rules }) => [folder, ...rules])).toEqual(
    ['gmx', 'yahoo', 'outlook', 'gmail'].map(name => ['spam', `${name}: dmarc-quarantine`]),
  )
})

test('a domain that once sent in bulk must have SPF, DKIM and DMARC from then on, in the next process too', async () => {
  const box = openBox({ scale: 2_500 })
  box.lab.zone.add([PASSES])
  for (const name of ['gmail', 'outlook', 'yahoo'] as const) {
    expect(await send(box.lab, name), name).toMatch(/^250/)
    expect(await send(box.lab, name), name).toMatch(/^250/)
  }
  const later = (await box.reopen()) as Lab
  expect(await send(later, 'gmail')).toMatch(/^550-5\.7\.30 /)
  expect(await send(later, 'outlook')).toMatch(/^550-5\.7\.515 Access denied, sending domain sender\.test/)
  expect(await send(later, 'yahoo')).toMatch(/^554-5\.7\.9 /)
})

test('what may come in an hour: then "slower", by address, until time has passed', async () => {
  let now = Date.UTC(2026, 0, 2)
  const { lab } = openBox({ scale: 5_000, now: () => now })
  lab.zone.add([PASSES])
  const each = async (name: keyof typeof HOSTS) =>
    [await send(lab, name), await send(lab, name), await send(lab, name)].map(reply => reply.slice(0, 3))
  expect(await each('gmx')).toEqual(['250', '250', '421'])
  expect(await send(lab, 'gmx')).toMatch(/^421 Rate limit reached/)
  now += HOUR / 2
  expect(await each('gmx')).toEqual(['250', '421', '421'])
  await lab.inbox.forgetSenders()
  expect(await each('gmx')).toEqual(['250', '250', '421'])
})

test('the history of a sender: a week, by provider and kind; bulk for good; allowance refilled', () => {
  const database = openDatabase(`${openBox().file}.history`, LAB_MIGRATIONS)
  let now = Date.UTC(2026, 0, 2)
  const history = new SenderHistory({ database, now: () => now }, 'gmail', { bulk: 3, perHour: 4 })
  const other = new SenderHistory({ database, now: () => now }, 'gmx', { bulk: 3, perHour: 4 })
  expect(history.of('domain', 'a.test')).toEqual({ taken: 0, unknown: 0, complaints: 0, isBulk: false, allowance: 4 })
  history.took('domain', 'a.test', 2, 1)
  history.refusedUnknown('ip', 'a.test')
  expect(history.of('domain', 'a.test')).toEqual({ taken: 2, unknown: 0, complaints: 1, isBulk: false, allowance: 3 })
  now += HOUR / 8
  history.took('domain', 'a.test', 1)
  expect(history.of('domain', 'a.test')).toEqual({ taken: 3, unknown: 0, complaints: 1, isBulk: true, allowance: 2.5 })
  now += 7 * 24 * HOUR
  expect(history.of('domain', 'a.test')).toEqual({ taken: 0, unknown: 0, complaints: 0, isBulk: true, allowance: 4 })
  expect(other.of('domain', 'a.test')).toMatchObject({ taken: 0, isBulk: false })
  database.close()
})
