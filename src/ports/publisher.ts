/** Writing planned records into DNS: into the lab's zone, or by RFC 2136 with TSIG. Touches only the records given. */
import type { PlannedRecord } from '../account/dns-plan.ts'

export interface PublishResult {
  readonly record: PlannedRecord
  /** `KEPT`: already there, nothing written. `REFUSED`: other data stands at that name and is not ours to replace. */
  readonly action: 'ADDED' | 'KEPT' | 'REFUSED'
  readonly detail?: string
}

export interface Publisher {
  /** Where to, for people: `the lab`, `rfc2136://127.0.0.1:53`. */
  readonly target: string
  /** @throws MailctlError unreachable, config (key refused), forbidden (not our zone) */
  publish(records: readonly PlannedRecord[], options: { readonly dryRun: boolean }): Promise<PublishResult[]>
  /** Removes exactly these records where they stand. */
  withdraw(records: readonly PlannedRecord[]): Promise<void>
}

/** Which publisher the user asked for. */
export type PublishTarget =
  | { readonly kind: 'lab' }
  | { readonly kind: 'rfc2136'; readonly host: string; readonly port: number; readonly tsigFile?: string }
