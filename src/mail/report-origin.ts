/**
 * Where a report comes from and which message of ours it is about, in its own words: what a return path does not tell when the report went
 * to another address, as those of feedback loops do. Nothing here is to be believed before it was checked. RFC 3464 §2.2, RFC 5965 §3.
 */
import { addressesIn } from './bounce-text.ts'
import { type Field, fieldValue, type ReportParts, readFields } from './report-parts.ts'

export interface ReportOrigin {
  /** The address in From, in lower case; `''` where there is none. */
  readonly sender: string
  /** Of the feedback report; `''` where it has none. */
  readonly userAgent: string
  /** When the original came there, in epoch milliseconds; undefined where it is not told. */
  readonly arrivedAt: number | undefined
  /** Host name in Reporting-MTA of a delivery report; `''` where there is none. */
  readonly reportingMta: string
  /** Local parts of paths and ids by which the original is named, in lower case, each once. */
  readonly references: readonly string[]
}

const MAX_REFERENCES = 20
const MAX_WORDS = 200

export function originIn(parts: ReportParts): ReportOrigin {
  const feedback = readFields(parts.enclosed.get('message/feedback-report') ?? '')
  const status = readFields(parts.enclosed.get('message/delivery-status') ?? '')
  const arrived = Date.parse(fieldValue(feedback, 'arrival-date') || fieldValue(feedback, 'received-date'))
  return {
    sender: (addressesIn(fieldValue(parts.header, 'from'))[0] ?? '').toLowerCase(),
    userAgent: fieldValue(feedback, 'user-agent').slice(0, MAX_WORDS),
    arrivedAt: Number.isNaN(arrived) ? undefined : arrived,
    reportingMta: fieldValue(status, 'reporting-mta')
      .replace(/^[^;]{0,20};\s*/, '')
      .slice(0, MAX_WORDS),
    references: referencesIn(parts, [...feedback, ...status]),
  }
}

function referencesIn({ header, enclosed }: ReportParts, report: readonly Field[]): string[] {
  const original = readFields((enclosed.get('message/rfc822') ?? enclosed.get('text/rfc822-headers') ?? '').split(/\r?\n\r?\n/, 1)[0] ?? '')
  const values = [
    fieldValue(report, 'original-mail-from'),
    fieldValue(report, 'original-envelope-id'),
    fieldValue(original, 'return-path'),
    fieldValue(original, 'message-id'),
    fieldValue(header, 'in-reply-to'),
    fieldValue(header, 'references'),
  ]
  const locals = values.flatMap(value => [...value.matchAll(/[!-;=?A-~]{1,100}(?=@)/g)].map(([local]) => local.toLowerCase()))
  return [...new Set(locals)].slice(0, MAX_REFERENCES)
}
