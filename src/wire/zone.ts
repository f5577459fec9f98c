/**
 * A set of DNS records with the look-up rules of an authoritative server: exact names, CNAMEs followed inside the set, NODATA told from
 * NXDOMAIN (names that only have something below them exist, too), REFUSED outside its zones. No wildcards, no delegation. Opens nothing.
 * RFC 1034 §4.3.2, RFC 2308 §2, RFC 8020.
 */
import { MailctlError } from '../base/errors.ts'
import { canonicalName, type DnsRecord, isDnsName, type RecordType, recordData } from '../mail/dns-record.ts'

export interface DnsQuestion {
  /** Lower case, no final dot. */
  readonly name: string
  /** As dns-packet calls it; types unknown to us are possible in questions. */
  readonly type: RecordType | (string & {})
}

export interface ZoneAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'SERVFAIL'
  /** CNAMEs first, in order of the chain. */
  readonly answers: readonly DnsRecord[]
  /** The SOA of negative answers. */
  readonly authorities: readonly DnsRecord[]
}

export const REFUSED: ZoneAnswer = { rcode: 'REFUSED', answers: [], authorities: [] }

/** Seconds: short, so that what is published is seen at once even through a cache. */
const NEGATIVE_TTL = 60
const MAX_CHAIN = 12

const sameData = (one: DnsRecord, other: DnsRecord): boolean => one.type === other.type && recordData(one) === recordData(other)

/** @returns every name above this one, nearest first, the root last */
function* ancestors(name: string): Generator<string> {
  for (let rest = name; rest !== ''; ) {
    const dot = rest.indexOf('.')
    rest = dot < 0 ? '' : rest.slice(dot + 1)
    yield rest
  }
}

export class Zone {
  readonly #records = new Map<string, DnsRecord[]>()
  /** How many owner names lie below a name: what makes it an empty non-terminal. */
  readonly #below = new Map<string, number>()
  readonly #apexes: ReadonlySet<string>
  readonly #server: string
  #serial = 1

  /**
   * @param apexes the zones answered for; `''` is the root: everything
   * @param server host name for the SOA and NS of zones without such among the records
   */
  constructor({ apexes, server }: { readonly apexes: readonly string[]; readonly server: string }) {
    this.#apexes = new Set(apexes.map(canonicalName))
    this.#server = canonicalName(server)
  }

  /** Adds what is not there yet. @throws MailctlError bad-data for an impossible name, conflict for a CNAME beside other data (RFC 2181 §10.1) */
  add(records: readonly DnsRecord[]): void {
    for (const record of records) {
      const name = canonicalName(record.name)
      if (!isDnsName(name)) throw new MailctlError('bad-data', `'${record.name}' is not a name that DNS can carry`)
      const there = this.#records.get(name)
      if (there === undefined) {
        this.#records.set(name, [{ ...record, name }])
        for (const above of ancestors(name)) this.#below.set(above, (this.#below.get(above) ?? 0) + 1)
        continue
      }
      if (there.some(other => sameData(other, record))) continue
      if (record.type === 'CNAME' || there.some(other => other.type === 'CNAME'))
        throw new MailctlError('conflict', `${name} cannot have a CNAME beside other records`)
      there.push({ ...record, name })
    }
    this.#serial += 1
  }

  /** Removes records of equal name, type and data; others stay. */
  remove(records: readonly DnsRecord[]): void {
    for (const record of records) {
      const name = canonicalName(record.name)
      const there = this.#records.get(name)
      if (there === undefined) continue
      const rest = there.filter(other => !sameData(other, record))
      if (rest.length > 0) {
        this.#records.set(name, rest)
        continue
      }
      this.#records.delete(name)
      for (const above of ancestors(name)) {
        const count = (this.#below.get(above) ?? 1) - 1
        if (count > 0) this.#below.set(above, count)
        else this.#below.delete(above)
      }
    }
    this.#serial += 1
  }

  /** The records of exactly this name and type. */
  find(name: string, type: RecordType): DnsRecord[] {
    return (this.#records.get(canonicalName(name)) ?? []).filter(record => record.type === type)
  }

  /** All records of exactly this name. */
  list(name: string): DnsRecord[] {
    return [...(this.#records.get(canonicalName(name)) ?? [])]
  }

  /** Whether the name has records or has names with records below it. */
  exists(name: string): boolean {
    const canonical = canonicalName(name)
    return this.#records.has(canonical) || this.#below.has(canonical)
  }

  /** Every record, in no order. */
  *all(): Generator<DnsRecord> {
    for (const records of this.#records.values()) yield* records
  }

  /** The answer of an authoritative server. */
  lookup({ name, type }: DnsQuestion): ZoneAnswer {
    const answers: DnsRecord[] = []
    const seen = new Set<string>()
    let at = canonicalName(name)
    for (;;) {
      const apex = this.#apexOf(at)
      // Behind a CNAME that leaves our zones the asker goes on alone (RFC 1034 §4.3.2 step 3a).
      if (apex === undefined) return answers.length === 0 ? REFUSED : { rcode: 'NOERROR', answers, authorities: [] }
      const here = this.#records.get(at) ?? []
      const found = here.filter(record => record.type === type)
      if (found.length > 0) return { rcode: 'NOERROR', answers: [...answers, ...found], authorities: [] }
      if (type === 'SOA' && at === apex) return { rcode: 'NOERROR', answers: [...answers, this.#soa(apex)], authorities: [] }
      if (type === 'NS' && at === apex && apex !== '') return { rcode: 'NOERROR', answers: [...answers, this.#ns(apex)], authorities: [] }
      const alias = here.find(record => record.type === 'CNAME')
      if (alias?.type !== 'CNAME') {
        const exists = at === apex || this.exists(at)
        return { rcode: exists ? 'NOERROR' : 'NXDOMAIN', answers, authorities: [this.#soa(apex)] }
      }
      answers.push(alias)
      seen.add(at)
      at = alias.target
      if (seen.has(at) || seen.size > MAX_CHAIN) return { rcode: 'NOERROR', answers, authorities: [] }
    }
  }

  #apexOf(name: string): string | undefined {
    if (this.#apexes.has(name)) return name
    for (const above of ancestors(name)) if (this.#apexes.has(above)) return above
    return undefined
  }

  /** A zone names its server itself, or resolvers that look (RFC 1035 §3.3.11) take the delegation to be lame. */
  #ns(apex: string): DnsRecord {
    return { type: 'NS', name: apex, ttl: NEGATIVE_TTL, target: this.#server }
  }

  #soa(apex: string): DnsRecord {
    const own = this.find(apex, 'SOA')[0]
    if (own) return own
    const times = { refresh: 3_600, retry: 600, expire: 604_800, minimum: NEGATIVE_TTL }
    const admin = `hostmaster.${this.#server}`
    return { type: 'SOA', name: apex, ttl: NEGATIVE_TTL, primary: this.#server, admin, serial: this.#serial, ...times }
  }
}
