import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkLike, checkOf, newCheck } from '../../../src/adapters/sqlite/body-check.ts'

test('a check is the CRC-32 of zip and PNG', () => {
  expect(checkOf(Buffer.from('123456789')).toString('hex')).toBe('cbf43926')
  expect(checkOf(Buffer.alloc(0)).toString('hex')).toBe('00000000')
})

test('it is the same however the body is cut, and another for any changed octet', () => {
  const body = randomBytes(1_000)
  const check = newCheck()
  for (const cut of [body.subarray(0, 1), body.subarray(1, 999), body.subarray(999)]) check.update(cut)
  const whole = checkOf(body)
  expect(check.digest()).toEqual(whole)
  for (let at = 0; at < body.length; at += 1) {
    const torn = Buffer.from(body)
    torn.writeUInt8(torn.readUInt8(at) ^ 0x10, at)
    expect(checkOf(torn).equals(whole), `octet ${at}`).toBe(false)
  }
})

test('a body of an earlier version is read against its SHA-256', () => {
  const body = Buffer.from('an older body')
  const kept = createHash('sha256').update(body).digest()
  expect(checkOf(body, checkLike(kept))).toEqual(kept)
  expect(checkOf(body, checkLike(checkOf(body)))).toEqual(checkOf(body))
})
