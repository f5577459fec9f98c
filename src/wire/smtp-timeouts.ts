/** How long the SMTP client waits for each step, in milliseconds. */

export interface SmtpTimeouts {
  readonly connectMs: number
  readonly handshakeMs: number
  readonly greetingMs: number
  readonly helloMs: number
  readonly authMs: number
  readonly mailMs: number
  readonly rcptMs: number
  readonly dataMs: number
  readonly blockMs: number
  readonly finalDotMs: number
  readonly quitMs: number
  /** For the whole attempt: a peer that takes one block every few minutes must not hold it for days. */
  readonly attemptMs: number
}

/** RFC 5321 §4.5.3.2 where it names a step. */
export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
  connectMs: 30_000,
  handshakeMs: 60_000,
  greetingMs: 300_000,
  helloMs: 300_000,
  authMs: 120_000,
  mailMs: 300_000,
  rcptMs: 300_000,
  dataMs: 120_000,
  blockMs: 180_000,
  finalDotMs: 600_000,
  quitMs: 2_000,
  attemptMs: 1_800_000,
}
