/**
 * Runs a command for an event, which it reads from its standard input. It has taken the event when it ends with 0. Its output is thrown
 * away but for the last line of what it said to stderr; after 30 seconds it and what it started are killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Receipt } from '../../ports/event-publisher.ts'

const LONGEST_MS = 30_000
const MOST_KEPT = 2 * 1024

/** Never rejects. */
export function runForEvent(command: string, body: string, signal: AbortSignal): Promise<Receipt> {
  const startedAt = performance.now()
  return new Promise(resolve => {
    let said = ''
    let killedFor: string | undefined
    const isUnix = process.platform !== 'win32'
    const child = spawn(command, { shell: true, detached: isUnix, stdio: ['pipe', 'ignore', 'pipe'], env: ownEnvironment() })
    const kill = (why: string): void => {
      killedFor ??= why
      killAll(child, isUnix)
    }
    const timer = setTimeout(() => kill(`did not end within ${LONGEST_MS / 1_000} s`), LONGEST_MS)
    const onAbort = (): void => kill('interrupted')
    const finish = (taken: boolean, summary: string): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      resolve({ taken, summary, ms: Math.round(performance.now() - startedAt) })
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MOST_KEPT)
    })
    // One that does not read its input is judged by its exit status all the same.
    child.stdin?.on('error', () => {})
    child.stdin?.end(`${body}\n`)
    child.on('error', error => finish(false, `the command could not be run: ${error.message}`))
    // What it said may come a little after it has ended.
    child.on('close', (code, killer) => {
      if (code === 0) return finish(true, 'the command ended with 0')
      const how = killedFor ?? (code === null ? `was ended by ${killer}` : `ended with ${code}`)
      const last = said.trim().split(/\r?\n/).at(-1) ?? ''
      finish(false, `the command ${how}${last === '' ? '' : `: ${last.slice(0, 200)}`}`)
    })
  })
}

function killAll({ pid }: ChildProcess, isUnix: boolean): void {
  if (pid === undefined) return
  try {
    process.kill(isUnix ? -pid : pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Ours may hold passwords. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAILCTL_')))
