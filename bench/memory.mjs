// Memory: what a 40 MB message adds to the peak of `mailctl send` over one of 1 KB. Lab mode, so the receiver with its DKIM verifier and its
// inbox is in the same process. Peaks are the operating system's, of the built program; the two sizes alternate, and medians are compared.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './figures.mjs'

const RUNS = 5
/** Base64 in lines of 76 characters and CRLF makes 41,939,000 octets of this: 40 MB less a few kilobytes for the rest of the message. */
const LARGE = Math.floor(41_939_000 / 78) * 57
/** Tells the peak in KiB on a channel of its own, so that neither output of the program is touched. */
const REPORTER = `process.once('exit', () => require('node:fs').writeSync(3, String(process.resourceUsage().maxRSS)))`

function mailctl(args, env, preload) {
  const node = [...(preload === undefined ? [] : ['--require', preload]), 'bin/mailctl.js', ...args]
  const { status, stderr, output } = spawnSync(process.execPath, node, { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  if (status !== 0) throw new Error(`mailctl ${args.join(' ')} ended with ${status}: ${stderr}`)
  return Number(output[3])
}

/** @returns figures in the form of run.mjs */
export function memory() {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-bench-'))
  try {
    const env = { PATH: process.env.PATH, MAILCTL_HOME: join(folder, 'home') }
    const preload = join(folder, 'peak.cjs')
    writeFileSync(preload, REPORTER)
    const files = { small: join(folder, 'small.bin'), large: join(folder, 'large.bin') }
    writeFileSync(files.small, randomBytes(512))
    writeFileSync(files.large, randomBytes(LARGE))
    mailctl(['init'], env)
    mailctl(['verify', 'domain', 'bench.example'], env)
    mailctl(['account', 'request-production', '--approve'], env)
    const peaks = { small: [], large: [] }
    for (let run = 0; run < RUNS; run += 1)
      for (const [size, file] of Object.entries(files)) {
        const message = ['--from', 'a@bench.example', '--to', 'b@gmail.com', '--subject', 's', '--text', 't', '--attach', file]
        peaks[size].push(mailctl(['send', '--timeout', '10m', ...message], env, preload) / 1024)
      }
    const [small, large] = [median(peaks.small), median(peaks.large)]
    return [
      {
        name: '40 MB message − 1 KB message',
        value: large - small,
        unit: 'MiB',
        goal: 48,
        better: 'less',
        detail: `${large.toFixed(1)} − ${small.toFixed(1)} MiB peak`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
