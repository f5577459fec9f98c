/** A terminal door in this process: streams that are buffers, an environment of its own, any registry of commands. */
import { PassThrough, Readable } from 'node:stream'
import { type Program, runCommand } from '../../src/cli/run-command.ts'
import { loadConfig } from '../../src/config.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface TerminalOptions extends Partial<Omit<Program, 'streams'>> {
  /** What stands on stdin; nothing when absent. */
  readonly stdin?: string | Buffer
  /** A person at the terminal: what is typed as soon as each text stands on stderr, one after the other. */
  readonly answers?: readonly (readonly [asked: string, typed: string])[]
  /** Which streams are terminals. */
  readonly tty?: readonly ('stdin' | 'stdout' | 'stderr')[]
  readonly columns?: number
}

const refuse = async (): Promise<never> => {
  throw new Error('this test opens no account')
}

/** Runs one command line. The environment is empty unless given, so the machine's own never matters. */
export async function mailctl(
  argv: readonly string[],
  { stdin = '', answers, tty = [], columns, ...program }: TerminalOptions = {},
): Promise<Ran> {
  const out = collector(tty.includes('stdout'), columns)
  const err = collector(tty.includes('stderr'), columns)
  const input = answers === undefined ? Readable.from([Buffer.from(stdin)]) : typist(answers, err.stream)
  const code = await runCommand(argv, {
    version: '1.2.3',
    script: 'bin/mailctl.js',
    env: {},
    signal: new AbortController().signal,
    loadConfig,
    openApp: refuse,
    createAccount: refuse,
    openMachine: refuse,
    serve: refuse,
    ...program,
    streams: {
      stdin: Object.assign(input, { isTTY: tty.includes('stdin') }),
      stdout: out.stream,
      stderr: err.stream,
    },
  })
  return { code, stdout: out.text(), stderr: err.text() }
}

function typist(answers: NonNullable<TerminalOptions['answers']>, shown: PassThrough): PassThrough {
  const keys = new PassThrough()
  const left = [...answers]
  let seen = ''
  shown.on('data', (chunk: Buffer) => {
    seen += chunk.toString('utf8')
    const [next] = left
    if (next === undefined || !seen.includes(next[0])) return
    left.shift()
    seen = ''
    // A question listens only after the turn in which it was drawn.
    setImmediate(() => setImmediate(() => keys.write(next[1])))
  })
  return keys
}

function collector(isTTY: boolean, columns: number | undefined) {
  const chunks: Buffer[] = []
  const stream = Object.assign(new PassThrough(), { isTTY, ...(columns === undefined ? {} : { columns }) })
  // Like the process's own streams it stays open when what was piped into it ends.
  stream.end = () => stream
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}
