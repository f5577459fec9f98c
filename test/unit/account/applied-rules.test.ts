import { expect, test } from 'vitest'
import { type AcceptedMail, type AdmissionFacts, appliedRules, type Rule } from '../../../src/account/applied-rules.ts'

const STANDING: AdmissionFacts = {
  production: false,
  sentLast24Hours: 12,
  max24HourSend: 200,
  maxSendRate: 1,
  suppressedReasons: ['BOUNCE', 'COMPLAINT'],
}
const MAIL: AcceptedMail = {
  fromAddress: 'orders@shop.example',
  identity: 'shop.example',
  recipients: ['ann@gmail.com'],
  configurationSet: null,
  signedBy: ['k._domainkey.shop.example'],
  envelopeFrom: 'id@mail.test',
  acceptedAt: 0,
  expiresAt: 14 * 3_600_000,
  standing: STANDING,
}
const delivery = { tlsPolicy: 'OPTIONAL', sendingPoolName: null, maxDeliverySeconds: null } as const
const textOf = (rule: Rule, mail: Partial<AcceptedMail>): string | undefined =>
  appliedRules({ ...MAIL, ...mail }).find(one => one.rule === rule)?.text
const standing = (more: Partial<AdmissionFacts>) => ({ standing: { ...STANDING, ...more } })

test.each<[Rule, Partial<AcceptedMail>, string | undefined]>([
  ['IDENTITY', {}, 'shop.example speaks for orders@shop.example: a verified domain stands for its addresses'],
  [
    'IDENTITY',
    { fromAddress: 'a@eu.shop.example' },
    'shop.example speaks for a@eu.shop.example: a verified domain stands for its subdomains too',
  ],
  ['IDENTITY', { identity: 'orders@shop.example' }, 'orders@shop.example speaks for orders@shop.example: the address itself is verified'],
  [
    'IDENTITY',
    { identity: 'orders@shop.example', fromAddress: 'orders+1@shop.example' },
    'orders@shop.example speaks for orders+1@shop.example: a verified address stands for itself with any label',
  ],
  ['SANDBOX', {}, 'the account is in the sandbox: every recipient is verified, or the simulator'],
  ['SANDBOX', standing({ production: true }), 'the account has production access: recipients need not be verified'],
  ['QUOTA', {}, '12 of 200 used in 24 hours; this message has 1 recipient'],
  ['QUOTA', standing({ max24HourSend: -1 }), '12 used in 24 hours, of any number; this message has 1 recipient'],
  [
    'QUOTA',
    { recipients: ['ann@gmail.com', 'bob@gmail.com', 'bounce@simulator.amazonses.com'] },
    '12 of 200 used in 24 hours; this message has 2 recipients, and 1 of the simulator that does not count',
  ],
  ['RATE', standing({ maxSendRate: 14 }), 'up to 14 recipients a second, and there was one to spare'],
  ['CONFIGURATION_SET', {}, 'none'],
  ['CONFIGURATION_SET', { configurationSet: 'main' }, 'main'],
  [
    'CONFIGURATION_SET',
    { configurationSet: 'main', ...standing({ isDefaultSet: true }) },
    'main, which the identity has for messages that name none',
  ],
  ['SUPPRESSION', {}, 'the account suppresses for BOUNCE and COMPLAINT'],
  ['SUPPRESSION', standing({ suppressedReasons: [] }), "the account's list is not used: who bounced hard lately gets nothing"],
  ['SUPPRESSION', { configurationSet: 'main', suppressedReasons: ['BOUNCE'] }, 'main suppresses for BOUNCE'],
  ['SUPPRESSION', { configurationSet: 'main', suppressedReasons: [] }, 'main suppresses nobody'],
  ['LIST', {}, undefined],
  ['LIST', { listManagement: { list: 'news', topic: null } }, 'of the contact list news: who unsubscribed from it gets nothing'],
  ['LIST', { listManagement: { list: 'news', topic: 'weekly' } }, 'of the topic weekly of news: who unsubscribed gets nothing'],
  ['MAIL_FROM', {}, '<id@mail.test>'],
  [
    'MAIL_FROM',
    { envelopeFrom: 'id@bounce.shop.example', ...standing({ mailFrom: { domain: 'bounce.shop.example', isInUse: true } }) },
    "<id@bounce.shop.example>, by the identity's own MAIL FROM domain",
  ],
  [
    'MAIL_FROM',
    standing({ mailFrom: { domain: 'bounce.shop.example', isInUse: false } }),
    '<id@mail.test>, because the MAIL FROM domain bounce.shop.example is not verified',
  ],
  ['TRACKING', {}, undefined],
  [
    'TRACKING',
    standing({ tracked: ['opens', 'clicks'] }),
    'opens and clicks are tracked: links and pictures of the HTML lead by this account',
  ],
  ['SIGNATURE', {}, 'signed with k._domainkey.shop.example'],
  ['SIGNATURE', { signedBy: [] }, 'not signed: no domain with working DKIM speaks for the sender, or its signing is off'],
  ['TLS', {}, 'where the receiver has it, unless its domain asks for more'],
  ['TLS', { delivery: { ...delivery, tlsPolicy: 'REQUIRE' } }, 'required: nothing goes in the clear'],
  ['LIFETIME', {}, 'tried for 14h'],
  [
    'LIFETIME',
    { configurationSet: 'main', expiresAt: 600_000, delivery: { ...delivery, maxDeliverySeconds: 600 } },
    'tried for 10m, as main says',
  ],
])('%s of %j', (rule, mail, text) => expect(textOf(rule, mail)).toBe(text))

test('what was not written down is left out, and the rest is told', () => {
  const { standing: _, ...old } = MAIL
  expect(appliedRules(old).map(({ rule }) => rule)).toEqual(['IDENTITY', 'CONFIGURATION_SET', 'MAIL_FROM', 'SIGNATURE', 'TLS', 'LIFETIME'])
})
