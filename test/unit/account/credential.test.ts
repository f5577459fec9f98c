import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { KEY_OCTETS, newAccessKey, smtpPassword } from '../../../src/account/credential.ts'

// SES facts: smtp, "SMTP password derivation".
test.each([
  ['mailctl-example-secret-key', 'us-east-1', 'BKZflvMpuxKOjmzXpP7ry1lxxSjE3kQFzZJ4vvtdyloO'],
  ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'us-west-2', 'BF2PynzbSCAjX08zhZZnP/kW+T9P5zs/1Er0pi5vTEmd'],
  ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'us-east-1', 'BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9'],
])('the SMTP password of %s in %s', (secret, region, password) => {
  expect(smtpPassword(secret, region)).toBe(password)
})

test('a new key has the shape that SES gives, and all of its secret comes from chance of its own', () => {
  const random = randomBytes(KEY_OCTETS)
  const made = newAccessKey(random)
  expect(made.id).toMatch(/^AKIA[A-Z2-7]{16}$/)
  expect(made.secret).toMatch(/^[A-Za-z0-9+/]{40}$/)
  for (let at = 0; at < KEY_OCTETS; at += 1) {
    const changed = Buffer.from(random)
    changed[at] = (changed[at] ?? 0) ^ 1
    const other = newAccessKey(changed)
    expect([other.id === made.id, other.secret === made.secret]).toEqual(at < 16 ? [false, true] : [true, false])
  }
})
