/** Limits of the SMTP envelope. RFC 5321 §4.5.3.1. */

/** Most recipients of one message. SES fact. */
export const MAX_RECIPIENTS = 50
