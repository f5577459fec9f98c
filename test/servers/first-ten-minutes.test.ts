/** docs/first-ten-minutes.md is what a terminal shows today. Needs tmux. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'vitest'

test('the page is what a new user sees', async () => {
  await promisify(execFile)(process.execPath, ['scripts/first-ten-minutes.mjs', '--check'])
})
