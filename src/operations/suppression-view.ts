/** Entries of the suppression lists in SES's spelling. */
import type { GloballySuppressed, SuppressedAddress } from '../account/suppression.ts'

/** SES `SuppressedDestinationSummary`. */
export const summaryView = ({ address, reason, updatedAt }: SuppressedAddress) => ({
  EmailAddress: address,
  Reason: reason,
  LastUpdateTime: new Date(updatedAt),
})

/** SES `SuppressedDestination`: an entry that an event made has its ids. */
export const destinationView = (entry: SuppressedAddress) => ({
  ...summaryView(entry),
  ...(entry.messageId !== null && {
    Attributes: { MessageId: entry.messageId, ...(entry.feedbackId !== null && { FeedbackId: entry.feedbackId }) },
  }),
})

/** The global list, of which SES shows nothing: bounces only. */
export const globalView = ({ address, bounces, updatedAt, expiresAt }: GloballySuppressed) => ({
  EmailAddress: address,
  Reason: 'BOUNCE',
  LastUpdateTime: new Date(updatedAt),
  Bounces: bounces,
  ExpirationTime: new Date(expiresAt),
})
