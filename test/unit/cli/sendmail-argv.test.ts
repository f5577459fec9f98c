import { expect, test } from 'vitest'
import { sendmailArgv } from '../../../src/cli/sendmail-argv.ts'

test.each<[given: string, ours: string]>([
  ['-t -i', '-t -i --'],
  ['-ti', '-t -i --'],
  ['-oi -t', '-i -t --'],
  ['-oem -odb -oi -- ann bob', '-i -- ann bob'],
  ['-f a@b.test ann', '-fa@b.test -- ann'],
  ['-fa@b.test ann', '-fa@b.test -- ann'],
  ['-r a@b.test ann', '-fa@b.test -- ann'],
  ['-F Cron -i ann', '-FCron -i -- ann'],
  ['-FCronDaemon -B8BITMIME -oem root', '-FCronDaemon -- root'],
  ['-itfa@b.test ann', '-i -t -fa@b.test -- ann'],
  ['-bm ann -N never -V id -O QueueDirectory=/x', '-- ann'],
  ['-v -n -G ann', '-v -- ann'],
  ['-- -x', '-- -x'],
  ['--home /h --json -t', '--home /h --json -t --'],
  ['-h', '-h --'],
  ['-F -x- ann', '-F-x- -- ann'],
])('%s', (given, ours) => {
  expect(sendmailArgv(given.split(' '))).toEqual(ours.split(' '))
})

test('an empty value is none', () => {
  expect(sendmailArgv(['-f', '', 'ann'])).toEqual(['--', 'ann'])
})

test.each([
  ['-bs', 'sendmail -bs is not offered', 'mailctl serve'],
  ['-bp', 'sendmail -bp is not offered', 'mailctl queue list'],
  ['-q', 'sendmail -q is not offered', 'mailctl queue flush'],
  ['-q30m', 'sendmail -q30m is not offered', 'mailctl queue flush'],
  ['-k', "unknown option '-k'", '--help'],
  ['-tz', "unknown option '-z'", '--help'],
  ['-f', '-f needs a value', '--help'],
])('%s is refused', (given, message, hint) => {
  expect(() => sendmailArgv([given])).toThrow(expect.objectContaining({ code: 'usage', message, hint: expect.stringContaining(hint) }))
})
