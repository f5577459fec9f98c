/**
 * A failed outcome in SES words: bounceType and bounceSubType. SES fact: events "Bounce", table of types and subtypes.
 * The type follows the reason, not the first digit of the code: a full mailbox is Transient even as 552 5.2.2, and so is a refusal of the
 * sender's address, domain or network, which says nothing about the recipient. One rule for what servers answer and what reports say.
 */
import { type FailureReason, failureIn, says } from '../mail/failure-reasons.ts'
import type { Outcome } from '../mail/outcome.ts'

export interface BounceClass {
  readonly bounceType: 'Undetermined' | 'Permanent' | 'Transient'
  readonly bounceSubType:
    | 'Undetermined'
    | 'General'
    | 'NoEmail'
    | 'MailboxFull'
    | 'MessageTooLarge'
    | 'ContentRejected'
    | 'AttachmentRejected'
    | 'CustomTimeoutExceeded'
}

interface Facts {
  readonly status: string
  readonly reply: string
  /** The reply code, NaN when there is none. */
  readonly code: number
  readonly reason: FailureReason | undefined
  readonly afterData: boolean
}

interface Rule {
  readonly when: (facts: Facts) => boolean
  readonly is: BounceClass
}
const transient = (bounceSubType: BounceClass['bounceSubType']): BounceClass => ({ bounceType: 'Transient', bounceSubType })
const permanent = (bounceSubType: BounceClass['bounceSubType']): BounceClass => ({ bounceType: 'Permanent', bounceSubType })

const UNWANTED: ReadonlySet<FailureReason | undefined> = new Set<FailureReason>(['spam', 'virus', 'attachment', 'content'])
/** What passes, or is about the sender: the address may be good. */
const NOT_THE_ADDRESS: ReadonlySet<FailureReason | undefined> = new Set<FailureReason>([
  'authentication',
  'reverseDns',
  'reputation',
  'systemFull',
  'tooManyConnections',
  'loop',
  'expired',
  'noConnection',
  'dnsFailure',
  'systemError',
])

/** Words of a refusal that is plainly about who sends, or what. */
const SENDER_WORDS = /\b(?:spf|dkim|dmarc)\b|polic(?:y|ies)|reputation|block(?:ed)? ?list/i

/** The server gave a bare code, and the status is read from where it stood: RCPT, for one, makes 5.1.1 of 550. */
const isGuessed = ({ status, reply }: Facts): boolean => !reply.includes(status)

/** First match wins; the order is from the specific reason to the bare code. */
const RULES: readonly Rule[] = [
  // RFC 7372 and Google's codes beside it, Microsoft's for DMARC and for authentication: who sends, and how, is not good enough.
  { when: ({ status }) => /^5\.7\.(2[0-9]|3[0-2]|40|509|515)$/.test(status), is: transient('General') },
  // "552 1 Requested mail action aborted, mailbox not found": Yahoo.
  { when: facts => facts.code === 552 && facts.reason === 'noSuchUser' && isGuessed(facts), is: permanent('NoEmail') },
  // "550 Requested action not taken: mailbox unavailable. Reject due to SPF policy": GMX. "550 SC-001 Mail rejected for policy reasons": Outlook.
  {
    when: facts => facts.status === '5.1.1' && isGuessed(facts) && SENDER_WORDS.test(facts.reply),
    is: transient('General'),
  },
  { when: ({ status, reason }) => /^[45]\.2\.2$/.test(status) || reason === 'mailboxFull', is: transient('MailboxFull') },
  { when: ({ status, reason }) => /^5\.(3\.4|2\.3)$/.test(status) || reason === 'tooLarge', is: transient('MessageTooLarge') },
  { when: ({ status, reason }) => /^5\.[067]\./.test(status) && reason === 'attachment', is: transient('AttachmentRejected') },
  {
    when: ({ status, reason }) => /^5\.6\./.test(status) || (/^5\.[057]\./.test(status) && UNWANTED.has(reason)),
    is: transient('ContentRejected'),
  },
  {
    when: ({ status, reason, reply, afterData }) =>
      status === '5.1.10' ||
      (/^[45]\.1\.1$/.test(status) && says('noSuchUser', reply)) ||
      (/^5\.[05]\./.test(status) && reason === 'noSuchUser' && !afterData),
    is: permanent('NoEmail'),
  },
  { when: ({ status }) => status.startsWith('4.'), is: transient('General') },
  { when: ({ code, status }) => code === 552 && /^5\.[023]\./.test(status), is: transient('MessageTooLarge') },
  {
    when: ({ status, reason }) =>
      /^5\.(4\.7|3\.1)$/.test(status) ||
      (/^5\.1\.0$/.test(status) && reason === 'badSender') ||
      (/^5\.[03457]\./.test(status) && NOT_THE_ADDRESS.has(reason)),
    is: transient('General'),
  },
  { when: ({ status }) => status.startsWith('5.'), is: permanent('General') },
]

/** Whether the sender chose how long delivery was tried: MaxDeliverySeconds. */
export type Lifetime = 'default' | 'custom'

/**
 * @param outcome one whose action is `failed`; a given-up delay (4.4.7) is Transient
 * @param afterData the far side had taken the recipient before: without a code for it, `unknown user` is then no proof
 */
export function classifyBounce({ status, reply }: Outcome, lifetime: Lifetime, afterData = false): BounceClass {
  if (status === '4.4.7' && lifetime === 'custom') return transient('CustomTimeoutExceeded')
  const facts: Facts = { status, reply, code: Number.parseInt(reply, 10), reason: failureIn(reply)?.reason, afterData }
  return RULES.find(rule => rule.when(facts))?.is ?? { bounceType: 'Undetermined', bounceSubType: 'Undetermined' }
}

/** Of an address that does not exist, or takes no mail: no mailbox or domain, moved away, disabled, no host. Not 5.1.7 and 5.1.8, the sender's. */
const DEAD_STATUS = /^5\.(1\.(0|1|2|3|6|10)|2\.1|4\.4)$/
/** Words of a refusal that is about us or the message, whatever its status. */
const ABOUT_US = /block|black ?list|deny ?list|dnsbl|\brbl\b|spamhaus|reputation|banned|spam|policy|relay|authenticat|\b(spf|dkim|dmarc)\b/i

/** Whether a bounce says that the address is dead, so that it belongs on suppression lists; a refusal for reputation or policy does not. */
export function isDeadAddress({ status, reply }: Outcome, { bounceType, bounceSubType }: BounceClass): boolean {
  if (bounceType !== 'Permanent') return false
  if (bounceSubType === 'NoEmail') return true
  if (status === '5.0.0') return says('noSuchUser', reply)
  return DEAD_STATUS.test(status) && (says('noSuchUser', reply) || !ABOUT_US.test(reply))
}
