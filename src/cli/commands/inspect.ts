/** `mailctl inspect`: parts, verdicts and report of a message in a file or on stdin. */
import { isIP } from 'node:net'
import { formatSize } from '../../base/duration.ts'
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { type Inspected, inspectMessage } from '../../operations/inspect-message.ts'
import type { AuthenticationQuery } from '../../ports/authenticator.ts'
import { type CommandContext, command } from '../command.ts'
import type { Io } from '../io.ts'
import { textFlag } from '../moments.ts'
import { reopenInput } from '../values.ts'

interface InspectedFile extends Inspected {
  readonly file: string
}

export default command<readonly InspectedFile[]>({
  path: 'inspect',
  arguments: '<files...>',
  summary: 'Show what a message is, whether it is authentic, and what it reports',
  details:
    'Verdicts need DNS, which is asked as the network setting says. --ip, --helo and --mail-from tell what only the receiving server knows; without --ip there is no SPF verdict.',
  examples: [
    'mailctl inspect message.eml',
    'mailctl inspect --ip 192.0.2.1 --mail-from a@example.com message.eml',
    'mailctl inspect --json - < bounce.eml',
  ],
  options: [
    { flags: '--ip <address>', summary: 'address of the client that delivered it' },
    { flags: '--helo <name>', summary: 'name the client gave' },
    { flags: '--mail-from <address>', summary: 'envelope sender' },
    { flags: '--resolver <ip[:port]>', summary: 'DNS server to ask' },
  ],
  fails: ['usage', 'no-input', 'too-large', 'config', 'store-unavailable'],
  async run(context, files, flags) {
    const ip = textFlag(flags, 'ip')
    if (ip !== undefined && isIP(ip) === 0)
      throw new MailctlError('usage', `'${ip}' is not an IP address`, { hint: 'Write --ip 192.0.2.1 or --ip 2001:db8::1.' })
    const helo = textFlag(flags, 'helo')
    const mailFrom = textFlag(flags, 'mailFrom')
    const query = { ...(ip !== undefined && { ip }), ...(helo !== undefined && { helo }), ...(mailFrom !== undefined && { mailFrom }) }
    const results: InspectedFile[] = []
    for (const file of files) results.push(await inspectFile(context, file, query))
    return results
  },
  ndjson: results => results.map(inspectedJson),
  show(io, results) {
    for (const [index, result] of results.entries()) {
      if (index > 0) io.line()
      showInspected(io, result)
    }
  },
})

async function inspectFile({ io, app }: CommandContext, file: string, query: AuthenticationQuery): Promise<InspectedFile> {
  return { file, ...(await inspectMessage(await app(), await reopenInput(file, io), query)) }
}

const inspectedJson = ({ file, message, authentication, report }: InspectedFile): unknown => ({
  File: file,
  From: message.from,
  To: message.to,
  Subject: message.subject,
  Text: message.text,
  Html: message.html,
  Attachments: message.attachments.map(({ name, type, sizeBytes, sha256, disposition, contentId }) => ({
    Name: name,
    Type: type,
    Size: sizeBytes,
    Sha256: sha256,
    Disposition: disposition,
    ContentId: contentId,
  })),
  Authentication: {
    Spf: authentication.spf?.result ?? 'none',
    Dkim: authentication.dkim.map(({ domain, selector, result, detail }) => ({
      Domain: domain,
      Selector: selector,
      Result: result,
      Detail: detail,
    })),
    Dmarc: authentication.dmarc?.result ?? 'none',
    Arc: authentication.arc?.result ?? 'none',
  },
  Report:
    report === null
      ? null
      : {
          Kind: report.kind,
          Recipients: report.recipients.map(({ address, action, status, diagnosticCode, bounce }) => ({
            EmailAddress: address,
            Action: action || null,
            Status: status || null,
            DiagnosticCode: diagnosticCode || null,
            BounceType: bounce?.bounceType ?? null,
            BounceSubType: bounce?.bounceSubType ?? null,
          })),
          FeedbackType: report.feedbackType,
        },
})

function showInspected(io: Io, { file, message, authentication, report }: InspectedFile): void {
  const { colour } = io
  const fact = (name: string, value: string): void => io.line(`  ${name.padEnd(12)}${printable(value)}`)
  io.line(colour.bold(printable(file)))
  fact('From', message.from.join(', '))
  fact('To', message.to.join(', '))
  fact('Subject', message.subject)
  for (const { name, type, sizeBytes, disposition } of message.attachments)
    fact(disposition ?? 'part', `${name ?? '(no name)'}  ${type}  ${formatSize(sizeBytes)}`)
  fact(
    'SPF',
    authentication.spf === null ? 'none' : `${authentication.spf.result}  ${authentication.spf.domain}  ${authentication.spf.detail}`,
  )
  if (authentication.dkim.length === 0) fact('DKIM', 'none')
  for (const { domain, selector, result, detail } of authentication.dkim) fact('DKIM', `${result}  d=${domain} s=${selector}  ${detail}`)
  fact('DMARC', authentication.dmarc === null ? 'none' : `${authentication.dmarc.result}  ${authentication.dmarc.domain}`)
  if (authentication.arc !== null && authentication.arc.result !== 'none')
    fact('ARC', `${authentication.arc.result}  ${authentication.arc.detail}`)
  if (report === null) return
  fact('Report', report.feedbackType === null ? report.kind : `${report.kind} ${report.feedbackType}`)
  for (const { address, action, status, diagnosticCode, bounce } of report.recipients) {
    fact(
      '',
      [address, action, status, bounce === undefined ? '' : `${bounce.bounceType}/${bounce.bounceSubType}`, diagnosticCode]
        .filter(word => word !== '')
        .join('  '),
    )
  }
}
