/** A command of the terminal on an account that is open already. */
import { PassThrough, Readable } from 'node:stream'
import { loadConfig } from '../config.ts'
import type { OpenedApp } from '../open-app.ts'
import type { RanCommand } from './types.ts'

export async function runIn(app: OpenedApp, home: string, argv: readonly string[]): Promise<RanCommand> {
  const { runCommand } = await import('../cli/run-command.ts')
  const [stdout, stderr] = [collector(), collector()]
  const refuse = async (): Promise<never> => {
    throw new Error('this command has no place inside a test')
  }
  const exit = await runCommand(['--home', home, ...argv], {
    version: '0.0.0',
    script: '',
    env: {},
    signal: new AbortController().signal,
    loadConfig,
    // It stays open when the command is done.
    openApp: async () => ({ ...app, close: async () => {} }),
    openMachine: async config => (await import('../open-app.ts')).openMachine(config),
    createAccount: refuse,
    serve: refuse,
    streams: { stdin: Object.assign(Readable.from([]), { isTTY: false }), stdout: stdout.stream, stderr: stderr.stream },
  })
  return { exit, stdout: stdout.text(), stderr: stderr.text(), json: () => JSON.parse(stdout.text()) }
}

function collector() {
  const chunks: Buffer[] = []
  const stream = Object.assign(new PassThrough(), { isTTY: false })
  // Like the process's own streams it stays open when what was piped into it ends.
  stream.end = () => stream
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}
