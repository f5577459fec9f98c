/** A command line in a terminal of its own: a real pseudo-terminal, made by `script` of util-linux. */
import { spawn } from 'node:child_process'
import { onTestFinished } from 'vitest'

export interface Screen {
  /** Everything that was written, escape sequences included. */
  readonly text: string
  readonly code: number | null
}

/**
 * @param line for `sh -c`
 * @param answers what is typed as soon as each text stands on the screen, one after the other
 */
export function inTerminal(
  line: string,
  {
    answers,
    env,
    cwd,
    seen: onLast = () => {},
  }: {
    readonly answers: readonly (readonly [shown: string, typed: string])[]
    readonly env: NodeJS.ProcessEnv
    readonly cwd?: string
    readonly seen?: () => void
  },
): Promise<Screen> {
  const child = spawn('script', ['-qefc', line, '/dev/null'], { env, cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  // script hangs up on what runs in it when it goes.
  onTestFinished(() => void child.kill())
  const left = [...answers]
  let text = ''
  let seen = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    seen += chunk
    const [next] = left
    if (next === undefined || !seen.includes(next[0])) return
    left.shift()
    seen = ''
    child.stdin.write(next[1])
    if (left.length === 0) onLast()
  })
  child.stdin.on('error', () => {})
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', code => {
      child.stdin.destroy()
      done({ text, code })
    })
  })
}
