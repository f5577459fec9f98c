/** A recipient's state in the words of `send --json` and of `bulk`'s result file (contract §7): whoever is being tried is still queued. */
import type { RecipientState } from '../mail/outcome.ts'

export const RECIPIENT_STATUS = {
  queued: 'QUEUED',
  active: 'QUEUED',
  held: 'QUEUED',
  deferred: 'DEFERRED',
  delivered: 'DELIVERED',
  bounced: 'BOUNCED',
  suppressed: 'SUPPRESSED',
  rejected: 'REJECTED',
} as const satisfies Readonly<Record<RecipientState, string>>

export type RecipientStatus = (typeof RECIPIENT_STATUS)[RecipientState]
