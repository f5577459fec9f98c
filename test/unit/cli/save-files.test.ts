import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSaveFolder, safeFileName } from '../../../src/cli/save-files.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailctl-save-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test.each([
  ['report.pdf', 'report.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['..\\..\\windows\\system.ini', 'system.ini'],
  ['/absolute/x', 'x'],
  ['..', 'fallback'],
  ['', 'fallback'],
  ['dir/', 'fallback'],
  ['.bashrc', 'bashrc'],
  ['a\u001b[2J\u202ecod.exe', 'a_[2J_cod.exe'],
  ['a\u0000b', 'a_b'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['C:evil|?.txt', 'C_evil__.txt'],
  ['name. . ', 'name'],
  [`${'ü'.repeat(200)}.pdf`, `${'ü'.repeat(58)}.pdf`],
])('%j becomes %j', (name, clean) => expect(safeFileName(name, 'fallback')).toBe(clean))

const save = (name: string | null, text: string): string => {
  const file = openSaveFolder(join(root, 'out')).create(name, 'application/pdf')
  file.write(Buffer.from(text))
  file.end()
  return file.path
}

test('a second file of the same name gets a number, and nothing is overwritten', () => {
  const paths = [save('a.pdf', 'one'), save('a.pdf', 'two'), save(null, 'three')]
  expect(readdirSync(join(root, 'out')).sort()).toEqual(['a-1.pdf', 'a.pdf', 'attachment-1.bin'])
  expect(paths.map(path => readFileSync(path, 'utf8'))).toEqual(['one', 'two', 'three'])
  expect(lstatSync(paths[0] ?? '').mode & 0o777).toBe(0o600)
})

test('links in the folder are not followed, neither to a file nor to nothing', () => {
  const folder = openSaveFolder(join(root, 'out'))
  writeFileSync(join(root, 'victim'), 'untouched')
  symlinkSync(join(root, 'victim'), join(root, 'out', 'a.pdf'))
  symlinkSync(join(root, 'new-file'), join(root, 'out', 'a-1.pdf'))
  const file = folder.create('a.pdf', 'application/pdf')
  file.write(Buffer.from('x'))
  file.end()
  expect(file.path.endsWith('a-2.pdf')).toBe(true)
  expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('untouched')
  expect(existsSync(join(root, 'new-file'))).toBe(false)
})

test('a folder that is a file is 74', () => {
  writeFileSync(join(root, 'file'), '')
  expect(() => openSaveFolder(join(root, 'file'))).toThrow(expect.objectContaining({ code: 'store-unavailable' }))
})
