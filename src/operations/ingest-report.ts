/**
 * Mail that came to a return path, or to a domain of the account: read as a report, matched with the message it is about, and turned into
 * events, suppressions and a mail to the sender, in one transaction. Nothing in it is believed but what fits (`account/judge-report.ts`).
 * What a report does, it does once; reports about mail of our own do nothing, so nothing loops.
 */
import { isVerified } from '../account/admit.ts'
import { coveringNames } from '../account/identity.ts'
import { type Judgement, judgeReport, type ReportedMessage } from '../account/judge-report.ts'
import { type MailReport, reportIn } from '../mail/mail-report.ts'
import { originIn, type ReportOrigin } from '../mail/report-origin.ts'
import { fieldValue, reportParts } from '../mail/report-parts.ts'
import type { ReceivedReport, Ruling } from '../ports/reports.ts'
import type { StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import { forwardsFeedback } from './feedback-forwarding.ts'
import { feedbackMail } from './feedback-mail.ts'
import { unsubscribeByMail } from './list-management.ts'

export type IngestApp = Pick<App, 'store' | 'clock' | 'ids' | 'settings'>

export interface ArrivedMail {
  readonly envelopeFrom: string
  readonly envelopeTo: string
  /** IP address of the host that brought it. */
  readonly peer: string
  readonly sizeBytes: number
  /** With CRLF line ends; the first `REPORT_PREFIX_BYTES` of it. */
  readonly octets: Buffer
}

/** `return-path`: of a message of this account. `domain`: one it has verified. `forged`: looks like a return path, and we never made it. */
export type ReportAddress = 'return-path' | 'domain' | 'forged' | 'foreign'

/** What kind of address of ours it is, for whoever decides what to take. Costs no more than the length of one address. */
export async function reportAddress({ store, clock, ids, settings }: IngestApp, address: string): Promise<ReportAddress> {
  const local = localPart(address)
  if (ids.isOwnMessageId(local)) return 'return-path'
  if (/^[0-9a-f]{16}-[0-9a-f-]{36}-\d{6}$/.test(local)) return 'forged'
  const now = clock.now()
  const domains = (await store.identitiesNamed(coveringNames(address))).filter(({ type }) => type === 'DOMAIN')
  return domains.some(identity => isVerified(identity, settings.network, now)) ? 'domain' : 'foreign'
}

/** What mail says, whoever it went to. */
export interface ReadMail {
  /** null: it is no report. */
  readonly report: MailReport | null
  readonly origin: ReportOrigin
  readonly subject: string
}

/** Once for each message: reading takes longer than all the rest. */
export function readMail(octets: Buffer): ReadMail {
  const parts = reportParts(octets)
  return { report: reportIn(parts), origin: originIn(parts), subject: fieldValue(parts.header, 'subject') }
}

/**
 * Once for each recipient of a message.
 * @returns what came of it; undefined when it is no report and went to no return path: then nothing was kept  @throws MailctlError store-unavailable
 */
export async function ingestReport(app: IngestApp, arrived: ArrivedMail, { report, origin }: ReadMail): Promise<Judgement | undefined> {
  const { store, clock, ids, settings } = app
  const { envelopeTo } = arrived
  const named = ids.isOwnMessageId(localPart(envelopeTo))
  if (report === null && !named) return undefined
  const messageId = named ? localPart(envelopeTo) : (origin.references.find(ids.isOwnMessageId) ?? null)
  const message = messageId === null ? undefined : await store.message(messageId)
  const isOurs = message !== undefined && (!named || sameAddress(message.envelopeFrom, envelopeTo))
  const tells = isOurs && message.returnPath !== '' && (await forwardsFeedback(store, message.facts))
  const at = clock.now()
  const rule = (about: ReportedMessage | undefined): Ruling => {
    const judgement = judgeReport(isOurs ? about : undefined, {
      report,
      ...origin,
      reportingMta: origin.reportingMta || settings.hostname,
      at,
      newFeedbackId: ids.newFeedbackId,
    })
    const mail = tells && report !== null ? feedbackMail(app, message, { judgement, report, origin, arrived, at }) : undefined
    return { judgement, passedOn: mail === undefined ? [] : [mail] }
  }
  return await store.ingest(received(arrived, { at, messageId, kind: report?.kind ?? null }), rule)
}

/** Somebody tried a return path that we never made: kept as a fact, without a message. */
export async function noteForgedPath({ store, clock }: IngestApp, arrived: Omit<ArrivedMail, 'sizeBytes' | 'octets'>): Promise<void> {
  const judgement: Judgement = { verdict: 'FORGED', recipients: [], told: [], events: [], suppress: [], failed: [] }
  const empty = { ...arrived, sizeBytes: 0, octets: Buffer.alloc(0) }
  await store.ingest(received(empty, { at: clock.now(), messageId: null, kind: null }), () => ({ judgement, passedOn: [] }))
}

const received = (
  arrived: ArrivedMail,
  { at, ...read }: { readonly at: number; readonly messageId: string | null; readonly kind: MailReport['kind'] | null },
): ReceivedReport => ({ receivedAt: at, ...read, ...arrived })

/** Mail to the return path of a message that asks to be left out of its list. @returns whether it was that, and is done */
export const leaveByMail = async (app: IngestApp, envelopeTo: string, { report, subject }: ReadMail): Promise<boolean> =>
  report === null && (await unsubscribeByMail(app, { messageId: localPart(envelopeTo), subject }))

/** Case has no meaning in an id. */
const localPart = (address: string): string => address.slice(0, Math.max(0, address.lastIndexOf('@'))).toLowerCase()

const sameAddress = (one: StoredMessage['envelopeFrom'], other: string): boolean => one.toLowerCase() === other.toLowerCase()
