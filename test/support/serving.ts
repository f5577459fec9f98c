/** `mailctl serve`, built, for programs of other people, and those programs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { BuiltProgram, Run } from './built.ts'

export interface Serving {
  /** What `serve --json` prints: where its doors are. */
  readonly doors: { readonly Smtp: string; readonly Smtps: string; readonly Http: string }
  /** Ends it by SIGTERM. */
  stop(): Promise<Run>
}

/** @param flags which doors, and how. @throws Error with stderr when it does not start */
export async function startServing(mailctl: BuiltProgram, flags: readonly string[]): Promise<Serving> {
  let ended: Promise<Run> | undefined
  const child = await new Promise<ChildProcess>(started => {
    ended = mailctl.run(['serve', ...flags, '--json'], { started })
  })
  if (!child.stdout || !ended) throw new Error('serve was not started with pipes')
  const end = ended
  const [line] = await Promise.race([once(child.stdout, 'data'), end.then(({ stderr }) => Promise.reject(new Error(stderr)))])
  return {
    doors: JSON.parse(String(line)),
    stop() {
      child.kill('SIGTERM')
      return end
    },
  }
}

export interface ClientOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin?: string
}

/** @returns stdout @throws Error with its output unless it ends with 0 */
export async function runClient(command: string, args: readonly string[], { env, cwd, stdin = '' }: ClientOptions): Promise<string> {
  const child = spawn(command, args, { env, cwd })
  const texts = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', text => {
      texts[stream] += text
    })
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ended with ${code}\n${texts.stdout}${texts.stderr}`)
  return texts.stdout
}
