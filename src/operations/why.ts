/**
 * One timeline of a message: accepted, each SMTP attempt with its lines, each event, what a person did, and where every recipient stands now.
 * Before it the rules that let it in, as they stood then.
 */
import { type AppliedRule, appliedRules } from '../account/applied-rules.ts'
import type { ReportVerdict } from '../account/judge-report.ts'
import { formatDuration } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import { REMOVED_BY_HAND } from '../mail/outcome.ts'
import type { KeptReport } from '../ports/reports.ts'
import type { LoggedEvent } from '../ports/store.ts'
import type { App } from './app.ts'

export interface TimelineEntry {
  readonly at: number
  readonly kind: 'accepted' | 'suppressed' | 'attempt' | 'event' | 'report' | 'destination' | 'removed' | 'next'
  readonly text: string
  /** SMTP lines, secrets masked; remote text, not yet made printable. */
  readonly transcript: readonly string[]
}

export interface Explanation {
  readonly messageId: string
  readonly source: string
  readonly subject: string
  readonly envelopeFrom: string
  readonly headerMessageId: string
  readonly callerMessageId: string | null
  readonly sizeBytes: number
  readonly signedBy: readonly string[]
  readonly recipients: readonly {
    readonly address: string
    readonly state: string
    readonly attempts: number
    readonly reply: string | null
  }[]
  /** Empty for mail of our own, to which no rule of the account applies. */
  readonly rules: readonly AppliedRule[]
  readonly timeline: readonly TimelineEntry[]
}

/** @throws MailctlError not-found */
export async function explainMessage({ store, settings }: Pick<App, 'store' | 'settings'>, messageId: string): Promise<Explanation> {
  const message = await store.message(messageId)
  if (message === undefined) {
    throw new MailctlError('not-found', `no message ${messageId}`, { hint: 'mailctl queue list and mailctl events list show message ids.' })
  }
  const { facts } = message
  const timeline: TimelineEntry[] = [
    {
      at: message.acceptedAt,
      kind: 'accepted',
      text: `accepted for ${message.recipients.length} recipient${message.recipients.length === 1 ? '' : 's'}, authorised by ${facts.identity}, ${
        facts.signedBy.length > 0 ? `signed with ${facts.signedBy.join(', ')}` : 'not DKIM-signed'
      }`,
      transcript: [],
    },
  ]
  for (const attempt of await store.attempts(messageId)) {
    const text = `${attempt.host} [${attempt.address}] for ${attempt.recipients.join(', ')}: ${attempt.summary}`
    timeline.push({ at: attempt.startedAt, kind: 'attempt', text, transcript: attempt.transcript })
  }
  for (const event of await store.events({ messageId })) {
    timeline.push({ at: event.at, kind: 'event', text: `${event.type} for ${event.recipients.join(', ')}${judged(event)}`, transcript: [] })
  }
  for (const report of await store.reports({ messageId, limit: MOST_REPORTS })) {
    timeline.push({ at: report.receivedAt, kind: 'report', text: reportText(report), transcript: [] })
  }
  for (const { at, eventType, destination, taken, summary } of await store.publishTries(messageId)) {
    const text = `${eventType} was ${taken ? 'told to' : 'not taken by'} ${destination}: ${summary}`
    timeline.push({ at, kind: 'destination', text, transcript: [] })
  }
  for (const { address, state, outcome } of message.recipients) {
    if (state === 'suppressed' && outcome !== null)
      timeline.push({ at: message.acceptedAt, kind: 'suppressed', text: `${address}: ${withoutCode(outcome.reply)}`, transcript: [] })
  }
  for (const { address, outcome, settledAt } of message.recipients) {
    if (outcome?.reply === REMOVED_BY_HAND.reply && settledAt !== null)
      timeline.push({ at: settledAt, kind: 'removed', text: `${address} was removed from the queue by hand`, transcript: [] })
  }
  timeline.sort((a, b) => a.at - b.at || order(a) - order(b))
  for (const { address, attempts, nextAttemptAt } of message.recipients) {
    if (nextAttemptAt !== null)
      timeline.push({ at: nextAttemptAt, kind: 'next', text: nextText(address, attempts, settings.retry), transcript: [] })
  }
  return {
    messageId,
    source: facts.source,
    subject: facts.subject,
    envelopeFrom: message.envelopeFrom,
    headerMessageId: facts.headerMessageId,
    callerMessageId: facts.callerMessageId,
    sizeBytes: message.sizeBytes,
    signedBy: facts.signedBy,
    recipients: message.recipients.map(({ address, state, attempts, outcome }) => ({
      address,
      state,
      attempts,
      reply: outcome?.reply ?? null,
    })),
    rules: message.kind === 'mail' ? appliedRules({ ...message, ...facts, recipients: message.recipients.map(one => one.address) }) : [],
    timeline,
  }
}

/** Members of an event that say how a failure, a delay or a complaint was read. */
const READINGS = ['bounceType', 'bounceSubType', 'delayType', 'complaintFeedbackType']

function judged({ event: { bounce, deliveryDelay, complaint } }: LoggedEvent): string {
  const detail: Record<string, unknown> = Object.assign({}, bounce, deliveryDelay, complaint)
  const read = READINGS.flatMap(name => (typeof detail[name] === 'string' ? [detail[name]] : []))
  return read.length === 0 ? '' : `, taken for ${read.join(' ')}`
}

/** The waits are those of now: a change of the setting counts from the next try on. */
function nextText(address: string, attempts: number, waits: readonly number[]): string {
  if (attempts === 0) return `first attempt for ${address}`
  const waitMs = waits[Math.min(attempts, waits.length) - 1]
  return `next attempt for ${address}${waitMs === undefined ? '' : `: after attempt ${attempts} the setting retry waits ${formatDuration(waitMs)}`}`
}

/** Duplicates of a report may be many. */
const MOST_REPORTS = 100

const REPORT_KINDS = { DSN: 'delivery report', ARF: 'complaint', AUTO_REPLY: 'automatic answer' } as const
/** What came of a report; of one that was applied the events tell. */
const REPORT_EFFECTS: Readonly<Record<ReportVerdict, string>> = {
  APPLIED: 'taken',
  NOTED: 'changes nothing: it tells of no failure',
  DUPLICATE: 'changes nothing: it was known',
  LATE: 'changes nothing: the message is too old',
  EARLY: 'is to come again',
  FOREIGN: 'changes nothing: none of its recipients is one of the message',
  UNCLEAR: 'changes nothing: it cannot be read as a report',
  FORGED: 'changes nothing: the return path is none of ours',
}

function reportText({ kind, peer, recipients, verdict, passedOn }: KeptReport): string {
  const about = recipients.length === 0 ? '' : ` about ${recipients.map(({ address }) => address).join(', ')}`
  const told = passedOn.length === 0 ? '' : `, passed on to the sender as ${passedOn.join(', ')}`
  return `${kind === null ? 'mail' : REPORT_KINDS[kind]} from ${peer}${about}: ${REPORT_EFFECTS[verdict]}${told}`
}

/** Within one moment cause comes before effect. */
function order({ kind, text }: TimelineEntry): number {
  if (kind === 'accepted') return 0
  if (text.startsWith('Send ')) return 1
  if (kind === 'suppressed') return 2
  if (kind === 'attempt') return 3
  if (text.startsWith('Delivery')) return 4
  if (kind === 'report') return 5
  return kind === 'event' ? 6 : 7
}

/** `550 5.1.1 Not sent: …` without its numbers, which no host has spoken. */
const withoutCode = (reply: string): string => reply.replace(/^\d{3} \d\.\d+\.\d+ /, '')
