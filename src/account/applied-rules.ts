/**
 * Which rules let a message in and what they decided, in words, from what was written down when it was accepted: for `mailctl why`. In the
 * order in which they were applied. A rule that had no say is left out, and so is what an older version of the program did not write down.
 */
import { formatDuration } from '../base/duration.ts'
import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { DeliveryOptions } from './configuration-set.ts'
import type { ListManagement } from './contacts.ts'
import { listAsked, type SuppressionReason } from './suppression.ts'

/** Where the account stood just before the message; the rest is in the message's own facts. */
export interface AdmissionFacts {
  readonly production: boolean
  /** Recipients in the 24 hours before. */
  readonly sentLast24Hours: number
  /** -1: unlimited. */
  readonly max24HourSend: number
  /** Recipients a second. */
  readonly maxSendRate: number
  /** Of the account. */
  readonly suppressedReasons: readonly SuppressionReason[]
  /** The configuration set is the identity's own, not one that the message named. */
  readonly isDefaultSet?: true
  /** The custom MAIL FROM domain of the identity, in use or not. */
  readonly mailFrom?: { readonly domain: string; readonly isInUse: boolean }
  /** What of the message's HTML was changed so that it tells. */
  readonly tracked?: readonly ('opens' | 'clicks')[]
}

export const RULES = [
  'IDENTITY',
  'SANDBOX',
  'QUOTA',
  'RATE',
  'CONFIGURATION_SET',
  'SUPPRESSION',
  'LIST',
  'MAIL_FROM',
  'TRACKING',
  'SIGNATURE',
  'TLS',
  'LIFETIME',
] as const
export type Rule = (typeof RULES)[number]

export interface AppliedRule {
  readonly rule: Rule
  readonly text: string
}

export interface AcceptedMail {
  readonly fromAddress: string
  /** The identity that spoke for it. */
  readonly identity: string
  readonly recipients: readonly string[]
  readonly configurationSet: string | null
  readonly delivery?: DeliveryOptions
  readonly suppressedReasons?: readonly SuppressionReason[]
  readonly listManagement?: ListManagement
  readonly signedBy: readonly string[]
  readonly envelopeFrom: string
  readonly acceptedAt: number
  readonly expiresAt: number
  readonly standing?: AdmissionFacts
}

export function appliedRules(mail: AcceptedMail): AppliedRule[] {
  const texts: Readonly<Record<Rule, string | undefined>> = {
    IDENTITY: `${mail.identity} speaks for ${mail.fromAddress}: ${spokenBy(mail)}`,
    SANDBOX: mail.standing && sandboxText(mail.standing),
    QUOTA: mail.standing && quotaText(mail.standing, mail.recipients),
    RATE: mail.standing && `up to ${counted(mail.standing.maxSendRate, 'recipient')} a second, and there was one to spare`,
    CONFIGURATION_SET: setText(mail),
    SUPPRESSION: mail.standing && suppressionText(mail, mail.standing),
    LIST: mail.listManagement && listText(mail.listManagement),
    MAIL_FROM: mailFromText(mail),
    TRACKING:
      mail.standing?.tracked && `${mail.standing.tracked.join(' and ')} are tracked: links and pictures of the HTML lead by this account`,
    SIGNATURE:
      mail.signedBy.length > 0
        ? `signed with ${mail.signedBy.join(', ')}`
        : 'not signed: no domain with working DKIM speaks for the sender, or its signing is off',
    TLS: tlsText(mail.delivery),
    LIFETIME: `tried for ${formatDuration(mail.expiresAt - mail.acceptedAt)}${mail.delivery?.maxDeliverySeconds ? `, as ${mail.configurationSet} says` : ''}`,
  }
  return RULES.flatMap(rule => {
    const text = texts[rule]
    return text === undefined ? [] : [{ rule, text }]
  })
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** SES fact: concepts §3, inheritance. */
function spokenBy({ identity, fromAddress }: AcceptedMail): string {
  const domain = fromAddress.slice(fromAddress.lastIndexOf('@') + 1).toLowerCase()
  if (identity === domain) return 'a verified domain stands for its addresses'
  if (domain.endsWith(`.${identity}`)) return 'a verified domain stands for its subdomains too'
  return identity.length < fromAddress.length ? 'a verified address stands for itself with any label' : 'the address itself is verified'
}

const sandboxText = ({ production }: AdmissionFacts): string =>
  production
    ? 'the account has production access: recipients need not be verified'
    : 'the account is in the sandbox: every recipient is verified, or the simulator'

function quotaText({ sentLast24Hours, max24HourSend }: AdmissionFacts, recipients: readonly string[]): string {
  const real = recipients.filter(address => !isSimulatorAddress(address)).length
  const used =
    max24HourSend === -1 ? `${sentLast24Hours} used in 24 hours, of any number` : `${sentLast24Hours} of ${max24HourSend} used in 24 hours`
  const free = recipients.length - real
  return `${used}; this message has ${counted(real, 'recipient')}${free > 0 ? `, and ${free} of the simulator that ${free === 1 ? 'does' : 'do'} not count` : ''}`
}

function setText({ configurationSet, standing }: AcceptedMail): string {
  if (configurationSet === null) return 'none'
  return standing?.isDefaultSet ? `${configurationSet}, which the identity has for messages that name none` : configurationSet
}

function suppressionText(
  { suppressedReasons: set, configurationSet }: AcceptedMail,
  { suppressedReasons: account }: AdmissionFacts,
): string {
  const whose = set === undefined ? 'the account' : configurationSet
  const asked = listAsked({ account, ...(set !== undefined && { set }) })
  if (asked === 'none') return `${whose} suppresses nobody`
  if (asked === 'global') return "the account's list is not used: who bounced hard lately gets nothing"
  return `${whose} suppresses for ${(set ?? account).join(' and ')}`
}

const listText = ({ list, topic }: ListManagement): string =>
  topic === null
    ? `of the contact list ${list}: who unsubscribed from it gets nothing`
    : `of the topic ${topic} of ${list}: who unsubscribed gets nothing`

function mailFromText({ envelopeFrom, standing }: AcceptedMail): string {
  const mailFrom = standing?.mailFrom
  if (mailFrom?.isInUse) return `<${envelopeFrom}>, by the identity's own MAIL FROM domain`
  return mailFrom === undefined ? `<${envelopeFrom}>` : `<${envelopeFrom}>, because the MAIL FROM domain ${mailFrom.domain} is not verified`
}

/** What is asked of receivers beyond what their own domains ask. */
const tlsText = (delivery: DeliveryOptions | undefined): string =>
  delivery?.tlsPolicy === 'REQUIRE' ? 'required: nothing goes in the clear' : 'where the receiver has it, unless its domain asks for more'
