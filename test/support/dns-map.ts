/** DNS as a map, for tests: `{ 'name TYPE': data }`; any other name does not exist. */
import type { DnsAnswer, RecordType } from '../../src/mail/dns-record.ts'

/** `fail` stands for a server that does not answer. */
export type DnsMap = Readonly<Record<string, string | readonly string[]>>

export function dnsMap(map: DnsMap): { lookup: (name: string, type: RecordType) => Promise<DnsAnswer>; readonly asked: string[] } {
  const asked: string[] = []
  const lookup = async (name: string, type: RecordType): Promise<DnsAnswer> => {
    asked.push(`${name} ${type}`)
    const data = map[`${name} ${type}`]
    if (data === undefined) {
      const exists = Object.keys(map).some(key => key.startsWith(`${name} `))
      return { kind: exists ? 'no-data' : 'no-name', chain: [], server: 'map' }
    }
    if (data === 'fail') return { kind: 'failure', reason: 'timeout', detail: 'silence', server: 'map' }
    const records = [data].flat().map(text => {
      if (type === 'TXT') return { type, name, ttl: 60, text }
      if (type === 'A' || type === 'AAAA') return { type, name, ttl: 60, address: text }
      if (type === 'MX') return { type, name, ttl: 60, preference: Number(text.split(' ')[0]), exchange: text.split(' ')[1] ?? '' }
      throw new Error(`the map has no ${type} records`)
    })
    return { kind: 'found', records, chain: [], authenticated: false, server: 'map' }
  }
  return { lookup, asked }
}
