/** Entries of the suppression lists in SES's spelling, for `--json`. */
import type { GloballySuppressed, SuppressedAddress } from '../account/suppression.ts'
import { isoTime } from './moments.ts'

/** SES `SuppressedDestinationSummary`. */
export const summaryJson = ({ address, reason, updatedAt }: SuppressedAddress) => ({
  EmailAddress: address,
  Reason: reason,
  LastUpdateTime: isoTime(updatedAt),
})

/** SES `SuppressedDestination`: an entry that an event made has its ids. */
export const destinationJson = (entry: SuppressedAddress) => ({
  ...summaryJson(entry),
  ...(entry.messageId !== null && {
    Attributes: { MessageId: entry.messageId, ...(entry.feedbackId !== null && { FeedbackId: entry.feedbackId }) },
  }),
})

/** The global list, of which SES shows nothing: bounces only. */
export const globalJson = ({ address, bounces, updatedAt, expiresAt }: GloballySuppressed) => ({
  EmailAddress: address,
  Reason: 'BOUNCE',
  LastUpdateTime: isoTime(updatedAt),
  Bounces: bounces,
  ExpirationTime: isoTime(expiresAt),
})
