/** DNS records as data: what is planned, published, found and compared. RFC 1035, RFC 3597 is not needed. */

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'SOA' | 'TXT' | 'TLSA'

/** Names are lower-case A-labels without the final dot. */
export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly name: string; readonly ttl: number; readonly address: string }
  | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly name: string; readonly ttl: number; readonly target: string }
  | { readonly type: 'MX'; readonly name: string; readonly ttl: number; readonly preference: number; readonly exchange: string }
  | {
      readonly type: 'TXT'
      readonly name: string
      readonly ttl: number /** the strings of one record, joined with nothing between, as latin1 octets */
      readonly text: string
    }
  | {
      readonly type: 'SOA'
      readonly name: string
      readonly ttl: number
      readonly primary: string
      readonly admin: string
      readonly serial: number
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }
  | {
      readonly type: 'TLSA'
      readonly name: string
      readonly ttl: number
      readonly usage: number
      readonly selector: number
      readonly matching: number
      readonly data: Uint8Array
    }

/** One question's answer. A failure is a value: callers decide what a silent server means to them. */
export type DnsAnswer =
  /** `records` are of the asked type and belong to the end of the CNAME chain; `chain` lists the names passed. */
  | {
      readonly kind: 'found'
      readonly records: readonly DnsRecord[]
      readonly chain: readonly string[]
      readonly authenticated: boolean
      readonly server: string
    }
  /** The name exists, the type does not (NODATA). */
  | { readonly kind: 'no-data'; readonly chain: readonly string[]; readonly server: string; readonly soa?: DnsRecord }
  /** NXDOMAIN. */
  | { readonly kind: 'no-name'; readonly chain: readonly string[]; readonly server: string; readonly soa?: DnsRecord }
  /** SERVFAIL, REFUSED, lame, malformed, or silence after all retries on all servers. */
  | {
      readonly kind: 'failure'
      readonly reason: 'servfail' | 'refused' | 'timeout' | 'malformed' | 'loop'
      readonly detail: string
      readonly server: string
    }
