/**
 * What a report that came back by mail means for the account: which recipients of which message it may speak of, and the events and
 * suppressions that follow. Everything in a report is somebody's claim, so it changes something only where it fits: the message is ours
 * and not old, the recipient belongs to it and was handed over, and the same was not told before. SES facts: simulator, "Addresses";
 * events, "Order and multiplicity" (a bounce after Delivery is legal). RFC 3464, 5965, 3834.
 */

import type { MailReport, ReportedRecipient } from '../mail/mail-report.ts'
import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Outcome, RecipientState } from '../mail/outcome.ts'
import type { EnhancedStatus } from '../mail/reply.ts'
import { feedbackEvents } from './feedback.ts'
import { answerEvent, complaintEvent, type EventDetail } from './ses-event.ts'
import { suppressionKey } from './suppression.ts'

/** What was told of a recipient: each counts once. */
export type Told = 'bounce' | 'complaint' | 'answer'

/**
 * APPLIED: events followed. NOTED: it tells of a delay or a success, which changes nothing. DUPLICATE: all of it was known. LATE: the message
 * is too old. EARLY: the recipient was not handed over yet. FOREIGN: no recipient in it is one of the message, or the message is not there.
 * UNCLEAR: no report, as far as can be read. FORGED: its return path is none of ours.
 */
export const REPORT_VERDICTS = ['APPLIED', 'NOTED', 'DUPLICATE', 'LATE', 'EARLY', 'FOREIGN', 'UNCLEAR', 'FORGED'] as const
export type ReportVerdict = (typeof REPORT_VERDICTS)[number]

/** For so long after a message was accepted, reports of it count. */
export const REPORT_PERIOD_MS = 60 * 86_400_000

export interface ReportedMessage {
  readonly acceptedAt: number
  readonly expiresAt: number
  readonly customLifetime: boolean
  readonly recipients: readonly {
    readonly index: number
    readonly address: string
    readonly state: RecipientState
    readonly told: ReadonlySet<Told>
  }[]
}

export interface ReportFacts {
  /** null: it could not be read as one. */
  readonly report: MailReport | null
  /** Who sent it; of an automatic answer, whose it is. */
  readonly sender: string
  readonly userAgent: string
  readonly arrivedAt: number | undefined
  /** The host that reports, or our own name. */
  readonly reportingMta: string
  readonly at: number
  readonly newFeedbackId: () => string
}

export interface JudgedRecipient {
  /** As in the envelope; as in the report, where it is none of the message. */
  readonly address: string
  readonly verdict: ReportVerdict
}

export interface Judgement {
  readonly verdict: ReportVerdict
  readonly recipients: readonly JudgedRecipient[]
  readonly told: readonly { readonly index: number; readonly what: Told }[]
  readonly events: readonly (EventDetail & { readonly recipients: readonly string[] })[]
  /** For the suppression lists. */
  readonly suppress: readonly {
    readonly index: number
    readonly address: string
    readonly reason: 'BOUNCE' | 'COMPLAINT'
    readonly feedbackId: string
  }[]
  /** Recipients that failed after all, with what the far side said. */
  readonly failed: readonly { readonly address: string; readonly outcome: Outcome }[]
}

/** The best first: what is said of the whole report. */
const WEIGHT: readonly ReportVerdict[] = ['APPLIED', 'EARLY', 'DUPLICATE', 'LATE', 'NOTED', 'FOREIGN', 'UNCLEAR', 'FORGED']

type Known = ReportedMessage['recipients'][number]
interface Matched {
  readonly reported: ReportedRecipient
  readonly known: Known | undefined
}

const NOTHING: Omit<Judgement, 'verdict' | 'recipients'> = { told: [], events: [], suppress: [], failed: [] }

/** @param message undefined: it is not there */
export function judgeReport(message: ReportedMessage | undefined, facts: ReportFacts): Judgement {
  const { report, at } = facts
  if (report === null) return { verdict: 'UNCLEAR', recipients: [], ...NOTHING }
  const all = matched(report, facts.sender, message)
  const what: Told = report.kind === 'DSN' ? 'bounce' : report.kind === 'ARF' ? 'complaint' : 'answer'
  const seen = new Set<number>()
  const judged = all.map(one => {
    const verdict = verdictOn(one, { message, what, at })
    const again = verdict === 'APPLIED' && one.known !== undefined && seen.has(one.known.index)
    if (one.known) seen.add(one.known.index)
    return { ...one, verdict: again ? ('DUPLICATE' as const) : verdict }
  })
  const recipients = judged.map(({ known, reported, verdict }) => ({ address: known?.address ?? reported.address, verdict }))
  const verdict = WEIGHT.find(each => recipients.some(one => one.verdict === each)) ?? 'FOREIGN'
  const applied = judged.filter((one): one is Applied => one.verdict === 'APPLIED' && one.known !== undefined)
  if (message === undefined || applied.length === 0) return { verdict, recipients, ...NOTHING }
  return {
    verdict,
    recipients,
    told: applied.map(({ known }) => ({ index: known.index, what })),
    ...consequences(message, report, applied, facts),
  }
}

interface Applied extends Matched {
  readonly known: Known
  readonly verdict: ReportVerdict
}

/** An automatic answer names nobody but its sender; a complaint that was made anonymous is about whom alone the message went to. */
function matched({ kind, recipients }: MailReport, sender: string, message: ReportedMessage | undefined): Matched[] {
  const people = message?.recipients ?? []
  const find = (address: string | undefined): Known | undefined =>
    address === undefined || address === '' ? undefined : people.find(known => known.address.toLowerCase() === address.toLowerCase())
  const named = (address: string): ReportedRecipient => ({ address, action: '', status: '', diagnosticCode: '' })
  if (kind === 'AUTO_REPLY') return [{ reported: named(sender), known: find(sender) }]
  const found = recipients.map(reported => ({ reported, known: find(reported.originalAddress) ?? find(reported.address) }))
  const only = people.length === 1 ? people[0] : undefined
  if (kind === 'ARF' && only !== undefined && found.every(({ known }) => known === undefined) && recipients.every(isRedacted))
    return [{ reported: named(only.address), known: only }]
  return found
}

/** RFC 6590: no address, or one whose local part tells nothing. */
const isRedacted = ({ address }: ReportedRecipient): boolean =>
  !address.includes('@') || /^(redacted|x+|\*+|[^@]*=redacted)@/i.test(address)

function verdictOn(
  { known, reported }: Matched,
  { message, what, at }: { readonly message: ReportedMessage | undefined; readonly what: Told; readonly at: number },
): ReportVerdict {
  if (message === undefined || known === undefined) return 'FOREIGN'
  if (what === 'bounce' && reported.action !== 'failed') return 'NOTED'
  if (known.told.has(what) || (what === 'bounce' && known.state === 'bounced')) return 'DUPLICATE'
  if (at - message.acceptedAt > REPORT_PERIOD_MS) return 'LATE'
  if (known.state === 'delivered') return 'APPLIED'
  return known.state === 'queued' || known.state === 'active' || known.state === 'deferred' || known.state === 'held' ? 'EARLY' : 'FOREIGN'
}

function consequences(
  message: ReportedMessage,
  { kind, feedbackType }: MailReport,
  applied: readonly Applied[],
  { at, newFeedbackId, userAgent, arrivedAt, reportingMta }: ReportFacts,
): Pick<Judgement, 'events' | 'suppress' | 'failed'> {
  const recipients = applied.map(({ known }) => known.address)
  if (kind === 'AUTO_REPLY') {
    return { events: [{ ...answerEvent({ at, recipients, feedbackId: newFeedbackId() }), recipients }], suppress: [], failed: [] }
  }
  if (kind === 'ARF') {
    const feedbackId = newFeedbackId()
    const facts = { at, recipients, feedbackId, feedbackType: feedbackType ?? 'other' }
    const event = complaintEvent({ ...facts, ...(userAgent !== '' && { userAgent }), ...(arrivedAt !== undefined && { arrivedAt }) })
    // RFC 5965 §7.3: a report that something was no spam is no complaint.
    const complained = feedbackType === 'not-spam' ? [] : applied.filter(({ known }) => !isSimulatorAddress(known.address))
    const suppress = complained.map(({ known }) => ({
      index: known.index,
      address: suppressionKey(known.address),
      reason: 'COMPLAINT' as const,
      feedbackId,
    }))
    return { events: [{ ...event, recipients }], suppress, failed: [] }
  }
  const failed = applied.map(({ known, reported }) => ({
    address: known.address,
    outcome: outcomeOf(reported),
    ...(reported.afterData && { afterData: true }),
  }))
  const lifetime = message.customLifetime ? 'custom' : 'default'
  const { acceptedAt, expiresAt } = message
  const events = feedbackEvents({ settled: failed, at, acceptedAt, expiresAt, lifetime, reportingMta, newFeedbackId })
  const suppress = applied.flatMap(({ known: { index, address } }) => {
    const dead = events.find(event => event.dead?.addresses.includes(address))?.dead
    return dead === undefined ? [] : [{ index, address: suppressionKey(address), reason: 'BOUNCE' as const, feedbackId: dead.feedbackId }]
  })
  return { events, suppress, failed }
}

/** In the words of the far side. */
function outcomeOf({ status, diagnosticCode }: ReportedRecipient): Outcome {
  const reply = diagnosticCode.replace(/^[^;]{0,60};\s*/, '')
  return { action: 'failed', status: (status || '5.0.0') as EnhancedStatus, reply: reply || `550 ${status || '5.0.0'} reported as failed` }
}
