/**
 * What the sender gets by mail of a report that came back: a delivery report of our own for a late bounce, a complaint in our own words, an
 * automatic answer as it came. From the null return path, and only where feedback is forwarded. SES fact: simulator, "Feedback mails".
 */
import type { Judgement } from '../account/judge-report.ts'
import { DELIVERY_PERIOD_MS } from '../delivery/retry.ts'
import { formatDate } from '../mail/date.ts'
import { reporterAddress } from '../mail/dsn.ts'
import { composeComplaint } from '../mail/feedback-report.ts'
import type { MailReport } from '../mail/mail-report.ts'
import type { ReportOrigin } from '../mail/report-origin.ts'
import type { NewMessage, StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import { composeReport } from './bounce-report.ts'
import { ownFacts } from './own-message.ts'

/** A larger answer is kept with the report and not passed on. */
const LARGEST_ANSWER = 256 * 1024

interface Feedback {
  readonly judgement: Judgement
  readonly report: MailReport
  readonly origin: ReportOrigin
  readonly arrived: { readonly octets: Buffer; readonly sizeBytes: number; readonly peer: string }
  readonly at: number
}

/** @returns undefined when the report changed nothing, or is too large to pass on */
export function feedbackMail(app: Pick<App, 'ids' | 'settings'>, message: StoredMessage, feedback: Feedback): NewMessage | undefined {
  const { judgement, report, at } = feedback
  if (judgement.verdict !== 'APPLIED') return undefined
  if (judgement.failed.length > 0) {
    const { returnPath, acceptedAt, facts } = message
    const about = { returnPath, acceptedAt, identity: facts.identity, originalHead: headOf(message) }
    const { body, ...bounce } = composeReport(app, about, judgement.failed, at)
    return { ...bounce, body: { kind: 'inline', bytes: body } }
  }
  return report.kind === 'ARF' ? complaintMail(app, message, feedback) : answerMail(app, message, feedback)
}

function complaintMail({ ids, settings }: Pick<App, 'ids' | 'settings'>, message: StoredMessage, feedback: Feedback): NewMessage {
  const { judgement, report, origin, at } = feedback
  const { facts, returnPath, envelopeFrom, acceptedAt } = message
  const id = ids.newMessageId()
  const from = settings.network === 'lab' ? 'complaints@email-abuse.amazonses.com' : reporterAddress(settings.network, settings.hostname)
  const headerMessageId = `${id}@${from.slice(from.indexOf('@') + 1)}`
  const { head, body } = composeComplaint({
    from,
    to: returnPath,
    headerMessageId,
    date: at,
    feedbackType: report.feedbackType ?? 'other',
    userAgent: origin.userAgent || 'mailctl',
    originalMailFrom: envelopeFrom,
    recipients: judgement.recipients.filter(({ verdict }) => verdict === 'APPLIED').map(({ address }) => address),
    arrivedAt: origin.arrivedAt ?? acceptedAt,
    originalSubject: facts.subject,
    originalHead: headOf(message),
  })
  return {
    ...ownReport({ id, at, from, returnPath, subject: `FW: ${facts.subject}`, identity: facts.identity, headerMessageId }),
    head,
    body: inline(body),
  }
}

/** As it came, with the trace that whoever passes mail on has to leave. RFC 5321 §4.4 */
function answerMail({ ids, settings }: Pick<App, 'ids' | 'settings'>, message: StoredMessage, feedback: Feedback): NewMessage | undefined {
  const { arrived, origin, at } = feedback
  const { octets, sizeBytes, peer } = arrived
  const end = octets.indexOf('\r\n\r\n')
  if (sizeBytes !== octets.length || sizeBytes > LARGEST_ANSWER || end < 0) return undefined
  const id = ids.newMessageId()
  const trace = `Received: from [${peer}] by ${settings.hostname} with ESMTP id ${id};\r\n\t${formatDate(at)}\r\n`
  const { facts, returnPath } = message
  const headerMessageId = `${id}@${settings.hostname}`
  return {
    ...ownReport({ id, at, from: origin.sender, returnPath, subject: 'Automatic answer', identity: facts.identity, headerMessageId }),
    head: Buffer.concat([Buffer.from(trace, 'latin1'), octets.subarray(0, end + 4)]),
    body: inline(octets.subarray(end + 4)),
  }
}

const inline = (bytes: Buffer): NewMessage['body'] => ({ kind: 'inline', bytes })

interface OwnReport {
  readonly id: string
  readonly at: number
  readonly from: string
  readonly returnPath: string
  readonly subject: string
  readonly identity: string
  readonly headerMessageId: string
}

const ownReport = ({ id, at, returnPath, ...about }: OwnReport): Omit<NewMessage, 'head' | 'body'> => ({
  id,
  kind: 'report',
  acceptedAt: at,
  expiresAt: at + DELIVERY_PERIOD_MS,
  envelopeFrom: '',
  returnPath: '',
  recipients: [returnPath],
  senders: [],
  facts: ownFacts({ ...about, to: returnPath }),
})

/** The content itself is gone: what is kept of its header. */
const headOf = ({ facts }: StoredMessage): Buffer =>
  Buffer.from(`${facts.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
