/** The `mail` object of SES events, from what the store keeps of a message. */
import type { Account } from '../account/account.ts'
import type { EventMail } from '../account/ses-event.ts'
import type { MessageFacts } from '../ports/store.ts'

interface AcceptedMessage {
  readonly id: string
  readonly acceptedAt: number
  readonly facts: MessageFacts
}

/** @param destination every envelope recipient */
export function eventMail(account: Account, { id, acceptedAt, facts }: AcceptedMessage, destination: readonly string[]): EventMail {
  const { source, identity, headers, headersTruncated, to, cc, bcc, replyTo, date, subject, tags } = facts
  return {
    acceptedAt,
    messageId: id,
    accountId: account.accountId,
    region: account.region,
    identity,
    source,
    destination,
    headers,
    headersTruncated,
    to,
    cc,
    bcc,
    replyTo,
    date,
    subject,
    tags,
  }
}
