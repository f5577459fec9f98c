/** Time and chance as the account sees them: rules and records never ask the machine. Sockets, TLS, locks and secrets do. */

export interface Clock {
  readonly kind: 'system' | 'virtual'
  /** Epoch milliseconds. */
  now(): number
  /** System: waits. Virtual: moves the account's clock to `at`, never backwards, and returns at once. Rejects with `interrupted` when aborted. */
  waitUntil(at: number, signal?: AbortSignal): Promise<void>
}

export interface Ids {
  /** Unique; with a seeded account the same sequence every time. */
  newMessageId(): string
  /** Whether this account made the id: nobody else can. In lower case. */
  isOwnMessageId(text: string): boolean
  /** A keyed MAC over the text, 32 hexadecimal digits: proves later that a link is one of this account's. */
  macOf(text: string): string
  /** Whether `macOf` gave it for this text. Takes as long for a wrong one as for the right one. */
  isMacOf(text: string, mac: string): boolean
  /** SES `feedbackId`: same shape as a message id. */
  newFeedbackId(): string
  /** 0 ≤ x < 1, the same for the same key on a seeded account: jitter and the shuffle of equal MX hosts. */
  chance(key: string): number
}
