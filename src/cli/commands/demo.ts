/** `mailctl demo`: runs the tour in a throw-away home, each step as a process of its own, just as a user would type it. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MailctlError, messageOf } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { type CommandContext, command } from '../command.ts'
import { ATTACHMENT_NAME, ClaimFailed, type Step, TOUR, type TourFacts } from '../demo-tour.ts'

interface StepResult {
  readonly title: string
  readonly commandLine: string
  readonly ok: boolean
  readonly detail: string
}

interface DemoResult {
  readonly steps: readonly StepResult[]
}

/** A step takes a fraction of a second; this bounds one that hangs. */
const STEP_TIMEOUT_MS = 60_000

export default command<DemoResult>({
  path: 'demo',
  summary: 'Take the whole tour in a throw-away home, checking each step',
  details:
    'Makes an account in a temporary folder, verifies a domain, sends mail through the lab and simulates a bounce. The folder is removed at the end.',
  examples: ['mailctl demo'],
  fails: [],
  results: { 0: 'every step held', 1: 'a step did not hold' },
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'mailctl-demo-'))
    try {
      return { steps: await takeTour(context, folder) }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
  json: ({ steps }) => ({
    Steps: steps.map(({ title, commandLine, ok, detail }) => ({ Title: title, Command: commandLine, Ok: ok, Detail: detail })),
    Passed: steps.every(({ ok }) => ok),
  }),
  show(io, { steps }) {
    for (const { title, commandLine, ok, detail } of steps) {
      io.line(io.colour.bold(title))
      io.line(io.colour.dim(`  $ ${commandLine}`))
      io.line(`  ${ok ? io.colour.green('ok') : io.colour.red('FAILED')}  ${detail}`)
    }
    const failed = steps.filter(({ ok }) => !ok).length
    io.line(failed === 0 ? `All ${steps.length} steps held.` : `${failed} of ${steps.length} steps did not hold.`)
  },
  exit: ({ steps }) => (steps.every(({ ok }) => ok) ? 0 : 1),
})

async function takeTour(context: CommandContext, folder: string): Promise<StepResult[]> {
  const content = `month,orders\n${Array.from({ length: 200 }, (_, i) => `2026-${String((i % 12) + 1).padStart(2, '0')},${i * 7}`).join('\n')}\n`
  const file = join(folder, ATTACHMENT_NAME)
  await writeFile(file, content)
  const facts: TourFacts = { attachmentSha256: createHash('sha256').update(content).digest('hex'), messageId: '', inboxId: '' }
  const results: StepResult[] = []
  for (const step of TOUR) {
    if (context.signal.aborted) throw new MailctlError('interrupted', 'interrupted')
    context.progress(step.title)
    const words = step.args.map(word =>
      word.replace('{file}', file).replace('{message}', facts.messageId).replace('{inbox}', facts.inboxId),
    )
    const result = await takeStep(context, step, { words, home: join(folder, 'home'), facts })
    results.push(result)
    if (!result.ok) break
  }
  return results
}

async function takeStep(
  context: CommandContext,
  step: Step,
  { words, home, facts }: { readonly words: readonly string[]; readonly home: string; readonly facts: TourFacts },
): Promise<StepResult> {
  const shown = step.args.map(word =>
    word === '{file}' ? ATTACHMENT_NAME : word.replace('{message}', facts.messageId).replace('{inbox}', facts.inboxId),
  )
  const commandLine = ['mailctl', ...shown].map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
  const done = (ok: boolean, detail: string): StepResult => ({ title: step.title, commandLine, ok, detail: printable(detail) })
  const { status, stdout, stderr } = await run(context, [...words, '--json', '--no-input', '--home', home])
  if (status !== step.exit) return done(false, `exit ${status} in place of ${step.exit}: ${stderr.trim() || stdout.trim()}`)
  try {
    return done(true, step.check(JSON.parse(step.exit === 0 ? stdout : stderr), facts))
  } catch (error) {
    if (error instanceof ClaimFailed || error instanceof SyntaxError) return done(false, messageOf(error))
    throw error
  }
}

function run(
  { script, signal, env }: CommandContext,
  args: readonly string[],
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  // Settings of the caller's own account have no say in a throw-away one.
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('MAILCTL_')))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      env: clean,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      timeout: STEP_TIMEOUT_MS,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.on('error', error => reject(signal.aborted ? new MailctlError('interrupted', 'interrupted', { cause: error }) : error))
    child.on('close', status => resolve({ status, stdout, stderr }))
  })
}
