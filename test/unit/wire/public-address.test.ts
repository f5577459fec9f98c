import { expect, test } from 'vitest'
import { isPublicAddress } from '../../../src/wire/public-address.ts'

test.each(['8.8.8.8', '172.32.0.1', '192.0.1.1', '223.255.255.255', '2606:4700::1', '2a00:1450::1'])('%s is out in the world', address => {
  expect(isPublicAddress(address)).toBe(true)
})

test.each([
  ['this machine', '127.0.0.1'],
  ['this machine', '::1'],
  ['this machine, mapped', '::ffff:127.0.0.1'],
  ['a public address, mapped', '::ffff:8.8.8.8'],
  ['nothing', '0.0.0.0'],
  ['nothing', '::'],
  ['private', '10.1.2.3'],
  ['private', '172.31.255.255'],
  ['private', '192.168.0.1'],
  ['private', 'fd00::1'],
  ['link-local, where clouds keep secrets', '169.254.169.254'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['shared', '100.64.0.1'],
  ['for documents', '192.0.2.1'],
  ['for documents', '2001:db8::1'],
  ['multicast', '224.0.0.1'],
  ['multicast', 'ff02::1'],
  ['reserved', '255.255.255.255'],
  ['IPv4 inside IPv6', '2002:7f00:1::'],
  ['IPv4 inside IPv6', '64:ff9b::7f00:1'],
  ['a public address with a zone', '2606:4700::1%eth0'],
  ['a name', 'localhost'],
  ['nothing at all', ''],
])('%s is not: %s', (_, address) => {
  expect(isPublicAddress(address)).toBe(false)
})
