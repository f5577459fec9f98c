/** DNS records as data: what is planned, published, found and compared. RFC 1035, RFC 3597 is not needed. */

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'SOA' | 'TXT' | 'TLSA'

/** Names are lower-case A-labels without the final dot; `''` is the root, which is how a null MX (RFC 7505) shows as an exchange. */
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
  /** SERVFAIL, REFUSED, lame (the server does not serve the zone), malformed, or silence after all retries on all servers. */
  | {
      readonly kind: 'failure'
      readonly reason: 'servfail' | 'refused' | 'lame' | 'timeout' | 'malformed' | 'loop'
      readonly detail: string
      readonly server: string
    }

/**
 * Whether a name can be put on the wire: labels of 1 to 63 visible ASCII characters, 253 in all, no final dot; underscores are welcome.
 * Encoders turn anything else into wrong octets instead of refusing it. RFC 1035 §2.3.4, RFC 2181 §11.
 */
export const isDnsName = (name: string): boolean =>
  name.length <= 253 && /^[!-~]+$/.test(name) && name.split('.').every(label => label.length >= 1 && label.length <= 63)

/** As names are compared and stored: lower case, no final dot. */
export const canonicalName = (name: string): string => name.toLowerCase().replace(/\.$/, '')

/** What a record says, without its TTL and owner, in the form of zone files: `10 mx.example`. Two records of one name and type with equal data are one. */
export function recordData(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return record.target
    case 'MX':
      return `${record.preference} ${record.exchange === '' ? '.' : record.exchange}`
    case 'TXT':
      return record.text
    case 'SOA':
      return [record.primary, record.admin, record.serial, record.refresh, record.retry, record.expire, record.minimum].join(' ')
    case 'TLSA':
      return `${record.usage} ${record.selector} ${record.matching} ${Buffer.from(record.data).toString('hex')}`
  }
}
