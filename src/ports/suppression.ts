/** The suppression lists as their owner sees and changes them. Addresses are `suppressionKey`s. Part of the `Store` port. */
import type { GloballySuppressed, SuppressedAddress, SuppressionReason } from '../account/suppression.ts'

export interface SuppressionFilter {
  readonly reason?: SuppressionReason
  /** Last changed then or later; before then. */
  readonly since?: number
  readonly until?: number
}

export interface SuppressionPage<Entry> {
  readonly entries: readonly Entry[]
  /** Gives the next page as `after`; null when this was the last. */
  readonly next: string | null
}

export interface PageAsk {
  readonly limit: number
  readonly after?: string
}

export interface SuppressionLists {
  suppressedAddress(address: string): Promise<SuppressedAddress | undefined>
  /** The latest change first. @throws MailctlError usage, when `after` is no place in the list */
  suppressedAddresses(ask: SuppressionFilter & PageAsk): Promise<SuppressionPage<SuppressedAddress>>
  /** In order of address, those after one (`''`: from the first), at most `limit`: changes between two calls make it skip nothing. */
  suppressedFrom(after: string, limit: number): Promise<SuppressedAddress[]>
  suppressedCount(): Promise<number>
  /** Puts them on the account's list, or replaces what it says of them. One transaction: the caller bounds it. */
  suppress(entries: readonly SuppressedAddress[]): Promise<void>
  /** Takes them off the account's list. @returns how many were there */
  unsuppress(addresses: readonly string[]): Promise<number>

  /** Entries of the global list that count at this moment, the latest change first. @throws MailctlError usage, for `after` */
  globallySuppressed(ask: PageAsk & { readonly now: number }): Promise<SuppressionPage<GloballySuppressed>>
  globallySuppressedAddress(address: string, now: number): Promise<GloballySuppressed | undefined>
  /** Takes it off the global list, with what is remembered of it. @returns whether it counted at this moment */
  unsuppressGlobally(address: string, now: number): Promise<boolean>
}
