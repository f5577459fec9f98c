/** Answering DNS questions ourselves, for `dns serve`: the zone that CNAME-style DKIM records point into. */
import type { DnsRecord } from '../mail/dns-record.ts'

export interface ServedZones {
  /** An IP literal to listen on. */
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Questions outside these zones are refused. */
  readonly apexes: readonly string[]
  readonly records: readonly DnsRecord[]
  /** Our own host name, for the SOA. */
  readonly server: string
}

export interface NameServer {
  /** @throws MailctlError unreachable, when the address cannot be listened on; bad-data or conflict for impossible records */
  serve(zones: ServedZones): Promise<{ readonly address: string; readonly port: number; close(): Promise<void> }>
}
