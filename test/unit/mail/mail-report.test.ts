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
