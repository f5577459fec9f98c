import { expect, test } from 'vitest'
import type { CheckFacts } from '../../../src/mail/check-facts.ts'
import { isRejected, judgeMessage, RULE_PACKS } from '../../../src/mail/check-rules.ts'
import { CHECKS, type CheckName, type CheckResult } from '../../../src/mail/checks.ts'
import { htmlFacts } from '../../../src/mail/html-facts.ts'
import { queryName, reverseName } from '../../../src/mail/reverse-name.ts'

const good: CheckFacts = {
  fields: [
    ['From', 'Shop <orders@shop.example>'],
    ['To', 'ann@gmail.com'],
    ['Subject', 'Hi'],
    ['List-Unsubscribe', '<mailto:u@shop.example>, <https://shop.example/u>'],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
  ],
  from: ['orders@shop.example'],
  subject: 'Hi',
  text: 'Hello',
  html: '<p>Hello <a href="https://www.shop.example/a">shop.example</a>, this is a message with words enough</p>',
  refusal: null,
  spf: { domain: 'bounce.shop.example', result: 'pass', detail: '' },
  dkim: [{ domain: 'shop.example', selector: 's1', result: 'pass', detail: '' }],
  signedFields: ['from', 'list-unsubscribe', 'list-unsubscribe-post'],
  dmarc: { domain: 'shop.example', result: 'pass', policy: 'reject' },
  client: { ip: '192.0.2.1', name: 'mta.shop.example', leadsBack: true },
  hostname: 'mta.shop.example',
  tlsPolicy: 'OPTIONAL',
  isRelayed: false,
  lists: [{ zone: 'list.test', answer: null }],
}
const html = (text: string): Partial<CheckFacts> => ({ html: text })
const unauthenticated: Partial<CheckFacts> = { spf: { domain: 'x.test', result: 'fail', detail: '' }, dkim: [] }

test('a message with nothing wrong passes every rule, of bulk senders too', () => {
  const findings = judgeMessage(good, { bulk: true })
  expect(findings.filter(({ status }) => status !== 'PASSED').map(({ rule, evidence }) => [rule.id, evidence])).toEqual([])
  expect(isRejected(findings)).toBe(false)
})

test.each<[check: CheckName, facts: Partial<CheckFacts>, status: CheckResult['status'], evidence: RegExp]>([
  ['accepted', { refusal: 'Daily message quota exceeded.' }, 'FAILED', /quota/],
  ['oneFrom', { from: ['a@x.test', 'b@x.test'] }, 'FAILED', /a@x\.test, b@x\.test/],
  ['oneFrom', { fields: [...good.fields, ['from', 'b@x.test']] }, 'FAILED', /From/],
  ['oneFrom', { fields: [], from: [] }, 'FAILED', /nobody/],
  ['fieldsOnce', { fields: [...good.fields, ['SUBJECT', 'Again']] }, 'FAILED', /subject stands more than once/],
  ['fieldsOnce', { fields: [...good.fields, ['Received', 'a'], ['Received', 'b']] }, 'PASSED', /No field/],
  ['asciiHeader', { fields: [['Subject', 'Gr\xfc\xdfe']] }, 'FAILED', /Subject/],
  ['visibleRecipient', { fields: [['To', 'undisclosed-recipients:;']] }, 'FAILED', /undisclosed/],
  ['spf', { spf: null }, 'UNKNOWN', /--ip/],
  ['spf', { spf: { domain: 'x.test', result: 'softfail', detail: 'why' } }, 'FAILED', /softfail \(why\)/],
  ['spf', { spf: { domain: 'x.test', result: 'temperror', detail: '' } }, 'UNKNOWN', /temperror/],
  ['dkim', { dkim: [] }, 'FAILED', /No signature/],
  ['dkim', { dkim: [{ domain: 'x.test', selector: 's', result: 'fail', detail: 'body' }] }, 'FAILED', /d=x\.test s=s: fail \(body\)/],
  ['dkim', { dkim: [{ domain: 'x.test', selector: 's', result: 'temperror', detail: '' }] }, 'UNKNOWN', /temperror/],
  ['spfOrDkim', { dkim: [] }, 'PASSED', /SPF of bounce/],
  ['spfOrDkim', unauthenticated, 'FAILED', /fail; No signature/],
  ['spfOrDkim', { spf: null, dkim: [] }, 'UNKNOWN', /not known/],
  ['dmarcRecord', { dmarc: { domain: 'shop.example', result: 'none', policy: '' } }, 'FAILED', /no record/],
  ['dmarcRecord', { dmarc: { domain: 'shop.example', result: 'temperror', policy: '' } }, 'UNKNOWN', /_dmarc\.shop\.example/],
  ['aligned', { dmarc: { domain: 'shop.example', result: 'fail', policy: 'none' } }, 'FAILED', /fail/],
  ['dmarcPolicy', { dmarc: { domain: 'shop.example', result: 'fail', policy: 'none' } }, 'PASSED', /p=none/],
  ['dmarcPolicy', { dmarc: { domain: 'shop.example', result: 'fail', policy: 'quarantine' } }, 'FAILED', /p=quarantine/],
  ['reverseDns', { client: null }, 'UNKNOWN', /--ip/],
  ['reverseDns', { client: { ip: '192.0.2.1', name: null, leadsBack: false } }, 'FAILED', /no PTR/],
  ['reverseDns', { client: { ip: '192.0.2.1', name: 'a.test', leadsBack: false } }, 'FAILED', /a\.test, which does not/],
  ['reverseDns', { client: { ip: '192.0.2.1', name: undefined, leadsBack: false } }, 'UNKNOWN', /did not answer/],
  ['tls', { isRelayed: true }, 'UNKNOWN', /relay/],
  ['oneClick', { fields: [] }, 'FAILED', /No List-Unsubscribe field/],
  ['oneClick', { fields: [['List-Unsubscribe', '<mailto:u@x.test>']] }, 'FAILED', /no https/],
  ['oneClick', { fields: [['List-Unsubscribe', '<https://x.test/u>']] }, 'FAILED', /No List-Unsubscribe-Post/],
  ['oneClickSigned', { signedFields: ['from', 'list-unsubscribe'] }, 'FAILED', /list-unsubscribe-post/],
  ['oneClickSigned', { fields: [] }, 'SKIPPED', /no one-click/],
  ['ownDomain', { from: ['ann@yahoo.co.uk'] }, 'FAILED', /yahoo\.co\.uk/],
  ['subject', { subject: ' ' }, 'FAILED', /No subject/],
  ['htmlSize', html('x'.repeat(102 * 1024)), 'FAILED', /104448/],
  ['htmlSize', html('x'.repeat(102 * 1024 - 1)), 'PASSED', /104447/],
  ['textPart', { text: null }, 'FAILED', /HTML alone/],
  ['textPart', { text: null, html: null }, 'SKIPPED', /No HTML/],
  [
    'imageOnly',
    html('<style>a { color: red; and much more of the kind here }</style><img src="a.png"><p>Look!</p>'),
    'FAILED',
    /1 pictures, 5 characters/,
  ],
  ['linkHost', html('<a href="http://evil.test/">https://www.bank.example/login</a>'), 'FAILED', /leads to evil\.test/],
  ['linkHost', html('<a href="https://bank.example.evil.test/"><b>bank</b>.example</a>'), 'FAILED', /'bank\.example' leads/],
  ['linkHost', html('<a href="https://secure.bank.example/">www.bank.example</a>'), 'PASSED', /1 links/],
  ['linkHost', html('<a href="https://evil.test/">Read more</a>'), 'PASSED', /1 links/],
  ['linkHost', html('<a href="mailto:a@x.test">x.test</a>'), 'PASSED', /1 links/],
  ['linkAddress', html('<a href=http://192.0.2.7/a>go</a>'), 'FAILED', /192\.0\.2\.7/],
  ['dnsbl', { lists: [{ zone: 'l.test', answer: '127.0.0.2' }] }, 'FAILED', /192\.0\.2\.1 is on l\.test \(127\.0\.0\.2\)/],
  ['dnsbl', { lists: [{ zone: 'l.test', answer: undefined }] }, 'UNKNOWN', /No answer from l\.test/],
  ['dnsbl', { lists: [] }, 'SKIPPED', /--dnsbl/],
])('%s: %j', (check, facts, status, evidence) => {
  expect(CHECKS[check]({ ...good, ...facts })).toEqual({ status, evidence: expect.stringMatching(evidence) })
})

test('what only bulk senders must do is a warning for others', () => {
  const facts = { ...good, dmarc: { domain: 'shop.example', result: 'none', policy: '' } }
  const levelOf = (bulk: boolean) => judgeMessage(facts, { bulk }).find(({ rule }) => rule.id === 'gmail-yahoo.dmarc-record')?.level
  expect([levelOf(false), levelOf(true)]).toEqual(['warning', 'rejection'])
  expect([false, true].map(bulk => isRejected(judgeMessage(facts, { bulk })))).toEqual([false, true])
})

test('replies and remedies are filled in, and only of what failed', () => {
  const findings = judgeMessage({ ...good, client: { ip: '192.0.2.1', name: null, leadsBack: false } }, { bulk: false })
  expect(findings.find(({ rule }) => rule.check === 'reverseDns')).toMatchObject({
    predictedReply: expect.stringContaining('[192.0.2.1]'),
    fix: 'Have the PTR record of 192.0.2.1 name mta.shop.example, and let mta.shop.example have 192.0.2.1 as an address.',
  })
  for (const { status, predictedReply, fix } of findings) {
    if (status !== 'FAILED') expect([predictedReply, fix]).toEqual([null, null])
    expect(`${predictedReply} ${fix}`).not.toMatch(/\{\w+\}/)
  }
})

test('packs are dated, versioned and complete; ids stand once', () => {
  const rules = RULE_PACKS.flatMap(pack => pack.rules)
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  expect([...new Set(rules.map(({ check }) => check))].toSorted()).toEqual(Object.keys(CHECKS).toSorted())
  for (const { name, version, date, rules: own } of RULE_PACKS) {
    expect([version, date]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/), expect.stringMatching(/^20\d\d-\d\d-\d\d$/)])
    for (const { id, level, source, reply } of own) {
      expect(id.startsWith(`${name}.`)).toBe(true)
      expect(['rejection', 'warning', 'note']).toContain(level)
      expect(source).not.toBe('')
      if (reply !== null) expect(reply).toMatch(/^[45]\d\d[- ]/)
    }
  }
})

test('HTML: comments, styles and entities are no text, and hostile input ends', () => {
  expect(htmlFacts('<!-- <a href="x">y</a> --><TITLE>t</TITLE>a&amp;b<br>c <a HREF=\'http://x.test/?a=1&amp;b=2\'>x<i>y</i></a>')).toEqual({
    text: 'a&b c xy',
    images: 0,
    links: [{ href: 'http://x.test/?a=1&b=2', text: 'xy' }],
  })
  for (const unit of ['<!--', '<', '<a ', '<a href=', '<a href="', '&', '<style>', '<a href=x>'])
    expect(htmlFacts(unit.repeat(200_000 / unit.length)).images).toBe(0)
})

test.each([
  ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
  ['2001:DB8::1', `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`],
  ['::ffff:192.0.2.1', `1.0.2.0.0.0.0.c.f.f.f.f.${'0.'.repeat(20)}ip6.arpa`],
  ['::', `${'0.'.repeat(32)}ip6.arpa`],
  ['1:2:3:4:5:6:7:8', '8.0.0.0.7.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.ip6.arpa'],
])('the name of %s in DNS is %s', (ip, name) => {
  expect(reverseName(ip)).toBe(name)
})

test('a block list is asked about the address backwards', () => {
  expect(queryName('192.0.2.99', 'bad.example')).toBe('99.2.0.192.bad.example')
})
