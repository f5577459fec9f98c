/**
 * A failed outcome in SES words: bounceType and bounceSubType. SES fact: events "Bounce", table of types and subtypes.
 * The type follows the reason, not the first digit of the code: a full mailbox is Transient even as 552 5.2.2.
 */
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

const UNKNOWN_USER =
  /user (unknown|not found)|unknown (user|mailbox|recipient|address)|no such (user|mailbox|recipient|address)|mailbox (not found|unavailable|does not exist)|does ?n[o']t exist|invalid (recipient|mailbox)|recipient (unknown|not found|address rejected)/i
const FULL = /quota|mailbox (is )?full|over ?limit|insufficient (system )?storage/i
const SPAM = /spam|junk|content|unsolicited|virus|malware|policy reasons/i
const ATTACHMENT = /attachment|file type|file extension/i
const TOO_LARGE = /too (large|big)|size limit|exceeds? (the )?(maximum )?(message )?size/i

interface Rule {
  readonly when: (status: string, reply: string, code: number) => boolean
  readonly is: BounceClass
}
const transient = (bounceSubType: BounceClass['bounceSubType']): BounceClass => ({ bounceType: 'Transient', bounceSubType })
const permanent = (bounceSubType: BounceClass['bounceSubType']): BounceClass => ({ bounceType: 'Permanent', bounceSubType })

/** First match wins; the order is from the specific reason to the bare code. */
const RULES: readonly Rule[] = [
  { when: (status, reply) => /^[45]\.2\.2$/.test(status) || FULL.test(reply), is: transient('MailboxFull') },
  { when: (status, reply) => /^5\.(3\.4|2\.3)$/.test(status) || TOO_LARGE.test(reply), is: transient('MessageTooLarge') },
  { when: (status, reply) => /^5\.[67]\./.test(status) && ATTACHMENT.test(reply), is: transient('AttachmentRejected') },
  { when: (status, reply) => /^5\.6\./.test(status) || (/^5\.7\./.test(status) && SPAM.test(reply)), is: transient('ContentRejected') },
  { when: (status, reply) => status === '5.1.10' || (status === '5.1.1' && UNKNOWN_USER.test(reply)), is: permanent('NoEmail') },
  { when: status => status.startsWith('4.'), is: transient('General') },
  { when: (_, __, code) => code === 552, is: transient('MessageTooLarge') },
  { when: status => status.startsWith('5.'), is: permanent('General') },
]

/** Whether the sender chose how long delivery was tried: MaxDeliverySeconds. */
export type Lifetime = 'default' | 'custom'

/** @param outcome one whose action is `failed`; a given-up delay (4.4.7) is Transient */
export function classifyBounce({ status, reply }: Outcome, lifetime: Lifetime): BounceClass {
  if (status === '4.4.7' && lifetime === 'custom') return transient('CustomTimeoutExceeded')
  const code = Number.parseInt(reply, 10)
  return RULES.find(rule => rule.when(status, reply, code))?.is ?? { bounceType: 'Undetermined', bounceSubType: 'Undetermined' }
}

/** Of an address that does not exist, or takes no mail: no mailbox or domain, moved away, disabled, no host. Not 5.1.7 and 5.1.8, the sender's. */
const DEAD_STATUS = /^5\.(1\.(0|1|2|3|6|10)|2\.1|4\.4)$/
/** Words of a refusal that is about us or the message, whatever its status. */
const NOT_THE_ADDRESS =
  /block|black ?list|deny ?list|dnsbl|\brbl\b|spamhaus|reputation|banned|spam|policy|relay|authenticat|\b(spf|dkim|dmarc)\b/i

/** Whether a bounce says that the address is dead, so that it belongs on suppression lists; a refusal for reputation or policy does not. */
export function isDeadAddress({ status, reply }: Outcome, { bounceType, bounceSubType }: BounceClass): boolean {
  if (bounceType !== 'Permanent') return false
  if (bounceSubType === 'NoEmail') return true
  if (status === '5.0.0') return UNKNOWN_USER.test(reply)
  return DEAD_STATUS.test(status) && (UNKNOWN_USER.test(reply) || !NOT_THE_ADDRESS.test(reply))
}
