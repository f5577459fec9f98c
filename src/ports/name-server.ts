/** Answering DNS questions ourselves, for `dns serve`: the zone that CNAME-style DKIM records point into. */
import type { DnsRecord } from '../mail/dns-record.ts'

export interface ServedZones {
  /** Questions outside these zones are refused. */
  readonly apexes: readonly string[]
  readonly records: readonly DnsRecord[]
  /** Our own host name, for the SOA. */
  readonly server: string
}

export interface ServingNames {
  readonly address: string
  readonly port: number
  /** From now on these zones, and no others. @throws MailctlError bad-data or conflict for impossible records; the old ones stay */
  replace(zones: ServedZones): void
  close(): Promise<void>
}

export interface NameServer {
  /**
   * @param at an IP literal and a port, 0 for a free one
   * @throws MailctlError unreachable, when the address cannot be listened on; bad-data or conflict for impossible records
   */
  serve(at: { readonly host: string; readonly port: number }, zones: ServedZones): Promise<ServingNames>
}
