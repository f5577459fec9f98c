/** What a message is: its parts, whether it is authentic, and what it reports if it is a report. Nothing about it is stored. */
import type { Readable } from 'node:stream'
import { type BounceClass, classifyBounce } from '../account/classify-bounce.ts'
import { type MailReport, REPORT_PREFIX_BYTES, type ReportedRecipient, readReport } from '../mail/mail-report.ts'
import { type ParsedMessage, parseMessage } from '../mail/parse.ts'
import type { EnhancedStatus } from '../mail/reply.ts'
import type { AuthenticationQuery, AuthenticationReport } from '../ports/authenticator.ts'
import type { App } from './app.ts'

export interface InspectedRecipient extends ReportedRecipient {
  /** undefined where the report tells of no failure. */
  readonly bounce: BounceClass | undefined
}

export interface Inspected {
  readonly message: ParsedMessage
  readonly authentication: AuthenticationReport
  readonly report: (Omit<MailReport, 'recipients'> & { readonly recipients: readonly InspectedRecipient[] }) | null
}

/** @param open the raw octets, from the start each time  @throws what reading them throws */
export async function inspectMessage(
  { authenticator }: Pick<App, 'authenticator'>,
  open: () => Readable,
  query: AuthenticationQuery,
): Promise<Inspected> {
  const message = await parseMessage(open())
  const authentication = await authenticator.authenticate(open, query)
  const report = readReport(await firstOctets(open()))
  return { message, authentication, report: report === null ? null : { ...report, recipients: report.recipients.map(classified) } }
}

/** With CRLF line ends, as `readReport` wants them. */
async function firstOctets(message: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= REPORT_PREFIX_BYTES) break
  }
  return Buffer.from(Buffer.concat(chunks).toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}

function classified(recipient: ReportedRecipient): InspectedRecipient {
  if (recipient.action !== 'failed') return { ...recipient, bounce: undefined }
  const reply = recipient.diagnosticCode.replace(/^[^;]*;\s*/, '')
  const outcome = { action: 'failed', status: (recipient.status || '5.0.0') as EnhancedStatus, reply } as const
  return { ...recipient, bounce: classifyBounce(outcome, 'default', recipient.afterData) }
}
