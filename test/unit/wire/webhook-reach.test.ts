import { describe, expect, test } from 'vitest'
import { mayReach } from '../../../src/wire/webhook-reach.ts'

const lab = { isLab: true, allowed: [] }
const live = { isLab: false, allowed: [] }

describe('where events may be sent', () => {
  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is this machine, everywhere', address => {
    expect(mayReach(address, 'localhost', lab)).toBe(true)
    expect(mayReach(address, 'localhost', live)).toBe(true)
  })

  test('public addresses, outside the lab only', () => {
    for (const address of ['93.184.216.34', '2606:2800:220:1::1']) {
      expect(mayReach(address, 'hooks.example.com', live)).toBe(true)
      expect(mayReach(address, 'hooks.example.com', lab)).toBe(false)
    }
  })

  test.each(['10.0.0.7', '192.168.1.5', '172.16.0.1', '100.64.0.1', 'fd12::1', '203.0.113.9'])('%s needs the allow-list', address => {
    expect(mayReach(address, 'hooks.internal', live)).toBe(false)
    expect(mayReach(address, 'hooks.internal', { ...live, allowed: ['hooks.internal'] })).toBe(true)
    expect(mayReach(address, 'HOOKS.internal', { ...lab, allowed: ['hooks.INTERNAL'] })).toBe(true)
    expect(mayReach(address, 'hooks.internal', { ...lab, allowed: [address] })).toBe(true)
    expect(mayReach(address, 'other.internal', { ...live, allowed: ['hooks.internal', 'internal'] })).toBe(false)
  })

  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '64:ff9b::a9fe:a9fe',
    '::',
    'ff02::1',
  ])('%s is reached by no name, only when it is written down itself', address => {
    const named = ['hooks.example.com']
    expect(mayReach(address, 'hooks.example.com', { ...live, allowed: named })).toBe(false)
    expect(mayReach(address, 'hooks.example.com', { ...lab, allowed: named })).toBe(false)
    expect(mayReach(address, 'hooks.example.com', { ...live, allowed: [address] })).toBe(true)
  })

  test('a range allows what is in it', () => {
    const reach = { ...lab, allowed: ['10.1.0.0/16', 'fd00::/8'] }
    expect(['10.1.2.3', '10.2.0.1', 'fd00:ec2::254', 'fe80::1'].map(address => mayReach(address, 'x', reach))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  test.each(['hooks.example.com', 'fe80::1%eth0', '', '1.2.3'])('%s is no address', address => {
    expect(mayReach(address, 'hooks.example.com', { ...live, allowed: ['hooks.example.com'] })).toBe(false)
  })
})
