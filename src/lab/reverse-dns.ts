/** Whether an address has a name that leads back to it (forward-confirmed reverse DNS), as receivers ask of those who send. RFC 1912 §2.1. */
import { BlockList, isIPv6 } from 'node:net'
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'

type Lookup = (name: string, type: RecordType) => Promise<DnsAnswer>

/** Names of one address that are followed. */
const MAX_NAMES = 10

export async function hasReverseDns(ip: string, lookup: Lookup): Promise<boolean> {
  const type = isIPv6(ip) ? 'AAAA' : 'A'
  const pointers = await lookup(reverseName(ip), 'PTR')
  const names = pointers.kind === 'found' ? pointers.records.flatMap(record => (record.type === 'PTR' ? [record.target] : [])) : []
  for (const name of names.slice(0, MAX_NAMES)) {
    const found = await lookup(name, type)
    if (found.kind === 'found' && found.records.some(record => record.type === type && isSame(record.address, ip))) return true
  }
  return false
}

/** The name under which PTR records of an address are. RFC 1035 §3.5, RFC 3596 §2.5 */
export function reverseName(ip: string): string {
  if (!isIPv6(ip)) return `${ip.split('.').reverse().join('.')}.in-addr.arpa`
  const [front = '', back] = ip.split('::')
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : [])
  const missing = back === undefined ? 0 : 8 - groups(front).length - groups(back).length
  const all = [...groups(front), ...Array<string>(missing).fill('0'), ...groups(back)]
  const digits = all.map(group => group.padStart(4, '0')).join('')
  return `${[...digits].reverse().join('.')}.ip6.arpa`
}

/** Whatever way they are written. */
function isSame(one: string, other: string): boolean {
  const family = isIPv6(other) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addAddress(other, family)
  return list.check(one, family)
}
