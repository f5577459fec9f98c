/**
 * Which addresses are out in the world: where a stranger's DNS may send us without being asked by our user. Loopback, link-local, private,
 * shared, documentation, multicast and reserved ranges are not, nor their forms inside IPv6. RFC 6890, RFC 4291, RFC 6052, RFC 3056.
 */
import { BlockList, isIP } from 'node:net'

const special = new BlockList()
for (const [prefix, length] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  special.addSubnet(prefix, length, 'ipv4')

/** All that is given out so far is inside 2000::/3; of it these are special. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
for (const [prefix, length] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  special.addSubnet(prefix, length, 'ipv6')

/** @param address an IP literal; anything else is not public */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%')) return false
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  return family === 6 && global.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
