/**
 * Suppression: addresses that get no mail from this account. There is the account's own list, the global one of addresses that bounced
 * lately (SES keeps it for all of its customers, we for this account), and the setting of which reasons count. The whole decision, as a
 * function of data and two questions. SES facts: concepts §8; simulator, "Addresses".
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { Standing } from './reputation.ts'

export const SUPPRESSION_REASONS = ['BOUNCE', 'COMPLAINT'] as const
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number]

/** An entry of the account's list. */
export interface SuppressedAddress {
  /** As `suppressionKey` gives it. */
  readonly address: string
  readonly reason: SuppressionReason
  readonly updatedAt: number
  /** Of the event that put it there; null when a person did. */
  readonly messageId: string | null
  readonly feedbackId: string | null
}

/** An entry of the global list. */
export interface GloballySuppressed {
  readonly address: string
  /** Bounces, one after the other: each keeps it there for longer. */
  readonly bounces: number
  readonly updatedAt: number
  readonly expiresAt: number
}

/** What entries are stored and found by: trimmed, the domain in lower case, the local part as it is. */
export function suppressionKey(address: string): string {
  const text = address.trim()
  const at = text.lastIndexOf('@')
  return at < 0 ? text : text.slice(0, at) + text.slice(at).toLowerCase()
}

export interface ReasonSettings {
  readonly account: readonly SuppressionReason[]
  /** Of the message's configuration set; absent: the account's. */
  readonly set?: readonly SuppressionReason[] | undefined
}

export const effectiveReasons = ({ account, set }: ReasonSettings): readonly SuppressionReason[] => set ?? account

/** The account's list, while it is used, takes the place of the global one. A set with no reasons at all suppresses nothing. */
export function listAsked({ account, set }: ReasonSettings): 'account' | 'global' | 'none' {
  if ((set ?? account).length > 0) return 'account'
  return set === undefined ? 'global' : 'none'
}

/** A recipient that is born final. */
export interface Suppressed {
  /** Position in the envelope. */
  readonly index: number
  readonly address: string
  readonly list: 'account' | 'global' | 'contacts'
  readonly reason: SuppressionReason
  readonly outcome: Outcome
}

export interface SuppressionQuestion {
  readonly recipients: readonly string[]
  readonly settings: ReasonSettings
  /** The reason for which the account's list has the key. Asked only where the answer counts. */
  readonly onAccountList: (key: string) => SuppressionReason | undefined
  readonly onGlobalList: (key: string) => boolean
}

/** Who of the recipients gets no delivery, in the order of the envelope. */
export function suppressedAmong({ recipients, settings, onAccountList, onGlobalList }: SuppressionQuestion): Suppressed[] {
  const list = listAsked(settings)
  const reasons = effectiveReasons(settings)
  return recipients.flatMap((address, index): Suppressed[] => {
    if (isSuppressedInSimulation(address)) return [suppressed(index, address, 'global', 'BOUNCE')]
    if (list === 'none') return []
    const key = suppressionKey(address)
    if (list === 'global') return onGlobalList(key) ? [suppressed(index, address, 'global', 'BOUNCE')] : []
    const reason = onAccountList(key)
    return reason !== undefined && reasons.includes(reason) ? [suppressed(index, address, 'account', reason)] : []
  })
}

/** The simulator's stand-in for an address on the global list, whatever is set. */
const isSuppressedInSimulation = (address: string): boolean => isSimulatorAddress(address) && /^suppressionlist(\+[^@]*)?@/i.test(address)

/** Who does not want mail of the contact list that the message is of. */
export const unsubscribedRecipient = (index: number, address: string): Suppressed => ({
  index,
  address,
  list: 'contacts',
  reason: 'BOUNCE',
  outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 Not sent: unsubscribed from the contact list' },
})

/** In our own words: SES's, which stand in the event, name its own pages. */
function suppressed(index: number, address: string, list: 'account' | 'global', reason: SuppressionReason): Suppressed {
  const words =
    list === 'account'
      ? `Not sent: on the suppression list of the account (${reason})`
      : 'Not sent: on the global suppression list, after a recent bounce'
  return { index, address, list, reason, outcome: { action: 'failed', status: '5.1.1', reply: `550 5.1.1 ${words}` } }
}

const DAY_MS = 86_400_000
/** SES fact: at most 14 days. */
const LONGEST_DAYS = 14

/** How long the global list keeps an address: 1, 2, 4, 8, then 14 days. @param bounces one after the other, ≥ 1 */
export const globalPeriodMs = (bounces: number): number => Math.min(LONGEST_DAYS, 2 ** Math.min(bounces - 1, 10)) * DAY_MS
/** An address that has been off the global list for so long is new to it. */
export const GLOBAL_MEMORY_MS = LONGEST_DAYS * DAY_MS

/** SES fact: how long an account that may not send keeps its list. */
const LIST_OF_SUSPENDED_MS = 90 * DAY_MS

/** Whether nothing is left of the account's list, because it has been suspended for so long. A pause by its owner is none. */
export const isListForgotten = ({ status, since, cause }: Standing, now: number): boolean =>
  status === 'SHUTDOWN' && cause !== null && now - since >= LIST_OF_SUSPENDED_MS

/** Each once, in SES's order. @throws MailctlError bad-data, with SES's text */
export function checkReasons(reasons: readonly string[]): SuppressionReason[] {
  const known: readonly string[] = SUPPRESSION_REASONS
  const wrong = reasons.find(reason => !known.includes(reason))
  if (wrong !== undefined)
    throw new MailctlError('bad-data', `Reason ${printable(wrong)} is invalid, must be one of [${SUPPRESSION_REASONS.join(', ')}].`, {
      hint: 'Write BOUNCE, COMPLAINT, or both with a comma between.',
    })
  return SUPPRESSION_REASONS.filter(reason => reasons.includes(reason))
}

/** SES fact: api-v2, "Suppression", text verbatim. */
export const notSuppressed = (address: string): MailctlError =>
  new MailctlError('not-found', `Email address ${printable(address)} does not exist on your suppression list.`, {
    hint: 'mailctl suppression list shows what is there. The local part of an address is compared letter by letter.',
  })
