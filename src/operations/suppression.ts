/** The suppression lists by hand: SES PutSuppressedDestination, GetSuppressedDestination, ListSuppressedDestinations and their kin. */
import type { Account } from '../account/account.ts'
import {
  checkReasons,
  type GloballySuppressed,
  notSuppressed,
  type SuppressedAddress,
  type SuppressionReason,
  suppressionKey,
} from '../account/suppression.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { parseAddress } from '../mail/address.ts'
import type { PageAsk, SuppressionFilter, SuppressionPage } from '../ports/suppression.ts'
import { type AccountState, readAccountState } from './account-state.ts'
import type { App } from './app.ts'

type ListApp = Pick<App, 'store' | 'clock'>

/** SES fact: concepts §1, what the sandbox does not allow. @throws MailctlError sandboxed */
export function checkMayChange({ productionAccess }: Account): void {
  if (productionAccess) return
  throw new MailctlError('sandboxed', 'The account has not been granted production access, which adding to the suppression list needs', {
    hint: 'In a test account: mailctl account request-production --approve.',
  })
}

/** What a person typed, as the list's key. @throws MailctlError bad-data */
const keyOf = (typed: string): string => suppressionKey(parseAddress(typed.trim()).address)

/** Puts the address on the account's list, or changes its reason. @throws MailctlError bad-data, sandboxed */
export async function suppressAddress({ store, clock }: ListApp, typed: string, reason: SuppressionReason): Promise<SuppressedAddress> {
  const address = keyOf(typed)
  checkMayChange(await store.account())
  const entry: SuppressedAddress = { address, reason, updatedAt: clock.now(), messageId: null, feedbackId: null }
  await store.suppress([entry])
  return entry
}

/** @throws MailctlError bad-data, not-found */
export async function readSuppressed({ store }: ListApp, typed: string): Promise<SuppressedAddress> {
  const entry = await store.suppressedAddress(keyOf(typed))
  if (entry === undefined) throw notSuppressed(typed)
  return entry
}

/** @throws MailctlError bad-data, not-found */
export async function readGloballySuppressed({ store, clock }: ListApp, typed: string): Promise<GloballySuppressed> {
  const entry = await store.globallySuppressedAddress(keyOf(typed), clock.now())
  if (entry === undefined) throw notOnGlobalList(typed)
  return entry
}

/** The latest change first. @throws MailctlError usage (`after`) */
export const listSuppressed = ({ store }: ListApp, ask: SuppressionFilter & PageAsk): Promise<SuppressionPage<SuppressedAddress>> =>
  store.suppressedAddresses(ask)

/** @throws MailctlError usage (`after`) */
export const listGloballySuppressed = ({ store, clock }: ListApp, ask: PageAsk): Promise<SuppressionPage<GloballySuppressed>> =>
  store.globallySuppressed({ ...ask, now: clock.now() })

/** @throws MailctlError bad-data, not-found */
export async function unsuppressAddress({ store }: ListApp, typed: string): Promise<void> {
  if ((await store.unsuppress([keyOf(typed)])) === 0) throw notSuppressed(typed)
}

/** @throws MailctlError bad-data, not-found */
export async function unsuppressGlobally({ store, clock }: ListApp, typed: string): Promise<void> {
  if (!(await store.unsuppressGlobally(keyOf(typed), clock.now()))) throw notOnGlobalList(typed)
}

/** `BOUNCE,COMPLAINT`, or `none`. @throws MailctlError bad-data */
export const parseReasons = (text: string): readonly SuppressionReason[] =>
  text.trim() === 'none' ? [] : checkReasons(text.split(',').map(reason => reason.trim()))

/** SES PutAccountSuppressionAttributes: what is on the list stays there, and counts while its reason does. */
export async function setSuppressedReasons(app: ListApp, suppressedReasons: readonly SuppressionReason[]): Promise<AccountState> {
  await app.store.changeAccount({ suppressedReasons })
  return await readAccountState(app)
}

const notOnGlobalList = (typed: string): MailctlError =>
  new MailctlError('not-found', `Email address ${printable(typed)} is not on the global suppression list.`, {
    hint: 'mailctl suppression list --global shows what is there.',
  })
