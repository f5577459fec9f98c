/**
 * The box's zone: what was published, kept in `lab.db` and so shared by every process of the account, over the default answers. It
 * answers for the whole name space, follows CNAMEs inside it, and tells NODATA from NXDOMAIN. RFC 1034 §4.3.2, RFC 2308, RFC 8020.
 */
import type { Database } from '../base/database.ts'
import { MailctlError } from '../base/errors.ts'
import { canonicalName, type DnsAnswer, type DnsRecord, isDnsName, type RecordType, recordData } from '../mail/dns-record.ts'
import type { DnsQuestion, ZoneAnswer } from '../wire/zone.ts'
import { defaultRecords } from './default-records.ts'

const MAX_CHAIN = 12
const SERVER = 'ns.everybody.test'

const labelsOf = (name: string): string => name.split('.').reverse().join('.').concat('.')
/** Octets of TLSA data do not survive JSON by themselves. */
const toText = (record: DnsRecord): string =>
  JSON.stringify(record, (_, value: unknown) => (value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value))
const fromText = (text: string): DnsRecord =>
  JSON.parse(text, (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'hex' in value ? Buffer.from(String(value.hex), 'hex') : value,
  )

export class LabZone {
  readonly #database: Database
  readonly #hostname: string

  constructor(database: Database, hostname: string) {
    this.#database = database
    this.#hostname = canonicalName(hostname)
  }

  /** Adds what is not there yet. @throws MailctlError bad-data for an impossible name, conflict for a CNAME beside other data (RFC 2181 §10.1) */
  add(records: readonly DnsRecord[]): void {
    const insert = this.#database.prepare(
      'INSERT INTO zone_record (name, labels, type, data, record) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name, type, data) DO UPDATE SET record = excluded.record',
    )
    this.#database.transaction(() => {
      for (const given of records) {
        const name = canonicalName(given.name)
        if (!isDnsName(name)) throw new MailctlError('bad-data', `'${given.name}' is not a name that DNS can carry`)
        const record = { ...given, name }
        const data = recordData(record)
        const others = this.list(name).filter(other => other.type !== record.type || recordData(other) !== data)
        if (others.some(other => other.type === 'CNAME') || (record.type === 'CNAME' && others.length > 0))
          throw new MailctlError('conflict', `${name} cannot have a CNAME beside other records`)
        insert.run(name, labelsOf(name), record.type, data, toText(record))
      }
    })
  }

  /** Removes records of equal name, type and data; others stay. */
  remove(records: readonly DnsRecord[]): void {
    const remove = this.#database.prepare('DELETE FROM zone_record WHERE name = ? AND type = ? AND data = ?')
    this.#database.transaction(() => {
      for (const record of records) remove.run(canonicalName(record.name), record.type, recordData(record))
    })
  }

  /** Published records of exactly this name and type. */
  find(name: string, type: RecordType): DnsRecord[] {
    return this.list(name).filter(record => record.type === type)
  }

  /** Published records of exactly this name. */
  list(name: string): DnsRecord[] {
    const rows = this.#database.prepare('SELECT record FROM zone_record WHERE name = ? ORDER BY id').all(canonicalName(name))
    return rows.map(row => fromText(String(row.record)))
  }

  /** The answer of the box's name server. */
  lookup({ name, type }: DnsQuestion): ZoneAnswer {
    const answers: DnsRecord[] = []
    let at = canonicalName(name)
    for (let links = 0; links <= MAX_CHAIN; links += 1) {
      const published = this.list(at)
      const alias = published.find(record => record.type === 'CNAME')
      if (alias?.type === 'CNAME' && type !== 'CNAME') {
        answers.push(alias)
        at = canonicalName(alias.target)
        continue
      }
      const defaults = alias === undefined ? defaultRecords(at, this.#hostname) : []
      const found = published.filter(record => record.type === type)
      const records = found.length > 0 ? found : (defaults ?? []).filter(record => record.type === type)
      if (records.length > 0) return { rcode: 'NOERROR', answers: [...answers, ...records], authorities: [] }
      const exists = published.length > 0 || defaults !== undefined || this.#hasBelow(at)
      return { rcode: exists ? 'NOERROR' : 'NXDOMAIN', answers, authorities: [startOfAuthority(at)] }
    }
    return { rcode: 'SERVFAIL', answers: [], authorities: [] }
  }

  /** The same as a value of the resolver port, for receivers that check what they get. */
  resolve(name: string, type: RecordType): DnsAnswer {
    const { rcode, answers } = this.lookup({ name, type })
    const chain = answers.flatMap(record => (record.type === 'CNAME' && type !== 'CNAME' ? [record.target] : []))
    const records = answers.filter(record => record.type === type)
    if (rcode === 'SERVFAIL' || rcode === 'REFUSED')
      return { kind: 'failure', reason: 'loop', detail: `${name}: CNAME loop`, server: SERVER }
    if (records.length > 0) return { kind: 'found', records, chain, authenticated: false, server: SERVER }
    return { kind: rcode === 'NXDOMAIN' ? 'no-name' : 'no-data', chain, server: SERVER }
  }

  #hasBelow(name: string): boolean {
    const from = labelsOf(name)
    // '/' follows '.', so this is every name with at least one more label.
    const until = `${from.slice(0, -1)}/`
    return this.#database.prepare('SELECT 1 AS yes FROM zone_record WHERE labels > ? AND labels < ? LIMIT 1').get(from, until) !== undefined
  }
}

/** For negative answers: the box is one authority for each top-level domain. */
function startOfAuthority(name: string): DnsRecord {
  const apex = name.split('.').at(-1) ?? ''
  const times = { refresh: 3600, retry: 600, expire: 604_800, minimum: 60 }
  return { type: 'SOA', name: apex, ttl: 60, primary: SERVER, admin: `hostmaster.${SERVER}`, serial: 1, ...times }
}
