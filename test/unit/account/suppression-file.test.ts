import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SUPPRESSION_REASONS } from '../../../src/account/suppression.ts'
import { formatOf, readEntry, writeEntry } from '../../../src/account/suppression-file.ts'

test.each([
  ['ann@example.test,BOUNCE', 'ann@example.test', 'BOUNCE'],
  [' Ann@EXAMPLE.test , COMPLAINT ', 'Ann@example.test', 'COMPLAINT'],
  ['"ann@example.test","BOUNCE"', 'ann@example.test', 'BOUNCE'],
  ['"""a, b""@example.test",BOUNCE', '"a, b"@example.test', 'BOUNCE'],
  ['ann@bücher.example,BOUNCE', 'ann@xn--bcher-kva.example', 'BOUNCE'],
  ['{"emailAddress":"ann@example.test","reason":"COMPLAINT"}', 'ann@example.test', 'COMPLAINT'],
  ['  { "reason": "BOUNCE", "emailAddress": "ann@example.test", "more": 1 }', 'ann@example.test', 'BOUNCE'],
])('%s', (line, address, reason) => {
  expect(readEntry(line, formatOf(line), 'PUT')).toEqual({ address, reason })
})

test.each([
  ['ann@example.test', 'has no reason'],
  ['ann@example.test,', 'has no reason'],
  ['ann@example.test,bounce', "has the reason 'bounce'"],
  ['ann@example.test,BOUNCE,today', 'has 3 fields'],
  ['"ann@example.test,BOUNCE', 'has a quote'],
  ['"ann"@example.test,BOUNCE', 'has a quote'],
  ['emailAddress,reason', 'has no @'],
  ['ann@,BOUNCE', 'has no domain'],
  ['{"emailAddress":"ann@example.test"}', 'has no reason'],
  ['{"emailAddress":"ann@example.test","reason":1}', 'reason that is not text'],
  ['{"address":"ann@example.test","reason":"BOUNCE"}', 'has no emailAddress'],
  ['{"emailAddress":"ann@example.test","reason":"BOUNCE"', 'is not JSON'],
])('%s is refused', (line, why) => {
  expect(() => readEntry(line, formatOf(line), 'PUT')).toThrow(why)
})

test('to be taken off the list an address needs no reason', () => {
  for (const line of ['ann@example.test', 'ann@example.test,', '{"emailAddress":"ann@example.test"}'])
    expect(readEntry(line, formatOf(line), 'DELETE').address).toBe('ann@example.test')
  expect(() => readEntry('ann@example.test,SPITE', 'csv', 'DELETE')).toThrow("the reason 'SPITE'")
})

test('what is written is read as it was, whatever the local part', () => {
  const local = fc.string({ unit: fc.constantFrom(...'aB1.,"\\{} @;\'+'), minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(local, fc.constantFrom(...SUPPRESSION_REASONS), fc.constantFrom('csv', 'json'), (text, reason, format) => {
      const typed = `"${text.replace(/["\\]/g, '\\$&')}"@example.test`
      const { address } = readEntry(JSON.stringify({ emailAddress: typed, reason }), 'json', 'PUT')
      expect(readEntry(writeEntry({ address, reason }, format), format, 'PUT')).toEqual({ address, reason })
    }),
  )
})
