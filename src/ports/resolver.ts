/** Names, as this network mode resolves them. Answers are values; nothing here throws for what a DNS server said or did not say. */
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'

export interface Resolver {
  /** Through the resolver of this mode (lab server, system resolver or `--resolver`): for routing. Follows CNAMEs. */
  lookup(name: string, type: RecordType): Promise<DnsAnswer>
  /** From the zone's own servers, not a cache: for verification. With `--resolver` and in the lab exactly that server is asked. */
  lookupAuthoritative(name: string, type: RecordType): Promise<DnsAnswer>
  /** Whether a success counts as proved in the lab or in real DNS. */
  readonly proof: 'lab' | 'dns'
  /** Notices for the user, such as `port 53 is blocked; asked the system resolver instead`; emptied by reading. */
  takeNotices(): string[]
  close(): Promise<void>
}
