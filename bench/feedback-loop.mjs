// How long a script waits for a simulated outcome, from spawn to exit, on the virtual clock: the program starts, the message goes through
// the queue and a real SMTP session, its report comes back as mail, the events are told. Each run is a process of its own.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './figures.mjs'

const RUNS = 7

/** @returns figures in the form of run.mjs */
export function feedbackLoop() {
  const home = mkdtempSync(join(tmpdir(), 'mailctl-bench-'))
  const env = { PATH: process.env.PATH, MAILCTL_HOME: home }
  const mailctl = (...args) => {
    const started = process.hrtime.bigint()
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/mailctl.js', ...args], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`mailctl ${args.join(' ')} ended with ${status}: ${stderr}`)
    return { seconds: Number(process.hrtime.bigint() - started) / 1e9, stdout }
  }
  try {
    mailctl('init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7')
    mailctl('verify', 'domain', 'shop.example')
    return ['bounce', 'complaint'].map(outcome => {
      const times = Array.from({ length: RUNS }, () => mailctl('simulate', outcome, '--json').seconds)
      return {
        name: `simulate ${outcome} --json, whole loop`,
        value: median(times),
        unit: 's',
        goal: 1.5,
        better: 'less',
        detail: times.map(time => `${time.toFixed(2)} s`).join(', '),
      }
    })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
