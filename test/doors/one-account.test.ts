/**
 * One account behind every door: what its rules refuse is refused by version 2 and version 1 of the API, by SMTP and on the terminal, each in
 * its own form, with SES's text, and nothing is changed by it. SES facts: concepts §1 "Error texts", §6; smtp "Reply codes".
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses'
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { expect, onTestFinished, test } from 'vitest'
import { NEW_SET } from '../../src/account/configuration-set.ts'
import { createAccount, openApp } from '../../src/open-app.ts'
import { openSmtpDoors } from '../../src/smtpd/doors.ts'
import { certificate } from '../support/certificate.ts'
import { type HttpAccount, openHttpAccount } from '../support/http-door.ts'
import { RawSmtp } from '../support/raw-smtp.ts'
import { faultOf } from '../support/ses-client.ts'
import { mailctl } from '../support/terminal.ts'

interface Refusal {
  readonly what: string
  /** Of an account that may send to anybody; absent: nothing is done to it. */
  readonly prepare?: (account: HttpAccount) => Promise<unknown>
  readonly sandbox?: true
  readonly header?: readonly string[]
  readonly body?: string
  readonly recipients?: readonly string[]
  readonly text: string
  readonly v2: readonly [exception: string, status: number]
  readonly v1: string
  /** Reply code, and what stands before the text. */
  readonly smtp: readonly [code: number, before: string]
  /** null: the terminal waits instead. */
  readonly exit: number | null
}

const saved =
  (change: object) =>
  async ({ app }: HttpAccount) =>
    app.store.saveAccount({ ...(await app.store.account()), ...change })
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}@example.net`)
const unverified = (list: string): string =>
  `Email address is not verified. The following identities failed the check in region US-EAST-1: ${list}`
const MANY_PARTS = '--b\r\n\r\nx\r\n'.repeat(501).concat('--b--\r\n')

type Form = Pick<Refusal, 'v2' | 'v1' | 'smtp' | 'exit'>
const NOT_VERIFIED: Form = { v2: ['MessageRejected', 400], v1: 'MessageRejected', smtp: [554, 'Message rejected: '], exit: 77 }
const BAD_DATA: Form = { v2: ['BadRequestException', 400], v1: 'InvalidParameterValue', smtp: [554, 'Transaction failed: '], exit: 65 }

const REFUSALS: readonly Refusal[] = [
  {
    what: 'a sender that is not verified',
    header: ['From: eve@other.example'],
    text: unverified('eve@other.example'),
    ...NOT_VERIFIED,
  },
  {
    what: 'a Sender field that is not verified',
    header: ['From: orders@shop.example', 'Sender: eve@other.example'],
    text: unverified('eve@other.example'),
    ...NOT_VERIFIED,
  },
  {
    what: 'in the sandbox, recipients that are not verified, all at once',
    sandbox: true,
    recipients: ['bob@example.net', 'ann@shop.example', 'cay@example.org'],
    text: unverified('bob@example.net, cay@example.org'),
    ...NOT_VERIFIED,
  },
  {
    what: 'an account that its owner has paused',
    prepare: saved({ sendingEnabled: false }),
    text: 'Sending is paused for this account.',
    v2: ['SendingPausedException', 400],
    v1: 'AccountSendingPausedException',
    smtp: [554, 'Message rejected: '],
    exit: 77,
  },
  {
    what: 'an account that is suspended',
    prepare: saved({ enforcementStatus: 'SHUTDOWN' }),
    text: 'Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.',
    v2: ['AccountSuspendedException', 400],
    v1: 'AccountSendingPausedException',
    smtp: [554, 'Message rejected: '],
    exit: 77,
  },
  {
    what: 'a configuration set that is paused',
    prepare: ({ app: { store, clock } }) =>
      store.addConfigurationSet({ name: 'receipts', createdAt: clock.now(), ...NEW_SET, sendingEnabled: false }),
    header: ['From: orders@shop.example', 'X-SES-CONFIGURATION-SET: receipts'],
    text: 'Sending is paused for configuration set receipts',
    v2: ['SendingPausedException', 400],
    v1: 'ConfigurationSetSendingPausedException',
    smtp: [554, 'Message rejected: '],
    exit: 77,
  },
  {
    what: 'a configuration set that does not exist',
    header: ['From: orders@shop.example', 'X-SES-CONFIGURATION-SET: receipts'],
    text: 'Configuration set <receipts> does not exist.',
    v2: ['NotFoundException', 404],
    v1: 'ConfigurationSetDoesNotExist',
    smtp: [554, 'Transaction failed: '],
    exit: 1,
  },
  {
    what: 'a recipient more than the quota has left',
    prepare: saved({ max24HourSend: 2 }),
    recipients: many(3),
    text: 'Daily message quota exceeded.',
    v2: ['LimitExceededException', 400],
    v1: 'Throttling',
    smtp: [454, 'Throttling failure: '],
    exit: 75,
  },
  {
    what: 'a message before its time',
    prepare: async account => {
      await saved({ maxSendRate: 0.001 })(account)
      await account.submit('From: orders@shop.example\nTo: ann@example.net\n\nHello\n')
    },
    text: 'Maximum sending rate exceeded.',
    v2: ['TooManyRequestsException', 429],
    v1: 'Throttling',
    smtp: [454, 'Throttling failure: '],
    exit: null,
  },
  {
    what: '51 recipients',
    recipients: many(51),
    text: 'Recipient count exceeds 50',
    ...BAD_DATA,
  },
  {
    what: 'a field that may stand there once',
    header: ['From: orders@shop.example', 'Subject: a', 'Subject: b'],
    text: "Duplicate header 'Subject'.",
    ...BAD_DATA,
  },
  {
    what: 'a file of a kind that is refused',
    header: ['From: orders@shop.example', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    body: '--b\r\nContent-Disposition: attachment; filename="setup.exe"\r\n\r\nx\r\n--b--\r\n',
    text: "Illegal filename 'setup.exe'.",
    ...BAD_DATA,
  },
  {
    what: '501 parts',
    header: ['From: orders@shop.example', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    body: MANY_PARTS,
    text: 'The message has more than 500 MIME parts',
    ...BAD_DATA,
  },
  {
    what: 'a tag with a name that is none',
    header: ['From: orders@shop.example', 'X-SES-MESSAGE-TAGS: a b=c'],
    text: 'Invalid tag name',
    ...BAD_DATA,
  },
]

test.each(REFUSALS)('$what', async refusal => {
  const { prepare, sandbox, header = ['From: orders@shop.example'], body = 'Hello\r\n', recipients = ['bob@example.net'] } = refusal
  const account = await openHttpAccount({ production: sandbox !== true })
  const { app } = account
  await prepare?.(account)
  const before = await heldBy(app)
  const raw = [...header, `To: ${recipients.join(',\r\n ')}`, '', body].join('\r\n')

  const v2 = new SESv2Client(clientOptions(account))
  onTestFinished(() => v2.destroy())
  const [exception, status] = refusal.v2
  const text = expect.stringContaining(refusal.text)
  expect(await faultOf(v2.send(new SendEmailCommand({ Content: { Raw: { Data: Buffer.from(raw) } } })))).toEqual({
    name: exception,
    message: text,
    status,
  })

  const v1 = new SESClient(clientOptions(account))
  onTestFinished(() => v1.destroy())
  expect(await faultOf(v1.send(new SendRawEmailCommand({ RawMessage: { Data: Buffer.from(raw) } })))).toMatchObject({
    name: expect.stringMatching(new RegExp(`^${refusal.v1}(Exception)?$`)),
    message: text,
    status: 400,
  })

  const [code, prefix] = refusal.smtp
  const reply = await bySmtp(app, recipients, raw)
  expect({ ...reply, lines: reply?.lines.join(' ') }).toEqual({ code, lines: expect.stringContaining(`${prefix}${refusal.text}`) })

  if (refusal.exit !== null) {
    const file = join(account.home, 'message.eml')
    writeFileSync(file, raw)
    const ran = await mailctl(['--home', account.home, 'send', '--raw', file, '--no-wait'], { openApp, createAccount })
    expect(ran).toMatchObject({ code: refusal.exit, stdout: '', stderr: expect.stringContaining(refusal.text) })
  }
  expect(await heldBy(app)).toEqual(before)
  expect(account.warnings).toEqual([])
})

const clientOptions = ({ url }: HttpAccount) => ({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  maxAttempts: 1,
})

async function heldBy({ store, clock }: HttpAccount['app']) {
  return { messages: await store.messages(10), sent: (await store.usage(clock.now())).sentLast24Hours, events: await store.events({}) }
}

async function bySmtp(app: HttpAccount['app'], recipients: readonly string[], raw: string) {
  const doors = await openSmtpDoors(app, {
    smtp: { host: '127.0.0.1', port: 0 },
    smtps: undefined,
    trust: '127.0.0.1/32',
    tls: certificate,
    worker: { holdMs: undefined, deliver: () => {} },
    warn: () => {},
  })
  try {
    const client = await RawSmtp.open(doors.smtp ?? { address: '', port: 0 })
    await client.reply()
    for (const line of ['EHLO client.test', 'MAIL FROM:<orders@shop.example>', ...recipients.map(to => `RCPT TO:<${to}>`), 'DATA'])
      await client.ask(line)
    client.send(`${raw}\r\n.\r\n`)
    return await client.reply()
  } finally {
    await doors.close(0)
  }
}
