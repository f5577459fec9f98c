/**
 * The tour as data: each step is a command a user could type, and what must be true of its result. A step whose claim does not hold fails
 * the demo; nothing here looks behind the commands.
 */

export interface Step {
  /** What this step shows, in a few words. */
  readonly title: string
  /** Arguments after `mailctl`; `{file}` is the sample attachment, `{message}` the message id of an earlier step. */
  readonly args: readonly string[]
  readonly exit: number
  /** @param json the command's result, or its error object when it refused  @returns one line that says what was seen; throws when the claim fails */
  readonly check: (json: unknown, facts: TourFacts) => string
}

/** What later steps need from earlier ones. */
export interface TourFacts {
  readonly attachmentSha256: string
  messageId: string
  inboxId: string
}

export const ATTACHMENT_NAME = 'report.csv'

/** Reads a path such as `Recipients.0.Status` out of parsed JSON; a missing member is undefined. */
export function member(json: unknown, path: string): unknown {
  let value = json
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return value
}

export class ClaimFailed extends Error {}

function claim(holds: boolean, otherwise: string): void {
  if (!holds) throw new ClaimFailed(otherwise)
}

const text = (json: unknown, path: string): string => String(member(json, path) ?? '')

export const TOUR: readonly Step[] = [
  {
    title: 'An account of its own',
    args: ['init'],
    exit: 0,
    check: () => 'in the sandbox, on the lab network: nothing leaves this machine',
  },
  {
    title: 'A domain, its keys and its records',
    args: ['verify', 'domain', 'shop.example', '--mail-from', 'bounce.shop.example'],
    exit: 0,
    check(json) {
      const records = member(json, 'DnsRecords')
      claim(member(json, 'VerifiedForSendingStatus') === true, `verification ended as ${text(json, 'VerificationStatus')}`)
      claim(text(json, 'DkimAttributes.Status') === 'SUCCESS', 'the DKIM keys were not found')
      claim(Array.isArray(records) && records.every(record => member(record, 'Status') === 'FOUND'), 'a record is missing')
      return `verified: ${Array.isArray(records) ? records.length : 0} records published to the lab and found there, three DKIM keys among them`
    },
  },
  {
    title: 'The sandbox says no',
    args: ['send', '--from', 'Shop <orders@shop.example>', '--to', 'ann@gmail.com', '--subject', 'Hello', '--text', 'Hello Ann'],
    exit: 77,
    check(json) {
      claim(text(json, 'Error.Code') === 'MessageRejected', `the refusal was ${text(json, 'Error.Code')}`)
      return `exit 77: ${text(json, 'Error.Message')}`
    },
  },
  {
    title: 'Out of the sandbox',
    args: ['account', 'request-production', '--approve'],
    exit: 0,
    check: () => 'production access granted, without a review since --approve was given',
  },
  {
    title: 'A message with an attachment',
    args: [
      'send',
      '--from',
      'Shop <orders@shop.example>',
      '--to',
      'ann@gmail.com',
      '--subject',
      'Your report',
      '--text',
      'The report is attached.',
      '--html',
      '<p>The report is <b>attached</b>.</p>',
      '--attach',
      '{file}',
    ],
    exit: 0,
    check(json, facts) {
      claim(text(json, 'Recipients.0.Status') === 'DELIVERED', `the recipient is ${text(json, 'Recipients.0.Status')}`)
      claim(text(json, 'Recipients.0.TlsVersion').startsWith('TLSv1.'), 'the session was not encrypted')
      facts.messageId = text(json, 'MessageId')
      return `delivered to ${text(json, 'Recipients.0.RemoteMta')} over ${text(json, 'Recipients.0.TlsVersion')}: ${text(json, 'Recipients.0.SmtpResponse')}`
    },
  },
  {
    title: 'What the receiver thinks of it',
    args: ['inbox', 'list'],
    exit: 0,
    check(json, facts) {
      const spf = text(json, 'Messages.0.Authentication.Spf')
      const dkim = text(json, 'Messages.0.Authentication.Dkim.0.Result')
      const dmarc = text(json, 'Messages.0.Authentication.Dmarc')
      claim(dkim === 'pass', `DKIM: ${dkim}`)
      claim(spf === 'pass', `SPF: ${spf}`)
      claim(dmarc === 'pass', `DMARC: ${dmarc}`)
      facts.inboxId = text(json, 'Messages.0.Id')
      return `SPF ${spf}, DKIM ${dkim}, DMARC ${dmarc}, decided by the receiver with another implementation`
    },
  },
  {
    title: 'The attachment, octet for octet',
    args: ['inbox', 'show', '{inbox}'],
    exit: 0,
    check(json, facts) {
      claim(text(json, 'Attachments.0.Name') === ATTACHMENT_NAME, `the attachment is called '${text(json, 'Attachments.0.Name')}'`)
      claim(text(json, 'Attachments.0.Sha256') === facts.attachmentSha256, 'the attachment arrived changed')
      return `${ATTACHMENT_NAME} arrived unchanged, SHA-256 ${facts.attachmentSha256.slice(0, 16)}…`
    },
  },
  {
    title: 'A bounce, and the event it leaves',
    args: ['simulate', 'bounce', '--from', 'orders@shop.example'],
    exit: 0,
    check(json) {
      const events = member(json, 'Events')
      const bounce = Array.isArray(events) ? events.find(event => member(event, 'eventType') === 'Bounce') : undefined
      claim(text(bounce, 'bounce.bounceType') === 'Permanent', 'no Bounce event was seen')
      return `${text(bounce, 'bounce.bounceType')}/${text(bounce, 'bounce.bounceSubType')}: ${text(bounce, 'bounce.bouncedRecipients.0.diagnosticCode')}`
    },
  },
  {
    title: 'Why a message went where it went',
    args: ['why', '{message}'],
    exit: 0,
    check(json) {
      const timeline = member(json, 'Timeline')
      claim(Array.isArray(timeline) && timeline.length >= 4, 'the timeline is incomplete')
      return `${Array.isArray(timeline) ? timeline.length : 0} steps from acceptance to the Delivery event, each SMTP line among them`
    },
  },
]
