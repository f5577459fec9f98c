import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isMessageId, isMessageIdOf, messageId } from '../../../src/base/ids.ts'

const AT = Date.UTC(2026, 2, 4, 10)
const key = Buffer.from('the key of this account')
const random = Buffer.from('0123456789abcdef', 'hex')
const id = messageId('eu-west-1', AT, { random, key })

describe('a message id', () => {
  it('has the shape of SES, within the 64 octets of a local part', () => {
    expect(isMessageId(id)).toBe(true)
    expect(id).toHaveLength(60)
    expect(id.slice(0, 4)).toBe('0102')
    expect(Number.parseInt(id.slice(4, 16), 16)).toBe(AT)
    expect(id.slice(17, 36)).toBe('01234567-89ab-4cde-')
    expect(id.charAt(36)).toMatch(/[89ab]/)
  })

  it('ends its UUID with the first 60 bits of an HMAC-SHA256 over all before', () => {
    const mac = createHmac('sha256', key).update(id.slice(0, 37)).digest('hex')
    expect(id.slice(37, 53).replace('-', '')).toBe(mac.slice(0, 15))
  })

  it('is known again by its key, and by no other', () => {
    expect(isMessageIdOf(key, id)).toBe(true)
    expect(isMessageIdOf(Buffer.from('another key'), id)).toBe(false)
  })

  it('is not known again once any digit has changed', () => {
    for (let at = 0; at < id.length; at += 1) {
      const digit = id.charAt(at)
      const other = digit === '-' ? '0' : digit === '0' ? '1' : '0'
      expect(isMessageIdOf(key, id.slice(0, at) + other + id.slice(at + 1)), `position ${at}`).toBe(false)
    }
    for (const text of ['', id.slice(0, -1), `${id}0`, ` ${id}`, id.toUpperCase()]) expect(isMessageIdOf(key, text)).toBe(false)
  })

  it('is another for other chance at the same moment', () => {
    const ids = new Set(
      Array.from({ length: 1_000 }, (_, i) => messageId('eu-west-1', AT, { random: Buffer.from([0, 0, 0, 0, 0, 0, i >> 8, i]), key })),
    )
    // The variant digit has 2 bits of the last 4, in place of a whole digit.
    expect(ids.size).toBeGreaterThan(249)
  })
})
