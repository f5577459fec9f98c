/**
 * May this account send this message now? The whole answer, as a function of loaded state: paused accounts, unverified senders, the
 * sandbox, the daily quota and the send rate. Called by the store inside the transaction that accepts the message, so that two processes
 * cannot both take the last token. SES facts: concepts §1 (quota, rate, texts), §3 (inheritance, labels).
 */
import { MailctlError } from '../base/errors.ts'
import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Account, SendingUsage } from './account.ts'
import { coveringNames, type Identity } from './identity.ts'

/** The network mode decides which proofs count: `live` takes only those from real DNS. */
export type ProofScope = 'lab' | 'relay' | 'live'

/** How long a domain whose record disappeared still counts as verified. SES fact: 72 h. */
export const VERIFICATION_GRACE_MS = 72 * 3_600_000

export interface SenderQuestion {
  readonly account: Account
  readonly network: ProofScope
  /** Of the names in `coveringNames` of each sender, those that exist. */
  readonly identities: readonly Identity[]
  /** The From address first, then Sender and return path where they differ; the null return path is left out. */
  readonly senders: readonly string[]
}
export interface AdmissionQuestion extends SenderQuestion {
  readonly recipients: readonly string[]
  readonly usage: SendingUsage
}

/**
 * Who are you: what can be said before there is a message.
 * @returns the identity that speaks for the first sender
 * @throws MailctlError sending-paused, not-verified
 */
export function checkSender(question: SenderQuestion, now: number): Identity {
  checkSending(question.account)
  return checkIdentities(question, [], now)
}

/**
 * @returns the usage after this message
 * @throws MailctlError sending-paused, not-verified, quota-exceeded, rate-exceeded
 */
export function admit(question: AdmissionQuestion, now: number): SendingUsage {
  const { account, recipients, usage } = question
  checkSending(account)
  checkIdentities(question, account.productionAccess ? [] : recipients, now)
  return spend(account, usage, recipients, now)
}

/** The names whose identities `admit` needs to see. */
export function namesToLoad(senders: readonly string[], recipients: readonly string[]): string[] {
  return [...new Set([...senders.flatMap(coveringNames), ...recipients.flatMap(recipientNames)])]
}

/**
 * Whether the identity counts as verified in this network mode at this moment. The grace of a record that disappeared runs from the later
 * of its last success and the start of the present search.
 */
export function isVerified({ verification }: Identity, network: ProofScope, now: number): boolean {
  const { status, proof, startedAt, lastSuccessAt } = verification
  if (proof === null || (network === 'live' && proof !== 'dns')) return false
  if (status === 'SUCCESS') return true
  return status === 'TEMPORARY_FAILURE' && lastSuccessAt !== null && now - Math.max(lastSuccessAt, startedAt) < VERIFICATION_GRACE_MS
}

/** The strongest verified identity that speaks for the sender: the address, it without its label, its domain, each parent domain. */
export function identityFor(
  sender: string,
  { identities, network }: Pick<SenderQuestion, 'identities' | 'network'>,
  now: number,
): Identity | undefined {
  for (const name of coveringNames(sender)) {
    const identity = identities.find(one => one.name === name && isVerified(one, network, now))
    if (identity) return identity
  }
  return undefined
}

function checkSending({ enforcementStatus, enforcementReason, sendingEnabled }: Account): void {
  if (enforcementStatus === 'SHUTDOWN')
    throw new MailctlError(
      'sending-paused',
      'Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.',
      { hint: enforcementReason ?? 'mailctl reputation shows what led to it.' },
    )
  if (!sendingEnabled)
    throw new MailctlError('sending-paused', 'Sending is paused for this account.', { hint: 'Run mailctl account resume.' })
}

function checkIdentities(question: SenderQuestion, sandboxRecipients: readonly string[], now: number): Identity {
  const [from] = question.senders
  if (from === undefined) throw new TypeError('a message has a From address')
  const failed = new Set(question.senders.filter(sender => !identityFor(sender, question, now)))
  const sandboxed = sandboxRecipients.filter(address => !mayReceiveInSandbox(address, question, now))
  const unverified = [...new Set([...failed, ...sandboxed])]
  const identity = identityFor(from, question, now)
  if (identity && unverified.length === 0) return identity
  throw notVerified(question.account, unverified, sandboxed.length > 0)
}

function mayReceiveInSandbox(address: string, { identities, network }: SenderQuestion, now: number): boolean {
  if (isSimulatorAddress(address)) return true
  const names = recipientNames(address)
  return identities.some(identity => names.includes(identity.name) && isVerified(identity, network, now))
}

/** As for senders, but a label is part of a recipient's address. */
function recipientNames(address: string): string[] {
  return coveringNames(address).filter((name, index) => index === 0 || !name.includes('@'))
}

/** Characters of the list of identities in the text before it is cut. */
const LONGEST_LIST = 1_000

function notVerified({ region }: Account, names: readonly string[], sandboxed: boolean): MailctlError {
  let list = names.join(', ')
  if (list.length > LONGEST_LIST) list = `${list.slice(0, LONGEST_LIST)}...`
  return new MailctlError(
    'not-verified',
    `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${list}`,
    {
      hint: sandboxed
        ? 'In the sandbox recipients must be verified too: mailctl verify email <address>. To leave it: mailctl account request-production --approve.'
        : 'Run mailctl verify domain <domain>, or mailctl verify email <address>.',
    },
  )
}

/**
 * The daily quota is strict and counts real recipients. The rate is a token bucket of `max(1, rate)` tokens in which a message may start
 * whenever one token is there; its recipients, simulator or not, then take the balance below zero if they must.
 */
function spend(account: Account, usage: SendingUsage, recipients: readonly string[], now: number): SendingUsage {
  const real = recipients.filter(address => !isSimulatorAddress(address)).length
  const sentLast24Hours = usage.sentLast24Hours + real
  if (account.max24HourSend !== -1 && real > 0 && sentLast24Hours > account.max24HourSend)
    throw new MailctlError('quota-exceeded', 'Daily message quota exceeded.', {
      hint: `${usage.sentLast24Hours} of ${account.max24HourSend} recipients are used in the last 24 hours, this message has ${real}.`,
    })
  const tokens = tokensAt(account, usage, now)
  if (tokens < 1)
    throw new MailctlError('rate-exceeded', 'Maximum sending rate exceeded.', {
      hint: `The account may send to ${account.maxSendRate} recipients a second; try again in ${waitForTokenMs(account, usage, now)} ms.`,
    })
  // Never back by a little: what passed since then was counted with the message that overtook this one.
  return { sentLast24Hours, tokens: tokens - recipients.length, tokensAt: wasSetBack(usage, now) ? now : Math.max(now, usage.tokensAt) }
}

/** A moment before the last one by more than this is no message overtaken by another: the clock was set. */
const CLOCK_SET_BACK_MS = 1_000
const wasSetBack = (usage: SendingUsage, now: number): boolean => now - usage.tokensAt < -CLOCK_SET_BACK_MS

/** Tokens in the bucket at this moment. A clock that was set back finds it full: nobody waits until it has come so far again. */
export function tokensAt({ maxSendRate }: Pick<Account, 'maxSendRate'>, usage: SendingUsage, now: number): number {
  if (wasSetBack(usage, now)) return Math.max(1, maxSendRate)
  const elapsedMs = Math.max(0, now - usage.tokensAt)
  // Thousandths are whole numbers, so that a token is there exactly when its time has come and not a rounding error later.
  const thousandths = Math.round(usage.tokens * 1_000) + Math.floor(elapsedMs * maxSendRate)
  return Math.min(Math.max(1, maxSendRate), thousandths / 1_000)
}

/** Milliseconds until a message may start; 0 when it may now, Infinity when the rate is zero. For callers who wait. */
export function waitForTokenMs(account: Pick<Account, 'maxSendRate'>, usage: SendingUsage, now: number): number {
  const missingThousandths = Math.round((1 - tokensAt(account, usage, now)) * 1_000)
  if (missingThousandths <= 0) return 0
  return account.maxSendRate > 0 ? Math.ceil(missingThousandths / account.maxSendRate) : Number.POSITIVE_INFINITY
}
