/** The built program as a user runs it: a process of its own, a home of its own, an environment with nothing else in it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const BIN = resolve('bin/mailctl.js')

export interface Run {
  /** null: ended by a signal. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string | Buffer
  /** For the shell before the program starts, such as `ulimit -f 64`. */
  readonly limits?: string
  /** Told of the process as soon as it runs. */
  readonly started?: (child: ChildProcess) => void
}

export interface BuiltProgram {
  readonly home: string
  /** A folder for files of the test. */
  readonly folder: string
  /** `mailctl ARGS --home HOME` */
  run(args: readonly string[], options?: RunOptions): Promise<Run>
  /** The same with `--json`, which must end with `exit` (0 when absent). @returns the one value on stdout */
  json(args: readonly string[], exit?: number): Promise<ReturnType<typeof JSON.parse>>
  remove(): Promise<void>
}

export async function builtProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'mailctl-built-'))
  const home = join(folder, 'home')
  const run: BuiltProgram['run'] = (args, options) => runBuilt([...args, '--home', home], options)
  return {
    home,
    folder,
    run,
    async json(args, exit = 0) {
      const { code, stdout, stderr } = await run([...args, '--json'])
      if (code !== exit) throw new Error(`mailctl ${args.join(' ')} ended with ${code} instead of ${exit}\n${stdout}${stderr}`)
      return JSON.parse(stdout)
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

function runBuilt(args: readonly string[], { stdin, limits, started }: RunOptions = {}): Promise<Run> {
  const node = [process.execPath, BIN, ...args]
  const [command = '', ...rest] = limits === undefined ? node : ['/bin/bash', '--norc', '-c', `${limits}; exec "$@"`, 'bash', ...node]
  const child = spawn(command, rest, { env: { PATH: process.env['PATH'] }, stdio: ['pipe', 'pipe', 'pipe'] })
  started?.(child)
  const texts = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', text => {
      texts[stream] += text
    })
  // A program that ends without reading stdin is no error of the test.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', code => done({ code, ...texts }))
  })
}
