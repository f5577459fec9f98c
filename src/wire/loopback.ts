/**
 * The guard of the lab: which addresses are this machine's own. Every socket that the lab mode opens is checked here first, so that
 * nothing can leave the machine. Names are never accepted, only address literals: a name could resolve to anything. RFC 1122 §3.2.1.3, RFC 4291 §2.5.3.
 */
import { BlockList, isIP } from 'node:net'
import { MailctlError } from '../base/errors.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether the text is an address literal of this machine's loopback: 127.0.0.0/8, ::1, or the first mapped into IPv6. */
export function isLoopback(address: string): boolean {
  if (address.includes('%')) return false
  const family = isIP(address)
  if (family === 0) return false
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** @throws MailctlError forbidden, for anything but a loopback address literal */
export function assertLoopback(address: string): void {
  if (isLoopback(address)) return
  throw new MailctlError('forbidden', `the lab does not connect to ${address}: only loopback addresses are allowed`, {
    hint: 'To reach other machines choose another mode: mailctl config set network relay (or live).',
  })
}
