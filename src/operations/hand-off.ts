/** A message that was accepted and is held by this process goes to its first attempt straight from memory: no query, no reading back. */
import type { Suppressed } from '../account/suppression.ts'
import type { FinalMessage, MessageBody } from '../mail/body.ts'
import type { NewMessage, StoredMessage, StoredRecipient } from '../ports/store.ts'
import type { Ready } from './deliver-group.ts'

/** One group per recipient domain, as the store leases them. @param body what was spooled, when it is in memory @param suppressed left out */
export function readyGroups(message: NewMessage, body: MessageBody | undefined, suppressed: readonly Suppressed[] = []): Ready[] {
  const all = message.recipients.map(
    (address, index): StoredRecipient => ({
      index,
      address,
      domain: address.slice(address.lastIndexOf('@') + 1).toLowerCase(),
      state: 'active',
      attempts: 0,
      nextAttemptAt: message.acceptedAt,
      outcome: null,
      settledAt: null,
    }),
  )
  const recipients = suppressed.length === 0 ? all : all.filter(({ index }) => !suppressed.some(one => one.index === index))
  const content: FinalMessage | undefined = body && { head: message.head, body }
  const { id, kind, acceptedAt, expiresAt, envelopeFrom, returnPath, facts, idempotencyKey } = message
  const stored: StoredMessage = {
    id,
    kind,
    acceptedAt,
    expiresAt,
    envelopeFrom,
    returnPath,
    facts,
    sizeBytes: message.head.length + lengthOf(message),
    recipients,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  }
  const domains = [...new Set(recipients.map(({ domain }) => domain))]
  return domains.map(domain => ({
    message: stored,
    domain,
    recipients: domains.length === 1 ? recipients : recipients.filter(one => one.domain === domain),
    ...(content && { content }),
  }))
}

const lengthOf = ({ body }: NewMessage): number => (body.kind === 'inline' ? body.bytes.length : body.length)
