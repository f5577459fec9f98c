/** What mail of our own (reports, notices) has in common in the store: no caller behind it, no tags, no events. */
import type { MessageFacts } from '../ports/store.ts'

export interface OwnMessage {
  readonly from: string
  readonly to: string
  readonly subject: string
  /** The identity it is about. */
  readonly identity: string
  readonly headerMessageId: string
}

export const ownFacts = ({ from, to, subject, identity, headerMessageId }: OwnMessage): MessageFacts => ({
  source: from,
  fromAddress: from,
  identity,
  subject,
  headers: [],
  headersTruncated: false,
  to: [to],
  cc: [],
  bcc: [],
  replyTo: [],
  headerMessageId,
  callerMessageId: null,
  date: '',
  tags: {},
  configurationSet: null,
  eightBit: false,
  signedBy: [],
})
