import { simpleParser } from 'mailparser'
import { expect, test } from 'vitest'
import { composeDsn, type DsnRequest, reporterAddress } from '../../../src/mail/dsn.ts'

const request: DsnRequest = {
  kind: 'failed',
  from: 'MAILER-DAEMON@amazonses.com',
  to: 'me@example.test',
  reportingMta: 'mta.example.test',
  headerMessageId: '0100-report@mta.example.test',
  date: Date.UTC(2026, 2, 4, 10, 0, 1, 900),
  arrivedAt: Date.UTC(2026, 2, 4, 10),
  recipients: [
    {
      address: 'nobody@example.net',
      outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 user unknown', remote: { name: 'mx.example.net', ip: '192.0.2.1' } },
      lastAttemptAt: Date.UTC(2026, 2, 4, 10, 0, 1),
    },
  ],
  originalHead: Buffer.from('From: me@example.test\r\nSubject: hello\r\n\r\n'),
}

const whole = (given: DsnRequest): string => {
  const { head, body } = composeDsn(given)
  return Buffer.concat([head, body]).toString('latin1')
}

test('a failure, octet for octet', () => {
  expect(whole(request).split('\r\n')).toEqual([
    'From: MAILER-DAEMON@amazonses.com',
    'To: me@example.test',
    'Subject: Delivery Status Notification (Failure)',
    'Date: Wed, 04 Mar 2026 10:00:01 +0000',
    'Message-ID: <0100-report@mta.example.test>',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    ' boundary="report-0100-report-mta.example.test"',
    '',
    '--report-0100-report-mta.example.test',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'An error occurred while trying to deliver the mail to the following recipients:',
    'nobody@example.net',
    '    550 5.1.1 user unknown',
    '',
    '--report-0100-report-mta.example.test',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mta.example.test',
    'Arrival-Date: Wed, 04 Mar 2026 10:00:00 +0000',
    '',
    'Final-Recipient: rfc822; nobody@example.net',
    'Action: failed',
    'Status: 5.1.1',
    'Remote-MTA: dns; mx.example.net',
    'Diagnostic-Code: smtp; 550 5.1.1 user unknown',
    'Last-Attempt-Date: Wed, 04 Mar 2026 10:00:01 +0000',
    '',
    '--report-0100-report-mta.example.test',
    'Content-Type: text/rfc822-headers',
    '',
    'From: me@example.test',
    'Subject: hello',
    '',
    '--report-0100-report-mta.example.test--',
    '',
  ])
})

test('a delay says until when it will be tried', () => {
  const [first] = request.recipients
  if (!first) throw new Error('the request has a recipient')
  const outcome = { action: 'delayed', status: '4.4.1', reply: '451 4.4.1 connection refused' } as const
  const text = whole({ ...request, kind: 'delayed', recipients: [{ ...first, outcome, willRetryUntil: Date.UTC(2026, 2, 5) }] })
  expect(text).toContain('Subject: Delivery Status Notification (Delay)\r\n')
  expect(text).toContain('Action: delayed\r\nStatus: 4.4.1\r\nDiagnostic-Code: smtp; 451 4.4.1 connection refused\r\n')
  expect(text).toContain('Will-Retry-Until: Thu, 05 Mar 2026 00:00:00 +0000\r\n')
})

test('hostile text stays one ASCII line, and cannot add a field', () => {
  const [first] = request.recipients
  if (!first) throw new Error('the request has a recipient')
  const reply = `550 5.1.1 nö\r\nAction: delivered\x1b[31m${'x'.repeat(2_000)}`
  const text = whole({ ...request, recipients: [{ ...first, outcome: { ...first.outcome, reply } }] })
  expect(text).toMatch(/^[\r\n\x20-\x7e]*$/)
  expect(text).not.toContain('\r\nAction: delivered')
  expect(text.split('\r\n').every(line => line.length <= 998)).toBe(true)
})

test('an original header with 8-bit octets and overlong lines comes back whole from another parser', async () => {
  const original = `From: me@example.test\r\nSubject: Gr\u00fc\u00dfe = ${'long '.repeat(300)}\r\nX-Space: end \r\n`
  const { head, body } = composeDsn({ ...request, originalHead: Buffer.from(`${original}\r\n`, 'latin1') })
  expect(body.toString('latin1')).toMatch(/^[\r\n\t\x20-\x7e]*$/)
  expect(
    body
      .toString('latin1')
      .split('\r\n')
      .every(line => line.length <= 998),
  ).toBe(true)
  const parsed = await simpleParser(Buffer.concat([head, body]))
  expect(parsed.subject).toBe('Delivery Status Notification (Failure)')
  expect(parsed.headers.get('auto-submitted')).toBe('auto-replied')
  const part = parsed.attachments.find(({ contentType }) => contentType === 'text/rfc822-headers')
  expect(part?.content.toString('latin1')).toBe(original)
})

test('a huge original header is cut between two fields', () => {
  const fields = Array.from({ length: 3_000 }, (_, index) => `X-Field-${index}: ${'v'.repeat(40)}\r\n  folded\r\n`).join('')
  const { body } = composeDsn({ ...request, originalHead: Buffer.from(`${fields}\r\n`) })
  expect(body.length).toBeLessThan(70_000)
  expect(body.toString()).toMatch(/ {2}folded\r\n\r\n--report-[^\r]*--\r\n$/)
})

test('reports come from amazonses.com in the lab only', () => {
  expect(reporterAddress('lab', 'mta.example.test')).toBe('MAILER-DAEMON@amazonses.com')
  expect(reporterAddress('relay', 'mta.example.test')).toBe('MAILER-DAEMON@mta.example.test')
  expect(reporterAddress('live', 'mta.example.test')).toBe('MAILER-DAEMON@mta.example.test')
})
