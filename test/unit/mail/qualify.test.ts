import { expect, test } from 'vitest'
import { qualified } from '../../../src/mail/qualify.ts'

test.each([
  ['root', 'root@h.test'],
  [' root', ' root@h.test'],
  ['root (Cron Daemon)', 'root@h.test (Cron Daemon)'],
  ['(Cron, Daemon) root', '(Cron, Daemon) root@h.test'],
  ['Cron Daemon <root>', 'Cron Daemon <root@h.test>'],
  ['"Daemon, Cron" <root>', '"Daemon, Cron" <root@h.test>'],
  ['"a@b" <root>', '"a@b" <root@h.test>'],
  ['root, bob@x.test, ann', 'root@h.test, bob@x.test, ann@h.test'],
  ["o'neil$&", "o'neil$&@h.test"],
  ['bob@x.test', 'bob@x.test'],
  ['Bob <bob@x.test>', 'Bob <bob@x.test>'],
  ['two words', 'two words'],
  ['undisclosed-recipients:;', 'undisclosed-recipients:;'],
  ['<>', '<>'],
  ['"quoted"', '"quoted"'],
  ['', ''],
  ['a"b', 'a"b'],
])('%j', (given, expected) => {
  expect(qualified(given, 'h.test')).toBe(expected)
})

test('a hostile field ends, and one that is too long is left alone', () => {
  for (const unit of ['"\\', '(', '<', '"', '((', '\\"']) {
    const field = unit.repeat(9_999 / unit.length)
    expect(qualified(field, 'h.test')).toBe(field)
  }
  const long = 'a,'.repeat(6_000)
  expect(qualified(long, 'h.test')).toBe(long)
})
