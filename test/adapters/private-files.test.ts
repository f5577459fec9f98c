import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { makePrivateFolder } from '../../src/adapters/private-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailctl-private-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('every folder that is made is 0700, whatever the umask, and a second time changes nothing', () => {
  const before = process.umask(0)
  try {
    makePrivateFolder(join(folder, 'a/b/c'))
    makePrivateFolder(join(folder, 'a/b/c'))
  } finally {
    process.umask(before)
  }
  for (const name of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o700)
})

// Only Linux has a file system that answers every mkdir with "no such file".
test.runIf(process.platform === 'linux')('a folder that can never be made is an error, not a loop', () => {
  expect(() => makePrivateFolder('/proc/mailctl/home')).toThrow(/cannot make the folder \/proc\/mailctl\/home/)
})
