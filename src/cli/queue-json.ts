/** Queue records in the spelling of `--json`. */
import type { QueueSummary } from '../operations/queue.ts'
import type { QueueEntry, QueuePage, QueueStats } from '../ports/queue.ts'
import type { StoredMessage } from '../ports/store.ts'
import { isoTime } from './moments.ts'

export const queueJson = ({ queued, active, deferred, held }: QueueStats) => ({
  Queued: queued,
  Active: active,
  Deferred: deferred,
  Held: held,
})

export const queueSummaryJson = (summary: QueueSummary) => ({
  ...queueJson(summary),
  Destinations: summary.destinations.map(({ domain, queued, deferred, held, oldestAt }) => ({
    Domain: domain,
    Queued: queued,
    Deferred: deferred,
    Held: held,
    ...(oldestAt !== null && { OldestTimestamp: isoTime(oldestAt) }),
  })),
})

export const queuePageJson = ({ entries, more, moreIsExact, next }: QueuePage) => ({
  Recipients: entries.map(queueEntryJson),
  More: more,
  MoreIsExact: moreIsExact,
  ...(next !== null && { NextToken: next }),
})

const queueEntryJson = (entry: QueueEntry) => ({
  MessageId: entry.messageId,
  EmailAddress: entry.address,
  Status: entry.state.toUpperCase(),
  Attempts: entry.attempts,
  AcceptedTimestamp: isoTime(entry.acceptedAt),
  ...(entry.nextAttemptAt !== null && { NextAttemptTimestamp: isoTime(entry.nextAttemptAt) }),
  ...(entry.lastReply !== null && { SmtpResponse: entry.lastReply }),
})

export const queuedMessageJson = (message: StoredMessage) => ({
  MessageId: message.id,
  EnvelopeFrom: message.envelopeFrom,
  Subject: message.facts.subject,
  SizeBytes: message.sizeBytes,
  AcceptedTimestamp: isoTime(message.acceptedAt),
  ExpiryTimestamp: isoTime(message.expiresAt),
  Recipients: message.recipients.map(({ address, state, attempts, nextAttemptAt, outcome }) => ({
    EmailAddress: address,
    Status: state.toUpperCase(),
    Attempts: attempts,
    ...(nextAttemptAt !== null && { NextAttemptTimestamp: isoTime(nextAttemptAt) }),
    ...(outcome !== null && { SmtpResponse: outcome.reply }),
    ...(outcome?.remote && { RemoteMta: outcome.remote.name }),
  })),
})
