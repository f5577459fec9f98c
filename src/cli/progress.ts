/** How far long work has come: a bar with rate and time left on a terminal, one line every few seconds elsewhere, nothing with `--json`. */
import { formatDuration } from '../base/duration.ts'
import { count } from './account-text.ts'
import type { CommandContext, Flags } from './command.ts'

const EVERY_MS = 3_000
const BAR_WIDTH = 20

/** @param did what was done: `Held` */
export function workProgress({ io, progress, notice }: CommandContext, flags: Flags, did: string): (done: number, of: number) => void {
  const startedAt = performance.now()
  let saidAt = startedAt
  return (done, of) => {
    const at = performance.now()
    if (io.stderr.isTty) return progress(`${did} ${bar(done, of)} ${far(done, of, at - startedAt)}`)
    if (flags['json'] === true || done >= of || at - saidAt < EVERY_MS) return
    saidAt = at
    notice(`${did} ${far(done, of, at - startedAt)}`)
  }
}

function bar(done: number, of: number): string {
  const filled = of > 0 ? Math.min(BAR_WIDTH, Math.round((done / of) * BAR_WIDTH)) : BAR_WIDTH
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`
}

/** `12,000 of 50,000, 4,000 a second, 9s left` */
function far(done: number, of: number, ms: number): string {
  const text = `${count(done)} of ${count(of)}`
  if (done === 0 || done >= of || ms < 1) return text
  return `${text}, ${count(Math.max(1, Math.round((done / ms) * 1_000)))} a second, ${formatDuration(Math.ceil(((of - done) * ms) / done / 1_000) * 1_000)} left`
}
