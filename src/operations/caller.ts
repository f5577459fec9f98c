/** Who asked for a message to be sent. */

/** SES fact: events, "Auto tags". */
export interface Caller {
  /** An IP literal. */
  readonly sourceIp: string
  /** Characters of a tag's value. */
  readonly identity: string
}

/** A command of this machine. The same on every machine, so that a seeded account tells the same events. */
export const HERE: Caller = { sourceIp: '127.0.0.1', identity: 'mailctl' }
