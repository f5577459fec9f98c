/** Reports that came back by mail: what each did, and what was kept of it. Part of the `Store` port. */
import type { JudgedRecipient, Judgement, ReportedMessage, ReportVerdict } from '../account/judge-report.ts'
import type { MailReport } from '../mail/mail-report.ts'
import type { NewMessage } from './store.ts'

export interface ReceivedReport {
  readonly receivedAt: number
  readonly envelopeFrom: string
  /** Where it was sent to. */
  readonly envelopeTo: string
  /** IP address of the host that brought it. */
  readonly peer: string
  /** Our id of the message it claims to be about; null where it names none. */
  readonly messageId: string | null
  /** null: it could not be read as a report. */
  readonly kind: MailReport['kind'] | null
  readonly sizeBytes: number
  /** Its first octets, for inspection; at most 64 KB are kept. */
  readonly octets: Buffer
}

/** What is to be done about a report, as the store finds its message. */
export interface Ruling {
  readonly judgement: Judgement
  /** Mail of our own that tells the sender; bodies inline. */
  readonly passedOn: readonly NewMessage[]
}

export interface KeptReport extends Omit<ReceivedReport, 'octets'> {
  readonly id: number
  readonly verdict: ReportVerdict
  readonly recipients: readonly JudgedRecipient[]
  /** Ids of the messages that told the sender. */
  readonly passedOn: readonly string[]
}

export interface Reports {
  /**
   * Applies `rule` inside its transaction to the message as it stands then: report, events, suppressions and mail to the sender are one
   * commit. A report that is EARLY leaves no trace: whoever brought it is to come again. Of those that change nothing the latest 1,000 are kept.
   * @param rule synchronous, may be called twice, touches nothing but ids  @param about undefined: no such message, or one of our own
   */
  ingest(received: ReceivedReport, rule: (about: ReportedMessage | undefined) => Ruling): Promise<Judgement>
  /** In order of arrival; without a message id those that changed nothing, the latest first. */
  reports(ask: { readonly messageId?: string; readonly limit: number }): Promise<KeptReport[]>
  /** What was kept of its octets. */
  reportOctets(id: number): Promise<Buffer | undefined>
}
