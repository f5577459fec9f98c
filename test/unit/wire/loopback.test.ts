import { describe, expect, it } from 'vitest'
import { assertLoopback, isLoopback } from '../../../src/wire/loopback.ts'

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.0.0.53', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '0000::0001', '::ffff:127.0.0.1', '::ffff:7f00:1'])(
    'takes %s',
    address => {
      expect(isLoopback(address)).toBe(true)
      expect(() => assertLoopback(address)).not.toThrow()
    },
  )

  it.each([
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '126.255.255.255',
    '10.0.0.1',
    '192.168.1.1',
    '169.254.1.1',
    '::2',
    'fe80::1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    'localhost',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.1.example.com',
    ' 127.0.0.1',
    '127.0.0.1 ',
    '127.0.0.1:53',
    '[::1]',
    '::1%eth0',
    '',
  ])('refuses %j', address => {
    expect(isLoopback(address)).toBe(false)
    expect(() => assertLoopback(address)).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })
})
