/** The built program as a process: what it loads, and what several of them do to one settings file. Needs `npm run build`. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterEach, beforeEach, expect, test } from 'vitest'

const run = promisify(execFile)
const BIN = 'bin/mailctl.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailctl-process-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Modules that `mailctl …` imports, as URLs. */
async function modulesOf(argv: readonly string[]): Promise<string[]> {
  const trace = join(folder, 'trace')
  const env = { PATH: process.env['PATH'], MODULE_TRACE: trace, MAILCTL_HOME: join(folder, 'home') }
  await run(process.execPath, ['--import', './test/support/trace-modules.mjs', BIN, ...argv], { env }).catch(() => undefined)
  return readFileSync(trace, 'utf8').trim().split('\n')
}

test('--version loads nothing but the entry', async () => {
  for (const flag of ['--version', '-V']) {
    const files = (await modulesOf([flag])).filter(url => url.startsWith('file:'))
    expect(files.map(url => url.replace(/^.*\/(bin|dist)\//, '$1/'))).toEqual(['bin/mailctl.js'])
    rmSync(join(folder, 'trace'))
  }
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect((await run(process.execPath, [BIN, '--version'])).stdout).toBe(`${version}\n`)
})

test.each([['quota'], ['config', 'list'], ['queue', 'stats'], ['commands', '--json']])(
  '%s %s loads no package it does not need',
  async (...argv) => {
    const urls = await modulesOf(argv)
    expect(urls.length).toBeGreaterThan(5)
    const packages = [...new Set(urls.flatMap(url => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))]
    expect(packages.filter(name => !['better-sqlite3', 'bindings', 'file-uri-to-path'].includes(name))).toEqual([])
  },
)

test('processes that write settings at once keep every key', async () => {
  const script = join(folder, 'write.mjs')
  await build({
    stdin: {
      contents: `import { storeSetting } from './src/config-file.ts'
        const [home, name, count] = process.argv.slice(2)
        for (let n = 0; n < Number(count); n += 1) await storeSetting(home, name + n, 'x')`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  })
  const home = join(folder, 'home')
  const writers = ['a', 'b', 'c', 'd']
  await Promise.all(writers.map(name => run(process.execPath, [script, home, name, '25'])))
  const stored: unknown = JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'))
  expect(Object.keys(stored as object).sort()).toEqual(writers.flatMap(name => Array.from({ length: 25 }, (_, n) => `${name}${n}`)).sort())
})

test('a reader that closes the pipe ends nothing badly', async () => {
  const child = spawn('sh', ['-c', `"$0" ${BIN} commands --json; echo "exit $?" >&2`, process.execPath], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let errors = ''
  for await (const chunk of child.stderr) errors += String(chunk)
  expect(errors).toBe('exit 0\n')
})
