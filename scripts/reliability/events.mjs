// Events to a destination that fails three times in ten, while the engine is killed: every event of the log must be taken at least once, those
// of one message in order, and none that is not in the log. See docs/reliability.md. Needs a build.
//
//   node scripts/reliability/events.mjs --events 100000 [--kills 10] [--seed 1] [--json FILE] [--markdown FILE]
//
// Exit 1 on any violation; the home is kept then.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readEvents } from './account.mjs'
import { contentOf, sendAll } from './client.mjs'
import { startEndpoint } from './endpoint.mjs'
import { makeHome, runCommand, startEngine } from './engine.mjs'
import { eventsMarkdown, judgeEvents } from './events-report.mjs'
import { randomOf } from './random.mjs'
import { startSink } from './sink.mjs'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
})
const [events, kills, seed] = [values.events, values.kills, values.seed].map(Number)
if (!(events >= 2 && kills >= 0 && seed >= 1)) {
  console.error('--events N, --kills N, --seed N')
  process.exit(64)
}

/** Of a send and a delivery each. */
const messages = Math.ceil(events / 2)
const FAILS = 0.3
const SESSIONS = 10
/** After the last message was accepted. An event that had no luck six times is told again a minute later, and may have none then. */
const DRAIN_MS = 300_000 + events * 20

const folder = mkdtempSync(join(tmpdir(), 'mailctl-events-'))
const home = join(folder, 'home')
const file = join(home, 'account.db')
const random = randomOf(seed)
/** How much is taken when the engine dies: anywhere between the start and nearly the end. */
const moments = Array.from({ length: kills }, () => random.between(Math.floor(events * 0.02), Math.floor(events * 0.95))).sort(
  (a, b) => a - b,
)
const endpoint = await startEndpoint({ share: FAILS, random }, () => {
  while (moments.length > 0 && endpoint.taken() >= moments[0]) {
    moments.shift()
    engine.kill()
  }
})
makeHome(home)
runCommand(home, 'config-set', 'create', 'receipts')
runCommand(home, 'identity', 'set', 'shop.example', '--config-set', 'receipts')
runCommand(home, 'destination', 'create', 'hooks', '--config-set', 'receipts', '--url', endpoint.url, '--form', 'plain')
const sink = await startSink()

let engine
let port
let died = 0
let isOver = false
async function start() {
  engine = startEngine({ home, name: `e${died}.test`, sinkPort: sink.port })
  port = await engine.ready()
  if (port === undefined) throw new Error(`serve ended at once: ${engine.stderr()}`)
  void engine.ended.then(async ({ signal }) => {
    if (isOver) return
    port = undefined
    if (signal !== 'SIGKILL') console.error(`serve ended by itself: ${engine.stderr()}`)
    died += 1
    await start()
  })
}
const startedAt = performance.now()
await start()

let offered = 0
let accepted = 0
const body = Buffer.from('Hello\r\n')
const next = async () => {
  while (port === undefined && !isOver) await pause(20)
  if (offered >= messages) return undefined
  offered += 1
  const message = { name: `m${offered}`, from: 'orders@shop.example', recipients: [`m${offered}-ok@sink.example`] }
  return { message, content: contentOf(message, body) }
}
await sendAll({
  next,
  port: () => port,
  sessions: SESSIONS,
  keep: true,
  pipelined: true,
  onAnswer: ({ fate }) => {
    if (fate === 'accepted') accepted += 1
  },
  // One that broke off may have been accepted or not: the account says so in the end. Others are sent in its place.
  afterGone: async () => {
    offered -= 1
    await pause(50)
    return true
  },
})
const sentAfter = performance.now() - startedAt
const isDone = () => {
  const log = readEvents(file)
  return log.waiting === 0 && log.events.every(({ key }) => endpoint.seen.get(key)?.takenAt !== undefined) && died >= kills
}
for (const until = performance.now() + DRAIN_MS; performance.now() < until && !isDone(); ) await pause(1_000)
isOver = true
const stopped = await engine.stop()
endpoint.close()
sink.close()

const result = {
  seed,
  kills: died,
  accepted,
  seconds: (performance.now() - startedAt) / 1_000,
  sentAfter: sentAfter / 1_000,
  stopped,
  log: readEvents(file),
  seen: endpoint.seen,
  asked: kills,
}
const summary = judgeEvents(result)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summary, null, 2)}\n`)
if (values.markdown !== undefined) writeFileSync(values.markdown, eventsMarkdown(summary))
console.log(eventsMarkdown(summary))
if (summary.Violations.length === 0) rmSync(folder, { recursive: true, force: true })
else console.error(`left in ${folder}`)
process.exitCode = summary.Violations.length === 0 ? 0 : 1
