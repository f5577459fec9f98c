/** Runs a program of the tests in a process of its own, bundled once, so that it can be killed, limited or run under another user. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'

/** @param entry path from the project's root  @returns the bundle, in a folder of its own */
export async function bundle(entry: string): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'mailctl-child-')), 'child.mjs')
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' })
  return outfile
}

export interface Finished {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly stderr: string
}

/**
 * @param onLine called for each line on the child's stdout as it arrives
 * @param limits for the shell before the child starts, such as `ulimit -f 64`
 */
export function run(
  file: string,
  args: readonly string[],
  { onLine, limits }: { readonly onLine?: (line: string, child: ChildProcess) => void; readonly limits?: string } = {},
): Promise<Finished> {
  const node = [process.execPath, file, ...args]
  const command = limits === undefined ? node : ['/bin/bash', '-c', `${limits}; exec "$@"`, 'bash', ...node]
  const child = spawn(command[0] ?? '', command.slice(1), {
    // Bundles lie outside the project; this is how they find its packages.
    env: { ...process.env, NODE_PATH: resolve('node_modules') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const read = createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line)
    onLine?.(line, child)
  })
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  return new Promise((done, fail) => {
    child.on('error', fail)
    const ended = new Promise<void>(end => read.on('close', end))
    child.on('close', code => void ended.then(() => done({ code, lines, stderr })))
  })
}
