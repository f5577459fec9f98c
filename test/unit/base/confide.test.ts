/** What is shown to a stranger who helps: no local part, no path or query of a URL, no secret of the settings. */
import { expect, it } from 'vitest'
import { confide, confidential } from '../../../src/base/confide.ts'

it.each([
  ['RCPT TO:<ann.lee+x@example.com>', 'RCPT TO:<***@example.com>'],
  ['ann@a.test, "bob"@b.test', '***@a.test, "bob"@b.test'],
  ['https://user:pass@hooks.example:8443/T0/B0/secret?key=1#x is down', 'https://hooks.example:8443/*** is down'],
  ['smtp://relay.example:587', 'smtp://relay.example:587/***'],
  ['see http://127.0.0.1:9, then', 'see http://127.0.0.1:9,/*** then'],
  ['250 2.0.0 Ok', '250 2.0.0 Ok'],
  ['mail to postmaster@[192.0.2.1]', 'mail to ***@[192.0.2.1]'],
])('%s', (text, shown) => {
  expect(confidential(text)).toBe(shown)
})

it('hides secrets wherever they stand, the longest first, and leaves what is short alone', () => {
  const value = { a: ['swordfish!', 'sword'], at: new Date(0), n: 1, nothing: null, inner: { b: 'x swordfish! y' } }
  expect(confide(value, ['sword', 'swordfish!', 'x'])).toEqual({
    a: ['***', '***'],
    at: '1970-01-01T00:00:00.000Z',
    n: 1,
    nothing: null,
    inner: { b: 'x *** y' },
  })
})

it('takes a stranger no more time than his text is long', () => {
  for (const text of ['a'.repeat(1_000_000), 'a://'.repeat(250_000), '@'.repeat(1_000_000), 'https://'.concat('a'.repeat(1_000_000))]) {
    expect(confidential(text).length).toBeGreaterThan(0)
  }
})
