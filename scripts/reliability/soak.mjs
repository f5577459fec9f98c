// A long time under a mixed load: messages of 1 KB to 5 MB, to recipients that take them, take them slowly, put them off or refuse them. Memory
// and descriptors must stay flat, log and spool bounded, and everything that was answered with 250 must have come to its end, once.
// See docs/reliability.md. Needs a build, and Linux for /proc.
//
//   node scripts/reliability/soak.mjs --minutes 30 [--rate N] [--json FILE] [--markdown FILE]
//
// Without --rate it first measures what the engine takes at full speed, and then sends 70 % of that. Exit 1 when something was not held.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { countDue, countOutcomes } from './account.mjs'
import { sendAll } from './client.mjs'
import { makeHome, startEngine } from './engine.mjs'
import { takeSample } from './sample.mjs'
import { startSink } from './sink.mjs'
import { judgeSoak, soakMarkdown } from './soak-report.mjs'
import { Traffic } from './traffic.mjs'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string' }, json: { type: 'string' }, markdown: { type: 'string' } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0) || (values.rate !== undefined && !(Number(values.rate) > 0))) {
  console.error('--minutes N, --rate MESSAGES_PER_SECOND')
  process.exit(64)
}

const SESSIONS = 20
const SHARE = 0.7
/** A deferred message is tried again after a minute or little more; then all must be over. */
const DRAIN_MS = 120_000
const measureMs = Math.min(30_000, minutes * 10_000)
const everyMs = Math.min(5_000, minutes * 2_000)

const folder = mkdtempSync(join(tmpdir(), 'mailctl-soak-'))
const home = join(folder, 'home')
const file = join(home, 'account.db')
makeHome(home)
const traffic = new Traffic()
const sink = await startSink(() => traffic.watch)
traffic.sink = sink
const engine = startEngine({ home, name: 'soak.test', sinkPort: sink.port })
const port = await engine.ready()
if (port === undefined) throw new Error(`serve ended at once: ${engine.stderr()}`)
const atRest = takeSample({ engine, home, traffic, startedAt: engine.startedAt })

/** Sends for so long. @param rate messages a second; undefined: as fast as they are taken */
async function send(forMs, rate) {
  const startedAt = performance.now()
  let sent = 0
  const next = async () => {
    const elapsed = performance.now() - startedAt
    if (elapsed >= forMs || engine.over()) return undefined
    sent += 1
    if (rate !== undefined) await pause(Math.max(0, (sent / rate) * 1_000 - elapsed))
    return traffic.next()
  }
  const answered = { onAnswer: message => traffic.answered(message), onSilence: message => traffic.silent(message) }
  await Promise.all([
    sendAll({ next, sessions: SESSIONS / 2, keep: true, pipelined: true, port: () => port, ...answered }),
    sendAll({ next, sessions: SESSIONS / 2, keep: false, pipelined: false, port: () => port, ...answered }),
  ])
}

let rate = Number(values.rate)
if (values.rate === undefined) {
  const [from, deliveredBefore] = [performance.now(), traffic.delivered]
  await send(measureMs)
  const capacity = (traffic.delivered - deliveredBefore) / ((performance.now() - from) / 1_000)
  rate = capacity * SHARE
  console.error(`measured ${capacity.toFixed(0)} messages a second; sending ${rate.toFixed(0)}`)
}

const samples = []
const startedAt = Date.now()
const sampler = setInterval(() => {
  if (engine.over()) return
  samples.push(takeSample({ engine, home, traffic, startedAt }))
  const { rssBytes, descriptors, queue } = samples.at(-1)
  if (samples.length % 12 === 0)
    console.error(
      `${Math.round((Date.now() - startedAt) / 1_000)} s: ${traffic.accepted} accepted, ${(rssBytes / 2 ** 20).toFixed(0)} MiB, ${descriptors} descriptors, ${queue} waiting`,
    )
}, everyMs)
await send(minutes * 60_000, rate)
clearInterval(sampler)
const seconds = (Date.now() - startedAt) / 1_000

for (const until = Date.now() + DRAIN_MS; Date.now() < until && !engine.over() && countDue(file, Number.MAX_SAFE_INTEGER) > 0; )
  await pause(500)
const drained = engine.over() ? undefined : takeSample({ engine, home, traffic, startedAt })
const ended = await engine.stop()
sink.close()

const result = {
  minutes,
  rate,
  seconds,
  atRest,
  samples,
  drained,
  ended,
  stderr: engine.stderr(),
  outcomes: countOutcomes(file),
  leftInSpool: existsSync(join(home, 'spool')) ? readdirSync(join(home, 'spool')).length : 0,
  ...traffic.totals(),
}
const judged = judgeSoak(result)
for (const violation of judged.Violations) console.error(violation)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ ...judged, Samples: samples }, null, 2)}\n`)
if (values.markdown !== undefined) writeFileSync(values.markdown, soakMarkdown(judged))
console.log(soakMarkdown(judged))
if (judged.Violations.length === 0) rmSync(folder, { recursive: true, force: true })
else console.error(`left in ${folder}`)
process.exitCode = judged.Violations.length === 0 ? 0 : 1
