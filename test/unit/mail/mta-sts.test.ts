import { describe, expect, test } from 'vitest'
import { isStsHost, parseStsPolicy, stsRecordId } from '../../../src/mail/mta-sts.ts'

describe('the record', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['one', ['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
    ['without the last semicolon, among other texts', ['v=spf1 -all', 'v=STSv1;id=1'], '1'],
    ['with a field we do not know', ['v=STSv1; more=x; id=a1'], 'a1'],
    ['none', ['v=spf1 -all'], undefined],
    ['two', ['v=STSv1; id=1', 'v=STSv1; id=2'], undefined],
    ['another version', ['v=STSv10; id=1'], undefined],
    ['without id', ['v=STSv1;'], undefined],
    ['with two ids', ['v=STSv1; id=1; id=2'], undefined],
    ['an id that is none', ['v=STSv1; id=a-b'], undefined],
    ['an id that is too long', [`v=STSv1; id=${'a'.repeat(33)}`], undefined],
    ['the version not first', ['id=1; v=STSv1'], undefined],
  ])('%s', (_, texts, id) => {
    expect(stsRecordId(texts)).toBe(id)
  })
})

const lines = (...more: string[]): string => ['version: STSv1', 'mode: enforce', 'max_age: 604800', ...more].join('\r\n')

describe('the policy', () => {
  test('is read with either line end, any order, unknown keys, and the first of what is repeated', () => {
    const expected = { mode: 'enforce', mx: ['mail.example.com', '*.example.net'], maxAgeSeconds: 604_800 }
    expect(parseStsPolicy(lines('mx: Mail.example.com.', 'mx: *.example.net', 'mode: none', 'x-new: 1', ''))).toEqual(expected)
    expect(parseStsPolicy('mx:mail.example.com\nmax_age:604800\nmx:*.example.net\nversion:STSv1\nmode:enforce')).toEqual(expected)
  })

  test('that takes itself back needs no host', () => {
    expect(parseStsPolicy('version: STSv1\nmode: none\nmax_age: 0\n')).toEqual({ mode: 'none', mx: [], maxAgeSeconds: 0 })
  })

  test.each([
    ['nothing', ''],
    ['a page', '<html><body>Not found</body></html>'],
    ['another version', lines('mx: a.test').replace('STSv1', 'STSv2')],
    ['another mode', lines('mx: a.test').replace('enforce', 'force')],
    ['no host', lines()],
    ['a host that is none', lines('mx: a b')],
    ['a star in the middle', lines('mx: a.*.test')],
    ['a star alone', lines('mx: *')],
    ['an age that is no number', lines('mx: a.test').replace('604800', '-1')],
    ['an age beyond a year', lines('mx: a.test').replace('604800', '31557601')],
    ['no age', lines('mx: a.test').replace('max_age', 'min_age')],
    ['a flood of hosts', lines(...Array.from({ length: 101 }, (_, i) => `mx: m${i}.test`))],
    ['a line without a key', lines('mx: a.test', 'hello')],
  ])('is none: %s', (_, text) => {
    expect(parseStsPolicy(text)).toBeUndefined()
  })

  test.each([
    ['mail.example.com', true],
    ['other.example.com', false],
    ['a.example.net', true],
    ['a.b.example.net', false],
    ['example.net', false],
    ['net', false],
  ])('names %s: %s', (host, named) => {
    const policy = { mode: 'enforce', mx: ['mail.example.com', '*.example.net'], maxAgeSeconds: 1 } as const
    expect(isStsHost(policy, host)).toBe(named)
  })
})
