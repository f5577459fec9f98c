// Reports as they come back about mail: that nobody is there (RFC 3464), that a reader complained (RFC 5965).

function reportOf({ id }, host, type, parts) {
  const text = [
    `From: <mailer-daemon@mx.readers.example>`,
    `To: <${id}@${host}>`,
    'Subject: Report',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${type}; boundary=b`,
    '',
    ...parts.flatMap(([partType, lines]) => ['--b', `Content-Type: ${partType}`, '', ...lines, '']),
    '--b--',
    '',
  ]
  return Buffer.from(text.join('\r\n'), 'latin1')
}

/** @param {{ id: string, address: string }} about the message and its recipient  @param host whose return path it goes to */
export function bounceOf(about, host) {
  return reportOf(about, host, 'delivery-status', [
    ['text/plain', ['Nobody of that name is here.']],
    [
      'message/delivery-status',
      [
        'Reporting-MTA: dns; mx.readers.example',
        '',
        `Final-Recipient: rfc822; ${about.address}`,
        'Action: failed',
        'Status: 5.1.1',
        'Diagnostic-Code: smtp; 550 5.1.1 user unknown',
      ],
    ],
  ])
}

/** @param {{ id: string, address: string }} about the message and its recipient  @param host whose return path it goes to */
export function complaintOf(about, host) {
  return reportOf(about, host, 'feedback-report', [
    ['text/plain', ['A reader did not want this.']],
    ['message/feedback-report', ['Feedback-Type: abuse', 'User-Agent: Readers/1', 'Version: 1', `Original-Rcpt-To: ${about.address}`]],
    ['message/rfc822', ['From: orders@shop.example', `To: ${about.address}`, 'Subject: Hello', '', 'Hello']],
  ])
}
