import { expect, test } from 'vitest'
import { composeDsn } from '../../../src/mail/dsn.ts'
import { readReport } from '../../../src/mail/mail-report.ts'

const crlf = (text: string) => Buffer.from(text.replace(/\r?\n/g, '\r\n'))

test('our own delivery report reads back', () => {
  const { head, body } = composeDsn({
    kind: 'failed',
    from: 'MAILER-DAEMON@mta.example',
    to: 'shop@site.example',
    reportingMta: 'mta.example',
    headerMessageId: 'report-1@mta.example',
    date: 0,
    arrivedAt: 0,
    recipients: [
      { address: 'ann@dest.example', outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 user unknown' }, lastAttemptAt: 0 },
      { address: 'bob@dest.example', outcome: { action: 'failed', status: '5.2.2', reply: '552 5.2.2 full' }, lastAttemptAt: 0 },
    ],
    originalHead: Buffer.from('From: shop@site.example\r\nTo: ann@dest.example\r\n\r\n'),
  })
  expect(readReport(Buffer.concat([head, body]))).toEqual({
    kind: 'DSN',
    recipients: [
      { address: 'ann@dest.example', action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' },
      { address: 'bob@dest.example', action: 'failed', status: '5.2.2', diagnosticCode: 'smtp; 552 5.2.2 full' },
    ],
    feedbackType: null,
  })
})

test('an ARF report names the type and the recipient of the original', () => {
  const message = crlf(`From: loop@isp.example
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Loop/1
Version: 1

--b
Content-Type: message/rfc822

From: shop@site.example
To: Ann <ann@dest.example>

Hello
--b--
`)
  expect(readReport(message)).toEqual({
    kind: 'ARF',
    recipients: [{ address: 'ann@dest.example', action: '', status: '', diagnosticCode: '' }],
    feedbackType: 'abuse',
  })
})

test('an automatic answer is one by its field alone', () => {
  expect(readReport(crlf('Auto-Submitted: auto-replied\nSubject: Out of office\n\nBack on Monday\n'))?.kind).toBe('AUTO_REPLY')
  expect(readReport(crlf('Auto-Submitted: auto-generated\n\nBuild 7\n'))).toBeNull()
})

test.each([
  ['text about a failure', 'Subject: Delivery failed\n\nStatus: 5.1.1\nAction: failed\n'],
  ['nothing', ''],
  ['a report without its parts', 'Content-Type: multipart/report; boundary=b\n\n--b--\n'],
  [
    'nesting without end',
    `${Array.from({ length: 50 }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`).join('')}x`,
  ],
])('%s is no report', (_, text) => expect(readReport(crlf(text))).toBeNull())

const told = (header: string, text: string) =>
  readReport(crlf(`${header}\n\n${text}`))?.recipients.map(({ address, action, status, diagnosticCode }) => [
    address,
    action,
    status,
    diagnosticCode,
  ])

test('qmail: each recipient has the words between it and the next', () => {
  const text = `Hi. This is the qmail-send program at mta.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ann@dest.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 <ann@dest.example>... User unknown

<bob@dest.example>:
Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)

--- Below this line is a copy of the message.

To: carol@dest.example
<dave@dest.example>: 550 no
`
  expect(told('From: MAILER-DAEMON@mta.example\nSubject: failure notice', text)).toEqual([
    ['ann@dest.example', 'failed', '5.1.1', 'smtp; 550 5.1.1 <ann@dest.example>... User unknown'],
    ['bob@dest.example', 'failed', '4.4.1', expect.stringContaining('4.4.1')],
  ])
})

test.each([
  [
    'Exim',
    'X-Failed-Recipients: ann@dest.example\nSubject: Mail delivery failed: returning message to sender',
    'The following address(es) failed:\n\n  ann@dest.example\n    SMTP error from remote mail server after RCPT TO:<ann@dest.example>:\n    host mx.dest.example [192.0.2.1]: 550 Mailbox is full',
    '5.2.2',
  ],
  [
    'old Sendmail',
    'Subject: Returned mail: Host unknown\nFrom: MAILER-DAEMON@mta.example',
    '   ----- Transcript of session follows -----\n550 <ann@dest.example>... Host unknown (Authoritative answer from name server)',
    '5.1.2',
  ],
  [
    'a gateway',
    'From: postmaster@mta.example\nSubject: Undeliverable mail',
    'Your mail could not be delivered to: <ann@dest.example>\nAs their mailbox is full.',
    '5.2.2',
  ],
  [
    'fields that lost their structure',
    'From: MAILER-DAEMON@mta.example\nSubject: Returned mail',
    'Technical report:\nAction: failed\nFinal-Recipient: rfc822; ann@dest.example\nDiagnostic-Code: smtp; 552 5.3.4 too big\nStatus: 5.0.0',
    '5.3.4',
  ],
  ['no word of why', 'X-Failed-Recipients: ann@dest.example\nSubject: Undelivered', 'Vous avez essay\u00e9.', '5.0.0'],
])('%s: recipient and status', (_, header, text, status) => {
  expect(told(header, text)?.map(([address, action, found]) => [address, action, found])).toEqual([['ann@dest.example', 'failed', status]])
})

test.each([
  ['5.0.0', 'smtp; 554 5.7.1 Relay access denied', '5.7.1'],
  ['5.1.1', 'smtp; 550 5.7.1 IP address blacklisted', '5.7.1'],
  ['5.2.2', 'smtp; 550 mailbox full', '5.2.2'],
  ['', 'smtp; 550 no such user', '5.1.1'],
  ['5.0.0', 'smtp; 550 no such user', '5.0.0'],
  ['4.4.7', 'X-Postfix; connection timed out', '4.4.7'],
])('Status %j with %j is %s', (status, diagnostic, expected) => {
  const fields = `Final-Recipient: rfc822; ann@dest.example\nAction: failed\nStatus: ${status}\nDiagnostic-Code: ${diagnostic}\n`
  const message = crlf(
    `Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n${fields}\n--b--\n`,
  )
  expect(readReport(message)?.recipients[0]?.status).toBe(expected)
})

test('a bounce that SES sent through SNS and mail', () => {
  const bounce = {
    bouncedRecipients: [{ emailAddress: 'ann@dest.example', action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550' }],
  }
  const text = JSON.stringify({ Type: 'Notification', Message: JSON.stringify({ notificationType: 'Bounce', bounce }) })
  expect(told('From: no-reply@sns.example\nSubject: AWS Notification Message', text)).toEqual([
    ['ann@dest.example', 'failed', '5.1.1', 'smtp; 550'],
  ])
})

test.each([
  ['a newsletter about failures', 'From: news@shop.example\nSubject: Sale', 'Delivery failed? 550 reasons to call ann@dest.example'],
  ['an answer of a person', 'From: ann@dest.example\nSubject: Re: offer', 'I could not open it.\n\n550 5.1.1 is what I got.'],
])('%s is no report', (_, header, text) => expect(told(header, text)).toBeUndefined())

test.each([
  ['before RFC 3834', 'Precedence: auto_reply', 'AUTO_REPLY'],
  ['a robot of its own', 'X-Autoreply: yes', 'AUTO_REPLY'],
  ['a robot that says no', 'X-Autoreply: no', undefined],
])('an automatic answer: %s', (_, header, kind) => expect(readReport(crlf(`${header}\nSubject: away\n\nBack soon\n`))?.kind).toBe(kind))

const status = 'Content-Type: message/delivery-status\n\n'
const daemon = 'From: MAILER-DAEMON@mta.example\nSubject: failure notice\n'
test.each([
  ['thousands of groups', status + 'Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1\n\n'.repeat(15_000)],
  ['groups without end', status + 'Action: failed\n\n'.repeat(60_000)],
  ['a field in a million pieces', `${status}Diagnostic-Code: smtp; x\n${' y\n'.repeat(330_000)}`],
  ['one line of addresses', `${daemon}\n${'a@b '.repeat(250_000)}`],
  ['one line of dots', `${daemon}\na@b${'.'.repeat(1_000_000)}`],
  ['thousands of recipients', `${daemon}\n${'<a@b.example>: 550 5.1.1 no\n'.repeat(35_000)}`],
  ['spaces', `${daemon}Content-Transfer-Encoding: quoted-printable\n\n${' '.repeat(1_000_000)}x`],
  ['brackets in HTML', `${daemon}Content-Type: text/html\n\n${'<style <a '.repeat(100_000)}`],
  ['open brackets', `${daemon}Content-Type: text/html\n\n${'<'.repeat(1_000_000)}`],
  ['words that almost match', `${daemon}\n<a@b.example>:\n${'exceeded mailbox user attachment host '.repeat(25_000)}`],
  ['many parts', `${daemon}Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(120_000)}`],
  ['brackets of JSON', `${daemon}\n${'{"a":'.repeat(170_000)}`],
])('hostile: %s take no long time', (_, text) => {
  const message = crlf(text)
  const start = process.cpuUsage()
  const report = readReport(message)
  const { user } = process.cpuUsage(start)
  expect(report?.recipients.length ?? 0).toBeLessThanOrEqual(1_000)
  expect(user / 1_000).toBeLessThan(3_000)
})
