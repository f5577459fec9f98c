/** The names under which DNS keeps what is known of an address: RFC 1035 §3.5, RFC 3596 §2.5; for block lists RFC 5782 §2.1 and §2.4. */

/** @param ip an IPv4 or IPv6 literal without a zone */
export const reverseName = (ip: string): string => queryName(ip, ip.includes(':') ? 'ip6.arpa' : 'in-addr.arpa')

/** @param zone of a block list */
export function queryName(ip: string, zone: string): string {
  const units = ip.includes(':') ? nibbles(ip) : ip.split('.')
  return [...units.toReversed(), zone].join('.')
}

function nibbles(ip: string): string[] {
  const text = ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = octets.slice(0, 4).map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [before = '', after] = text.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const [head, tail] = [groups(before), groups(after ?? '')]
  const filled = after === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return [
    ...filled
      .map(group => group.padStart(4, '0'))
      .join('')
      .toLowerCase(),
  ]
}
