/**
 * What the box's name server says about names for which nothing was published: every domain receives mail, our own host its own, names below `_` and under
 * `.invalid` do not exist, and our own host, amazonses.com and amazon.com have the SPF records that let mail from this machine pass.
 */
import type { DnsRecord } from '../mail/dns-record.ts'
import { EVERYBODY, SITES, siteBehind } from './sites.ts'

const TTL = 60
const IPV4 = '127.0.0.1'
const IPV6 = '::1'
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['1.0.0.127.in-addr.arpa', `1.${'0.'.repeat(31)}ip6.arpa`])

/** @returns the records of the name, or undefined when it does not exist  @param hostname our own */
export function defaultRecords(name: string, hostname: string): readonly DnsRecord[] | undefined {
  if (LOOPBACK_NAMES.has(name)) return [{ type: 'PTR', name, ttl: TTL, target: hostname }]
  if (name !== hostname && !isHostName(name)) return undefined
  const own = SITES.get(name)
  const { site } = siteBehind(name)
  const exchanges = name === hostname ? [{ preference: 10, host: hostname }] : (own ?? EVERYBODY).mx
  const records: DnsRecord[] = exchanges.map(({ preference, host }) => ({
    type: 'MX',
    name,
    ttl: TTL,
    preference,
    exchange: host,
  }))
  if (own?.mx[0]?.host === '') return records
  if (site.policy.ipv6Only !== true) records.push({ type: 'A', name, ttl: TTL, address: IPV4 })
  records.push({ type: 'AAAA', name, ttl: TTL, address: IPV6 })
  if (name === 'amazonses.com' || name === 'amazon.com')
    records.push({ type: 'TXT', name, ttl: TTL, text: `v=spf1 ip4:${IPV4} ip6:${IPV6} ~all` })
  if (name === hostname) records.push({ type: 'TXT', name, ttl: TTL, text: `v=spf1 a ip4:${IPV4} ip6:${IPV6} ~all` })
  return records
}

/** Two labels or more, none of them a service name, not in a tree that holds only what was published. */
function isHostName(name: string): boolean {
  const labels = name.split('.')
  const top = labels.at(-1)
  if (labels.length < 2 || top === 'invalid' || top === 'arpa') return false
  if (name.endsWith('.dkim.amazonses.com')) return false
  return !labels.some(label => label.startsWith('_'))
}
