/** The package as it is published: what is in it, what two checkers of packages say, and a project that installs it, with jest in it. Asks the npm registry. */
import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const MOST_BYTES = 3 * 1024 * 1024

interface Packed {
  readonly filename: string
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

let folder: string
let packed: Packed
let tarball: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailctl-package-'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder])
  const [only] = JSON.parse(stdout) as Packed[]
  if (!only) throw new Error('npm packed nothing')
  packed = only
  tarball = join(folder, packed.filename)
  return () => rmSync(folder, { recursive: true, force: true })
})

test('it holds the program, its manual page and templates, and no source or test', () => {
  expect(packed.unpackedSize).toBeLessThan(MOST_BYTES)
  const paths = packed.files.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining([
      'bin/mailctl.js',
      'dist/main.js',
      'dist/test.js',
      'dist/test.cjs',
      'dist/test-kit/index.d.ts',
      'dist/test-kit/index.d.cts',
      'man/mailctl.1',
    ]),
  )
  expect(paths.filter(path => /^(src|test|bench|docs|scripts)\/|\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([])
})

test('publint has nothing to say of it', async () => {
  const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer }, strict: true })
  expect(messages).toEqual([])
})

test('its types are what its modules are', async () => {
  const attw = resolve('node_modules/@arethetypeswrong/cli/dist/index.js')
  const { stdout } = await run(process.execPath, [attw, tarball, '--profile', 'node16', '--format', 'json'])
  const { analysis, problems } = JSON.parse(stdout)
  expect(Object.keys(analysis.entrypoints)).toEqual(['./test', './package.json'])
  expect(analysis.types).toMatchObject({ kind: 'included' })
  // Of the way Node 10 had, which knows no `exports`.
  expect(problems).toEqual({ NoResolution: [{ kind: 'NoResolution', entrypoint: './test', resolutionKind: 'node10' }] })
})

test('a project that installs it runs the program, and its own tests with jest', { timeout: 240_000 }, async () => {
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', jest: { transform: {}, testMatch: ['**/*.jest-test.{cjs,mjs}'] } }),
  )
  const quietly = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  await run('npm', ['install', ...quietly, tarball, 'jest@30'], { cwd: project })
  // What its install script fetches, or compiles for minutes.
  cpSync('node_modules/better-sqlite3/build', join(project, 'node_modules/better-sqlite3/build'), { recursive: true })
  const bin = join(project, 'node_modules/.bin/mailctl')
  expect((await run(bin, ['--version'])).stdout).toBe(`${JSON.parse(readFileSync('package.json', 'utf8')).version}\n`)
  expect((await run(bin, ['demo'], { cwd: project })).stdout).toMatch(/\S/)
  copyFileSync('test/test-kit/fixtures/order.jest-test.mjs', join(project, 'order.jest-test.mjs'))
  copyFileSync('test/test-kit/fixtures/order.jest-test.cjs', join(project, 'order.jest-test.cjs'))
  const env = { PATH: process.env['PATH'], HOME: project, CI: 'true' }
  const jest = async (file: string, more: NodeJS.ProcessEnv): Promise<string> =>
    (await run(join(project, 'node_modules/.bin/jest'), [file], { cwd: project, env: { ...env, ...more } })).stderr
  expect(await jest('order.jest-test.cjs', {})).toMatch(/Tests:\s+1 passed, 1 total/)
  expect(await jest('order.jest-test.mjs', { NODE_OPTIONS: '--experimental-vm-modules' })).toMatch(/Tests:\s+1 passed, 1 total/)
})
