import { expect, test } from 'vitest'
import { parseTrust } from '../../../src/smtpd/trust.ts'

test.each([
  ['127.0.0.1/32', '127.0.0.1', true],
  ['127.0.0.1/32', '127.0.0.2', false],
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.0/8', '127.9.9.9', true],
  ['127.0.0.0/8', '128.0.0.1', false],
  ['127.0.0.1/32,::1/128', '::1', true],
  ['127.0.0.1/32, 10.1.0.0/16', '10.1.255.255', true],
  ['127.0.0.1/32, 10.1.0.0/16', '10.2.0.0', false],
  ['172.16.0.0/12', '172.31.0.1', true],
  ['192.168.0.0/16', '192.168.3.4', true],
  ['fd00::/8', 'fd12:3456::1', true],
  ['fd00::/8', '2001:db8::1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['', '127.0.0.1', false],
  ['10.0.0.0/8', '', false],
  ['10.0.0.0/8', 'not an address', false],
])('%j trusts %s: %s', (list, address, isTrusted) => {
  expect(parseTrust(list)(address)).toBe(isTrusted)
})

test('one list, asked about several', () => {
  const trust = parseTrust('10.0.0.0/8')
  expect(['10.0.0.1', '11.0.0.1', '11.0.0.1', '10.0.0.1', '10.0.0.1', ''].map(trust)).toEqual([true, false, false, true, true, false])
})

test.each([
  ['0.0.0.0/0', 'beyond'],
  ['::/0', 'beyond'],
  ['8.8.8.8/32', 'beyond'],
  ['127.0.0.0/7', 'beyond'],
  ['172.16.0.0/11', 'beyond'],
  ['fc00::/6', 'beyond'],
  ['2001:db8::/32', 'beyond'],
  ['::ffff:8.8.8.8/128', 'beyond'],
  ['127.0.0.1/33', 'not a range'],
  ['127.0.0.1/-1', 'not a range'],
  ['127.0.0.1/', 'not a range'],
  ['127.0.0.1/8/8', 'not a range'],
  ['127.0.0.1/32,localhost', 'not a range'],
  ['fe80::1%eth0', 'not a range'],
  ['\u001b[31m', 'not a range'],
])('%j is refused: %s', (list, why) => {
  expect(() => parseTrust(list)).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringContaining(why) }))
  expect(() => parseTrust(list)).not.toThrow(/\u001b/)
})
