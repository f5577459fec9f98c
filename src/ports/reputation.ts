/**
 * The part of the store that counts how the account's mail is received. Events are counted after they were written, by whoever has the time,
 * each once: sending and delivering cost nothing more for it. Every method is one transaction; what it returned is durable.
 */
import type { Account } from '../account/account.ts'
import type { CaseStep, ProductionCase } from '../account/production-access.ts'
import type { DayCounts, Standing } from '../account/reputation.ts'

/** Whose counts. */
export type ReputationKind = 'account' | 'set' | 'identity'

export interface NamedCounts {
  readonly name: string
  readonly days: readonly DayCounts[]
}

export interface Proofs {
  /** When the mailbox simulator's bounce, and its complaint, first came back as an event; null: never. */
  readonly bounceProvedAt: number | null
  readonly complaintProvedAt: number | null
}

export interface Reputations {
  /** Counts the next `limit` events, about, if at least `atLeast` are new. @returns whether there are more */
  countEvents(ask: { readonly limit: number; readonly atLeast: number; readonly now: number }): Promise<boolean>
  /** Counts since that day, of those with the most recipients sent to, `limit` at most. The account has the name `''`. */
  countsOf(ask: { readonly kind: ReputationKind; readonly since: number; readonly limit: number }): Promise<NamedCounts[]>
  proofs(): Promise<Proofs>

  standing(): Promise<Standing>
  /** Applies `judge` to what is counted. @returns the standing as it is then */
  judgeStanding(now: number): Promise<Standing>
  /** Ends a suspension: under review, sending enabled, counted anew. */
  endSuspension(now: number): Promise<Standing>

  /** The last one; undefined: production access was never asked for. */
  productionCase(): Promise<ProductionCase | undefined>
  /**
   * Applies `mayFollow` to what is stored, then writes the case and what it changes of the account in one commit.
   * @returns false when nothing was written  @throws MailctlError conflict
   */
  saveProductionCase(next: ProductionCase, ask: { readonly step: CaseStep; readonly account?: Partial<Account> }): Promise<boolean>
}
