/**
 * Which servers speak for a name: the nearest name above it that has NS records, and the addresses of those. Found through a resolver, so
 * that delegations and glue are its work. RFC 1034 §4.3.1, RFC 2181 §6.
 */
import { canonicalName, type DnsAnswer, type RecordType } from '../mail/dns-record.ts'
import type { DnsServerAddress } from './dns.ts'

export interface AuthoritativeServers {
  /** The zone's own name. */
  readonly zone: string
  readonly servers: readonly DnsServerAddress[]
}

/** Name servers of one zone that are asked for their addresses; more would only make failure slow. */
const MAX_NAME_SERVERS = 8

/**
 * @param lookup recursive look-up
 * @returns the failure of the look-up when no zone could be found
 */
export async function authoritativeServers(
  name: string,
  { lookup, port }: { readonly lookup: (name: string, type: RecordType) => Promise<DnsAnswer>; readonly port: number },
): Promise<AuthoritativeServers | Extract<DnsAnswer, { kind: 'failure' }>> {
  let failure: Extract<DnsAnswer, { kind: 'failure' }> | undefined
  for (let zone = canonicalName(name); zone !== ''; zone = zone.includes('.') ? zone.slice(zone.indexOf('.') + 1) : '') {
    const answer = await lookup(zone, 'NS')
    if (answer.kind === 'failure') {
      // A resolver that does not answer at all will not answer for the parent either.
      if (answer.reason === 'timeout') return answer
      failure ??= answer
      continue
    }
    // NS records found behind a CNAME belong to another zone.
    if (answer.kind !== 'found' || answer.chain.length > 0) continue
    const hosts = answer.records.flatMap(record => (record.type === 'NS' ? [record.target] : [])).slice(0, MAX_NAME_SERVERS)
    const found = await Promise.all(hosts.flatMap(host => [lookup(host, 'A'), lookup(host, 'AAAA')]))
    const addresses = found.flatMap(each =>
      each.kind === 'found' ? each.records.flatMap(record => ('address' in record ? [record.address] : [])) : [],
    )
    // IPv4 first: a machine without IPv6 learns that only by failing.
    const ordered = [...new Set(addresses)].sort((one, other) => Number(one.includes(':')) - Number(other.includes(':')))
    if (ordered.length > 0) return { zone, servers: ordered.map(address => ({ address, port })) }
    return { kind: 'failure', reason: 'servfail', detail: `no name server of ${zone} has an address`, server: answer.server }
  }
  return failure ?? { kind: 'failure', reason: 'servfail', detail: `no zone was found for ${name}`, server: '' }
}
