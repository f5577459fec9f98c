/** The part of the store that says where mail went and what became of it. Reading it takes longer the more was sent. */

/** By what recipients are put together: the domain of their address, or the configuration set of their message (`''`: none). */
export type BreakdownKey = 'domain' | 'configuration-set'

/** Recipients of messages, each in one of the states that it may be in now. */
export interface BreakdownRow {
  readonly name: string
  readonly recipients: number
  readonly delivered: number
  readonly bounced: number
  /** Queued, deferred, held or being tried. */
  readonly waiting: number
  /** Suppressed, or removed from the queue: nothing was sent to them. */
  readonly stopped: number
  /** Of the delivered ones, those that complained. */
  readonly complained: number
}

export interface Breakdowns {
  /** Those with the most recipients first, `limit` at most, of messages accepted since then. Notices and reports of our own are not counted. */
  breakdown(ask: { readonly by: BreakdownKey; readonly since: number; readonly limit: number }): Promise<BreakdownRow[]>
}
