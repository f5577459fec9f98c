/**
 * Which clients may submit without AUTH or TLS: `--smtp-trust`, a list of CIDR ranges. Only addresses that no stranger can have are let
 * in: loopback, private networks (RFC 1918), unique local (RFC 4193) and link-local (RFC 3927, RFC 4291 §2.5.6) ones.
 */
import { BlockList, isIP } from 'node:net'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

interface Range {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** @param address an IP literal, IPv4-mapped IPv6 written as IPv4 */
export type Trust = (address: string) => boolean

const PRIVATE: readonly Range[] = [
  { address: '127.0.0.0', prefix: 8, family: 'ipv4' },
  { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
  { address: '172.16.0.0', prefix: 12, family: 'ipv4' },
  { address: '192.168.0.0', prefix: 16, family: 'ipv4' },
  { address: '169.254.0.0', prefix: 16, family: 'ipv4' },
  { address: '::1', prefix: 128, family: 'ipv6' },
  { address: 'fc00::', prefix: 7, family: 'ipv6' },
  { address: 'fe80::', prefix: 10, family: 'ipv6' },
]

/**
 * @param list ranges with commas between them, an address alone being a range of one; `''` trusts nobody
 * @throws MailctlError usage: no range, or one that reaches beyond private addresses
 */
export function parseTrust(list: string): Trust {
  const ranges = list
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(parseRange)
  const trusted = blockListOf(ranges)
  // A list takes some microseconds, and most connections come from where the last one came from.
  let last = { address: '', isTrusted: false }
  return address => {
    if (address !== last.address) last = { address, isTrusted: isIn(trusted, address) }
    return last.isTrusted
  }
}

function isIn(list: BlockList, address: string): boolean {
  const bare = withoutZone(address)
  const version = isIP(bare)
  return version !== 0 && list.check(bare, version === 4 ? 'ipv4' : 'ipv6')
}

function parseRange(text: string): Range {
  const [address = '', prefixText, ...rest] = text.split('/')
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  if (version === 0 || address.includes('%') || rest.length > 0 || !(prefix <= bits)) {
    throw new MailctlError('usage', `--smtp-trust: '${printable(text)}' is not a range of addresses`, {
      hint: 'Write ranges as 127.0.0.1/32,10.0.0.0/8,::1/128.',
    })
  }
  const range: Range = { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
  if (!PRIVATE.some(wide => contains(wide, range))) {
    throw new MailctlError('usage', `--smtp-trust: ${text} reaches beyond private addresses`, {
      hint: 'Whoever is trusted sends without a password: only loopback, private and link-local ranges can be.',
    })
  }
  return range
}

const contains = (wide: Range, { address, prefix, family }: Range): boolean =>
  wide.family === family && prefix >= wide.prefix && blockListOf([wide]).check(address, family)

function blockListOf(ranges: readonly Range[]): BlockList {
  const list = new BlockList()
  for (const { address, prefix, family } of ranges) list.addSubnet(address, prefix, family)
  return list
}

/** `fe80::1%eth0` is fe80::1. */
const withoutZone = (address: string): string => {
  const percent = address.indexOf('%')
  return percent < 0 ? address : address.slice(0, percent)
}
