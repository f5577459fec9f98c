/** Recorded answers of SES and facts about it, against our rules about accounts. What has no check here is listed with the reason. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Account, SANDBOX, type SendingUsage } from '../../../src/account/account.ts'
import { type AdmissionQuestion, admit } from '../../../src/account/admit.ts'
import { checkSetName, noSuchSet } from '../../../src/account/configuration-set.ts'
import { smtpPassword } from '../../../src/account/credential.ts'
import { checkTag } from '../../../src/account/message-tags.ts'
import { countsOf } from '../../../src/account/reputation-counts.ts'
import { MailctlError } from '../../../src/base/errors.ts'
import { EXIT_CODES } from '../../../src/cli/exit-codes.ts'
import { MAX_MESSAGE_BYTES } from '../../../src/mail/body.ts'
import { MAX_RECIPIENTS } from '../../../src/mail/envelope.ts'
import { checkHeader, parseHeader } from '../../../src/mail/header.ts'
import { isSimulatorAddress } from '../../../src/mail/mailbox-simulator.ts'
import { replyTo } from '../../../src/smtpd/replies.ts'
import { identityOf, T0 } from '../../support/account.ts'

interface Fact {
  readonly id: string
  readonly [member: string]: unknown
}
interface Recorded {
  readonly 'recorded-content': Readonly<Record<string, { readonly Error?: { readonly Code: string; readonly Message: string } }>>
}
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const facts = read('api-facts.json') as readonly Fact[]
const snapshots = read('localstack-ses.snapshot.json') as Readonly<Record<string, Recorded>>

const sandbox: Account = {
  accountId: '123456789012',
  region: 'us-east-1',
  createdAt: T0,
  productionAccess: false,
  ...SANDBOX,
  sendingEnabled: true,
  enforcementStatus: 'HEALTHY',
  suppressedReasons: ['BOUNCE', 'COMPLAINT'],
}
const usage: SendingUsage = { sentLast24Hours: 0, tokens: 1, tokensAt: T0 }
const ask = (fields: Partial<AdmissionQuestion>): AdmissionQuestion => ({
  account: sandbox,
  network: 'live',
  identities: [identityOf('example.com')],
  senders: ['ann@example.com'],
  recipients: ['bob@example.com'],
  usage,
  ...fields,
})

function refusal(doing: () => unknown): MailctlError {
  try {
    doing()
  } catch (thrown) {
    if (thrown instanceof MailctlError) return thrown
    throw thrown
  }
  throw new Error('nothing was refused')
}
const smtp = (error: MailctlError): string => {
  const { code, lines } = replyTo(error)
  return `${code} ${lines.join(' ')}`
}
/** The notes beside the facts: whether a text ends in a full stop is not settled by them. */
const withoutStop = (text: string): string => text.replace(/\.$/, '')
const unverified = (): MailctlError => refusal(() => admit(ask({ senders: ['x@a.test'], recipients: ['y@b.test'] }), T0))
const asGiven = (text: unknown): string => String(text).replace('REGION', 'US-EAST-1').replace('IDENTITY, IDENTITY', 'x@a.test, y@b.test')

const CHECKS: Readonly<Record<string, (fact: Fact) => void>> = {
  'smtp-454-daily': ({ reply }) =>
    expect(withoutStop(smtp(refusal(() => admit(ask({ usage: { ...usage, sentLast24Hours: 200 } }), T0))))).toBe(reply),
  'smtp-554-unverified': ({ reply }) => expect(smtp(unverified())).toBe(asGiven(reply)),
  'api-unverified': ({ code, message }) => {
    const error = unverified()
    expect(EXIT_CODES[error.code].name).toBe(code)
    expect(error.message).toBe(asGiven(message).replace(/IDENTITY$/, 'x@a.test, y@b.test'))
  },
  'v2-configset-missing': ({ code, message }) => {
    const error = noSuchSet('receipts')
    expect(EXIT_CODES[error.code].name).toBe(code)
    expect(error.message).toBe(String(message).replace('NAME', 'receipts'))
  },
  'quota-recipients': ({ value }) => expect(MAX_RECIPIENTS).toBe(value),
  'quota-size-v2': ({ value }) => expect(`${MAX_MESSAGE_BYTES / 1024 / 1024} MB after base64`).toBe(value),
  'quota-configset-name': () => {
    for (const name of ['a', 'A-z_09', 'x'.repeat(64)]) expect(() => checkSetName(name)).not.toThrow()
    for (const name of ['', 'x'.repeat(65), 'a b', 'a.b', 'ä']) expect(refusal(() => checkSetName(name)).code).toBe('bad-data')
  },
  sandbox: ({ value }) => {
    expect(`${SANDBOX.max24HourSend} per 24 h, ${SANDBOX.maxSendRate} per second`).toBe(value)
    expect(admit(ask({ usage: { ...usage, sentLast24Hours: 199 } }), T0).sentLast24Hours).toBe(200)
    expect(refusal(() => admit(ask({ usage: { ...usage, tokens: 0 } }), T0 + 999)).code).toBe('rate-exceeded')
    expect(admit(ask({ usage: { ...usage, tokens: 0 } }), T0 + 1_000).tokens).toBe(0)
  },
  'header-once': ({ what }) => {
    const names = String(what).split(' and others')[0]?.split(', ') ?? []
    expect(names).toHaveLength(13)
    for (const name of names) {
      const twice = name === 'From' ? '' : 'From: a@example.com\r\n'
      const header = parseHeader(Buffer.from(`${twice}${name}: a@example.com\r\n${name.toUpperCase()}: b@example.com\r\n`))
      expect(refusal(() => checkHeader(header)).message).toBe(`Duplicate header '${name}'.`)
    }
  },
  simulator: ({ what }) => {
    const boxes = String(what).split(' simulator.amazonses.com')[0]?.split(', ') ?? []
    expect(boxes).toHaveLength(5)
    const recipients = boxes.flatMap(box => [`${box}simulator.amazonses.com`, `${box.replace('@', '+label@')}simulator.amazonses.com`])
    expect(recipients.every(isSimulatorAddress)).toBe(true)
    expect(admit(ask({ recipients, usage: { ...usage, sentLast24Hours: 200 } }), T0).sentLast24Hours).toBe(200)
    const counted = { recipients, detail: { bounce: { bounceType: 'Permanent', bounceSubType: 'General' } } }
    for (const type of ['Send', 'Bounce', 'Complaint'])
      expect(Object.values(countsOf({ type, ...counted }, () => false)).every(count => count === 0)).toBe(true)
  },
}
for (const { id, secret, region, password } of facts.filter(({ kind }) => kind === 'smtp-password-sigv4'))
  Object.assign(CHECKS, { [id]: () => expect(smtpPassword(String(secret), String(region))).toBe(password) })

const NOT_CHECKED: Readonly<Record<string, string>> = {
  'smtp-421': 'about the SMTP door: its own tests',
  'smtp-451-timeout': 'about the SMTP door: its own tests',
  'smtp-530': 'about the SMTP door: its own tests',
  'smtp-553-rcpt': 'about the SMTP door: its own tests',
  'api-too-many-destinations': 'gives two codes and a text of an imitation; the number is checked by quota-recipients',
  'api-missing-domain': 'a text of an imitation; ours names the address',
  'quota-size-v1': 'about version 1 of the API',
  'api-ruleset-name': 'about inbound rules',
  'api-ruleset-exists': 'about inbound rules',
  'api-ruleset-missing': 'about inbound rules',
  'api-delete-missing-ruleset': 'about inbound rules',
  'api-template-missing': 'about templates: their own tests',
  'api-render-missing-attr': 'about templates: their own tests',
  'template-0': 'about templates: their own tests',
  'template-1': 'about templates: their own tests',
  'template-2': 'about templates: their own tests',
  'template-4': 'about templates: their own tests',
}

test('every fact is checked here or said why not', () => {
  expect([...Object.keys(CHECKS), ...Object.keys(NOT_CHECKED)].toSorted()).toEqual(facts.map(({ id }) => id).toSorted())
})

test.each(facts.filter(({ id }) => id in CHECKS).map(fact => [fact.id, fact] as const))('%s', (id, fact) => {
  expect.hasAssertions()
  CHECKS[id]?.(fact)
})

describe('recorded answers', () => {
  const errorIn = (name: string) => Object.values(snapshots[name]?.['recorded-content'] ?? {}).find(({ Error: error }) => error)?.Error
  /** Version 1 of the API has another code for what version 2 calls BadRequestException: only texts are compared. */
  const ANSWERS: Readonly<Record<string, () => unknown>> = {
    'test_trying_to_delete_event_destination_from_non_existent_configuration_set': () => {
      throw noSuchSet('non-existent-configuration-set')
    },
    'test_invalid_tags_send_email[test-test_invalid_value:123]': () => checkTag('test', 'test_invalid_value:123'),
    'test_invalid_tags_send_email[test_invalid_name:123-test_invalid_value:123]': () =>
      checkTag('test_invalid_name:123', 'test_invalid_value:123'),
    'test_invalid_tags_send_email[test_invalid_name_len]': () => checkTag('x'.repeat(256), 'value'),
    'test_invalid_tags_send_email[test_priority_name_value]': () => checkTag('test_invalid_name@123', 'test_invalid_value:123'),
    'test_invalid_tags_send_email[-]': () => checkTag('', ''),
    'test_invalid_tags_send_email[-test]': () => checkTag('', 'test'),
  }
  const OTHERS = /^test_(ses_sns_topic|cannot_create_event|sending_to_deleted_topic|list_templates|delete_template|clone_receipt|set_identity_headers)/

  test.each(Object.keys(ANSWERS))('%s', name => {
    expect(refusal(ANSWERS[name] ?? (() => {})).message).toBe(errorIn(name)?.Message)
  })

  test('the rest is about topics, templates, inbound rules and notifications of version 1', () => {
    const rest = Object.keys(snapshots).filter(name => !(name in ANSWERS))
    expect(rest.filter(name => !OTHERS.test(name))).toEqual([])
    expect(rest).toHaveLength(14)
  })
})
