/**
 * Which addresses an HTTP request for an event may go to. Loopback always; in the lab nothing else, elsewhere public addresses too. What
 * the owner put on the allow-list is allowed: a host name wherever it leads, but never to link-local addresses and the places where clouds
 * answer with secrets; those only when they are written down themselves, as an address or a range. Judged by the address that is
 * connected to, not by the name. RFC 3927, RFC 4291, RFC 6890.
 */
import { BlockList, isIP } from 'node:net'
import { isLoopback } from './loopback.ts'
import { isPublicAddress } from './public-address.ts'

const never = new BlockList()
for (const [prefix, length] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; metadata of most clouds
  ['100.100.100.200', 32], // metadata of Alibaba Cloud
  ['168.63.129.16', 32], // Azure's host
  ['192.0.0.192', 32], // metadata of Oracle Cloud
  ['224.0.0.0', 3], // multicast and reserved
] as const)
  never.addSubnet(prefix, length, 'ipv4')
for (const [prefix, length] of [
  ['::', 128],
  ['64:ff9b::', 96], // IPv4 inside IPv6, which would have to be looked into
  ['2002::', 16],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32], // metadata of AWS
  ['fd20:ce::', 32], // metadata of Google Cloud
] as const)
  never.addSubnet(prefix, length, 'ipv6')

export interface Reach {
  readonly isLab: boolean
  /** Host names, addresses and CIDR ranges: the setting `webhooks`. */
  readonly allowed: readonly string[]
}

/** @param address an IP literal that the host resolved to  @param host as the URL has it, without brackets */
export function mayReach(address: string, host: string, { isLab, allowed }: Reach): boolean {
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return false
  const type = family === 6 ? 'ipv6' : 'ipv4'
  if (rangesOf(allowed).check(address, type)) return true
  if (never.check(address, type)) return false
  return isLoopback(address) || isListedHost(host, allowed) || (!isLab && isPublicAddress(address))
}

/** Whether the allow-list has the name itself. */
export const isListedHost = (host: string, allowed: readonly string[]): boolean =>
  isIP(host) === 0 && allowed.some(entry => entry.toLowerCase() === host.toLowerCase())

function rangesOf(allowed: readonly string[]): BlockList {
  const ranges = new BlockList()
  for (const entry of allowed) {
    const [address = '', length] = entry.split('/')
    const family = isIP(address)
    if (family !== 0) ranges.addSubnet(address, Number(length ?? (family === 6 ? 128 : 32)), family === 6 ? 'ipv6' : 'ipv4')
  }
  return ranges
}
