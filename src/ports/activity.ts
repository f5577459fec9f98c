/** The part of the store that has counted what happened. Reading it takes no longer because more was sent. */

/** Counts are kept for spans of so long, from the epoch on. */
export const SLOT_MS = 600_000

export interface Counted {
  readonly events: number
  /** Of all these events together. */
  readonly recipients: number
  /** Of type `Send`: the messages' octets, once for each recipient. */
  readonly octets: number
}

export interface ActivitySpan extends Counted {
  /** SES's `eventType`. `Send` is every message that was accepted. */
  readonly type: string
  /** When the span begins. */
  readonly at: number
}

export interface ActivityLog {
  /**
   * In order of time, what has no events left out.
   * @param ask spans of `spanMs`, a multiple of `SLOT_MS`; the first is the one that `from` lies in, `until` is not included
   */
  activity(ask: { readonly from: number; readonly until: number; readonly spanMs: number; readonly type?: string }): Promise<ActivitySpan[]>
}
