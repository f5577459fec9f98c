/** The box's name server: what was published, over what everybody has by default. */
import { Resolver } from 'node:dns/promises'
import { afterEach, expect, test } from 'vitest'
import { MailctlError } from '../../src/base/errors.ts'
import type { DnsRecord, RecordType } from '../../src/mail/dns-record.ts'
import { recordData } from '../../src/mail/dns-record.ts'
import { closeBoxes, openBox } from '../support/lab-box.ts'

afterEach(closeBoxes)

const say = (lab: ReturnType<typeof openBox>['lab'], name: string, type: RecordType): string => {
  const { rcode, answers } = lab.zone.lookup({ name, type })
  if (rcode !== 'NOERROR') return rcode
  return answers.length === 0 ? 'no data' : answers.map(recordData).join(' | ')
}
const txt = (name: string, text: string): DnsRecord => ({ type: 'TXT', name, ttl: 60, text })

test.each<[string, RecordType, string]>([
  ['anything.example', 'MX', '10 mx.everybody.test'],
  ['Anything.Example.', 'A', '127.0.0.1'],
  ['anything.example', 'AAAA', '::1'],
  ['anything.example', 'TXT', 'no data'],
  ['mx.everybody.test', 'A', '127.0.0.1'],
  ['gone.invalid', 'MX', 'NXDOMAIN'],
  ['com', 'MX', 'NXDOMAIN'],
  ['_dmarc.anything.example', 'TXT', 'NXDOMAIN'],
  ['abc._domainkey.anything.example', 'TXT', 'NXDOMAIN'],
  ['abc.dkim.amazonses.com', 'TXT', 'NXDOMAIN'],
  ['gmail.com', 'MX', '5 gmail-smtp-in.l.google.com | 10 alt1.gmail-smtp-in.l.google.com | 20 alt2.gmail-smtp-in.l.google.com'],
  ['nullmx.test', 'MX', '0 .'],
  ['nullmx.test', 'A', 'no data'],
  ['second-mx.test', 'MX', '10 mx1.second-mx.test | 20 mx2.second-mx.test'],
  ['mx.ipv6.test', 'AAAA', '::1'],
  ['mx.ipv6.test', 'A', 'no data'],
  ['ipv6.test', 'A', 'no data'],
  ['amazonses.com', 'TXT', 'v=spf1 ip4:127.0.0.1 ip6:::1 ~all'],
  ['amazon.com', 'TXT', 'v=spf1 ip4:127.0.0.1 ip6:::1 ~all'],
  ['feedback-smtp.us-east-1.amazonses.com', 'A', '127.0.0.1'],
  ['mta.example.test', 'TXT', 'v=spf1 a ip4:127.0.0.1 ip6:::1 ~all'],
  ['1.0.0.127.in-addr.arpa', 'PTR', 'mta.example.test'],
  ['2.0.0.127.in-addr.arpa', 'PTR', 'NXDOMAIN'],
])('%s %s: %s', (name, type, said) => expect(say(openBox().lab, name, type)).toBe(said))

test('published records are found at once, also by the next process, and only they are removed', async () => {
  const box = openBox()
  const key = txt('Abc._domainkey.example.test', 'v=DKIM1; p=abc')
  box.lab.zone.add([key, key, txt('example.test', 'v=spf1 -all'), txt('example.test', 'other')])
  expect(say(box.lab, 'abc._domainkey.example.test', 'TXT')).toBe('v=DKIM1; p=abc')
  const later = await box.reopen()
  expect(say(later, 'example.test', 'TXT')).toBe('v=spf1 -all | other')
  expect(say(later, 'example.test', 'MX')).toBe('10 mx.everybody.test')
  expect(say(later, '_domainkey.example.test', 'TXT')).toBe('no data')
  later.zone.remove([txt('example.test', 'other'), txt('example.test', 'never there')])
  expect(say(later, 'example.test', 'TXT')).toBe('v=spf1 -all')
  later.zone.remove([key])
  expect(say(later, '_domainkey.example.test', 'TXT')).toBe('NXDOMAIN')
})

test('what is published stands instead of the default of the same type', () => {
  const { lab } = openBox()
  lab.zone.add([{ type: 'MX', name: 'gmail.com', ttl: 60, preference: 1, exchange: 'mine.test' }, txt('mta.example.test', 'v=spf1 -all')])
  expect(say(lab, 'gmail.com', 'MX')).toBe('1 mine.test')
  expect(say(lab, 'mta.example.test', 'TXT')).toBe('v=spf1 -all')
})

test('CNAMEs are followed inside the box; a loop is a failure; nothing stands beside one', () => {
  const { lab } = openBox()
  const alias = (name: string, target: string): DnsRecord => ({ type: 'CNAME', name, ttl: 60, target })
  lab.zone.add([
    alias('t._domainkey.example.test', 't.dkim.amazonses.com'),
    alias('a._x.test', 'b._x.test'),
    alias('b._x.test', 'a._x.test'),
  ])
  expect(say(lab, 't._domainkey.example.test', 'TXT')).toBe('NXDOMAIN')
  lab.zone.add([txt('t.dkim.amazonses.com', 'p=key')])
  expect(say(lab, 't._domainkey.example.test', 'TXT')).toBe('t.dkim.amazonses.com | p=key')
  expect(lab.zone.lookup({ name: 'a._x.test', type: 'TXT' }).rcode).toBe('SERVFAIL')
  expect(() => lab.zone.add([txt('t._domainkey.example.test', 'x')])).toThrow(MailctlError)
  expect(() => lab.zone.add([alias('t.dkim.amazonses.com', 'x.test')])).toThrow(MailctlError)
  expect(() => lab.zone.add([txt('a b.test', 'x')])).toThrow(MailctlError)
})

test('octets of TXT and TLSA records survive the file', () => {
  const { lab } = openBox()
  const records: DnsRecord[] = [
    txt('x.test', 'p=\u00e9\u00ff"\\;'),
    { type: 'TLSA', name: '_25._tcp.x.test', ttl: 60, usage: 3, selector: 1, matching: 1, data: Buffer.from([0, 255, 7]) },
  ]
  lab.zone.add(records)
  expect(say(lab, 'x.test', 'TXT')).toBe('p=\u00e9\u00ff"\\;')
  expect(say(lab, '_25._tcp.x.test', 'TLSA')).toBe('3 1 1 00ff07')
})

test('the system resolver library gets the same answers over UDP', async () => {
  const { lab } = openBox()
  const { address, port } = await lab.dns()
  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  resolver.setServers([`${address}:${port}`])
  lab.zone.add([txt('_dmarc.example.test', 'v=DMARC1; p=none')])
  expect(await resolver.resolveMx('web.de')).toHaveLength(2)
  expect(await resolver.resolveTxt('_dmarc.example.test')).toEqual([['v=DMARC1; p=none']])
  await expect(resolver.resolve4('x.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(resolver.resolveTxt('plain.test')).rejects.toMatchObject({ code: 'ENODATA' })
})
