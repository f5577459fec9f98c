/** Flags that were not given are absent, and those that were say so. */
import { expect, test } from 'vitest'
import send from '../../../src/cli/commands/send.ts'
import { parseFlags } from '../../../src/cli/parse-argv.ts'

test.each([
  [[], undefined],
  [['--wait'], true],
  [['--no-wait'], false],
])('send %j waits: %s', (argv, wait) => {
  const parsed = parseFlags(send, argv)
  expect(parsed.kind === 'run' && parsed.flags['wait']).toBe(wait)
})
