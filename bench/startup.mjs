// Start-up: what mailctl adds to Node itself. Each command runs alternately with `node -e 0`, so that a busy machine slows both alike.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './figures.mjs'

const RUNS = 21

/** Milliseconds from spawn to exit. */
function time(args, env) {
  const started = process.hrtime.bigint()
  const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ms = Number(process.hrtime.bigint() - started) / 1e6
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return ms
}

/** @returns figures in the form of run.mjs */
export function startup() {
  const home = mkdtempSync(join(tmpdir(), 'mailctl-bench-'))
  const env = { PATH: process.env.PATH, MAILCTL_HOME: home }
  try {
    time(['bin/mailctl.js', 'init'], env)
    const commands = { base: ['-e', '0'], version: ['bin/mailctl.js', '--version'], quota: ['bin/mailctl.js', 'quota', '--json'] }
    const times = Object.fromEntries(Object.keys(commands).map(name => [name, []]))
    for (let run = 0; run <= RUNS; run += 1)
      for (const [name, args] of Object.entries(commands)) {
        const ms = time(args, env)
        // The first round fills the disk cache.
        if (run > 0) times[name].push(ms)
      }
    const [base, version, quota] = Object.values(times).map(median)
    return [
      {
        name: 'mailctl --version ÷ node -e 0',
        value: version / base,
        unit: '×',
        goal: 1.3,
        better: 'less',
        detail: `${version.toFixed(1)} ÷ ${base.toFixed(1)} ms`,
      },
      {
        name: 'mailctl quota − node -e 0',
        value: quota - base,
        unit: 'ms',
        goal: 100,
        better: 'less',
        detail: `${quota.toFixed(1)} − ${base.toFixed(1)} ms`,
      },
    ]
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
