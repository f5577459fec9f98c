/** What the page is told, as plain data: times are epoch milliseconds of the account's clock, and texts of strangers hold no control characters. */
import { printable, printableLines } from '../../base/redact.ts'
import { nextCommand } from '../../operations/next-command.ts'
import type { ReadMail } from '../../operations/read-mail.ts'
import type { Status } from '../../operations/read-status.ts'
import type { Explanation } from '../../operations/why.ts'
import type { InboxMessage } from '../../ports/lab.ts'
import type { Settings } from '../../ports/settings.ts'
import type { LoggedEvent, StoredMessage } from '../../ports/store.ts'

export function accountShape({ account, sentLast24Hours, identities, queue, day, clock, next }: Status, { network, hostname }: Settings) {
  return {
    accountId: account.accountId,
    region: account.region,
    network,
    hostname,
    clock,
    access: account.productionAccess ? 'production' : 'sandbox',
    isSending: account.sendingEnabled,
    health: account.enforcementStatus,
    reason: account.enforcementReason ?? null,
    quota: { max24HourSend: account.max24HourSend, maxSendRate: account.maxSendRate, sentLast24Hours },
    identities: identities.map(({ identity: { name, type, verification, dkim }, concern }) => ({
      name,
      type,
      status: verification.status,
      dkim: type === 'DOMAIN' ? (dkim.signingEnabled ? dkim.status : 'OFF') : null,
      concern,
    })),
    queue: { ...queue, deferral: queue.deferral && { ...queue.deferral, lastReply: shown(queue.deferral.lastReply) } },
    day,
    next: nextCommand(next),
  }
}

const shown = (text: string | null): string | null => (text === null ? null : printable(text))

/** Recipients named in a list. */
const MOST_NAMED = 3

export function messageLine({ id, kind, acceptedAt, facts, sizeBytes, recipients }: StoredMessage) {
  const states: Record<string, number> = {}
  for (const { state } of recipients) states[state] = (states[state] ?? 0) + 1
  return {
    id,
    kind,
    at: acceptedAt,
    from: printable(facts.source),
    to: recipients.slice(0, MOST_NAMED).map(({ address }) => printable(address)),
    recipients: recipients.length,
    subject: printable(facts.subject),
    sizeBytes,
    states,
  }
}

export const inboxLine = ({ id, receivedAt, from, envelopeFrom, envelopeTo, subject, sizeBytes, receiver, ...verdicts }: InboxMessage) => ({
  id,
  at: receivedAt,
  from: printable(from),
  envelopeFrom: printable(envelopeFrom),
  to: envelopeTo.slice(0, MOST_NAMED).map(printable),
  recipients: envelopeTo.length,
  subject: printable(subject),
  sizeBytes,
  receiver: printable(receiver),
  folder: verdicts.folder,
  rules: verdicts.rules,
  authentication: verdicts.authentication,
})

export const explanationShape = ({ recipients, rules, timeline, ...facts }: Explanation) => ({
  ...facts,
  source: printable(facts.source),
  subject: printable(facts.subject),
  callerMessageId: shown(facts.callerMessageId),
  recipients: recipients.map(one => ({ ...one, address: printable(one.address), reply: shown(one.reply) })),
  rules: rules.map(({ rule, text }) => ({ rule, text: printable(text) })),
  timeline: timeline.map(entry => ({ ...entry, text: printable(entry.text), transcript: entry.transcript.map(printable) })),
})

export const contentShape = ({ subject, from, to, cc, text, hasHtml, links, attachments, fields, truncated }: ReadMail) => ({
  subject: printable(subject),
  from: from.map(printable),
  to: to.map(printable),
  cc: cc.map(printable),
  text: text === null ? null : printableLines(text),
  hasHtml,
  links: links.map(link => ({ href: link.href, text: printable(link.text) })),
  attachments: attachments.map(one => ({ ...one, name: shown(one.name), type: printable(one.type) })),
  fields: fields.map(([name, value]) => [printable(name), printable(value)]),
  isCut: truncated,
})

export const eventShape = ({ id, type, at, messageId, recipients, event }: LoggedEvent) => ({
  id,
  type,
  at,
  messageId,
  recipients: recipients.slice(0, MOST_NAMED).map(printable),
  count: recipients.length,
  subject: printable((event.mail['commonHeaders'] as { readonly subject?: string } | undefined)?.subject ?? ''),
  detail: detailOf(event),
})

/** What an event says beyond its type, in a line. */
function detailOf(event: LoggedEvent['event']): string {
  const { bounce, delivery, deliveryDelay, complaint, reject, click, open } = event as unknown as Readonly<
    Record<string, Detail | undefined>
  >
  const said =
    (bounce && [bounce['bounceType'], bounce['bounceSubType'], recipientReply(bounce['bouncedRecipients'])]) ??
    (delivery && [delivery['smtpResponse']]) ??
    (deliveryDelay && [deliveryDelay['delayType'], recipientReply(deliveryDelay['delayedRecipients'])]) ??
    (complaint && [complaint['complaintFeedbackType']]) ??
    (reject && [reject['reason']]) ??
    (click && [click['link']]) ??
    (open && [open['userAgent']]) ??
    []
  return printable(said.filter(one => typeof one === 'string' && one !== '').join(' · '))
}

type Detail = Readonly<Record<string, unknown>>

const recipientReply = (recipients: unknown): unknown => (Array.isArray(recipients) ? recipients[0]?.diagnosticCode : undefined)
