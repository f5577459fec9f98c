/** The SMTP envelope: where reports go and who receives; independent of the headers. RFC 5321 §2.3.1. */

/** Most recipients of one message. SES fact. */
export const MAX_RECIPIENTS = 50

export interface Envelope {
  /** `''` is the null return path `<>` of delivery reports. */
  readonly returnPath: string
  /** Addresses as `local@domain`, the domain as lower-case A-labels; each once. */
  readonly recipients: readonly string[]
}
