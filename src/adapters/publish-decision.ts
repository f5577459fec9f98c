/** What every publisher does alike: looks at the same types, and says what came of a decision. */
import type { PlannedRecord } from '../account/dns-plan.ts'
import type { Publication } from '../account/publication.ts'
import type { DnsRecord } from '../mail/dns-record.ts'
import type { PublishResult } from '../ports/publisher.ts'

export interface Decided {
  readonly record: PlannedRecord
  readonly standing: readonly DnsRecord[]
  readonly decision: Publication
}

/** What may stand at a name beside or in the way of a record of ours. */
export const RELEVANT_TYPES = ['TXT', 'MX', 'CNAME'] as const

export function publishResult({ record, decision }: Decided): PublishResult {
  if (decision.action === 'KEEP') return { record, action: 'KEPT' }
  if (decision.action === 'REFUSE') return { record, action: 'REFUSED', detail: decision.detail }
  return decision.replaces.length === 0
    ? { record, action: 'ADDED' }
    : { record, action: 'ADDED', detail: 'replaced an older record of ours' }
}
