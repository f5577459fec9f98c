// Reports about mail come back while the engine is killed: each that was answered 250 must have its event, exactly one, its address on the
// suppression list, and one message to the sender; nothing may be told that no report said. See docs/reliability.md. Needs a build.
//
//   node scripts/reliability/reports.mjs --messages 2000 [--kills 10] [--seed 1] [--markdown FILE]
//
// Exit 1 on any violation; the home is kept then.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { countDue, readReports } from './account.mjs'
import { contentOf, sendAll } from './client.mjs'
import { makeHome, startEngine } from './engine.mjs'
import { randomOf } from './random.mjs'
import { bounceOf, complaintOf } from './report-mail.mjs'
import { judgeReports, reportsMarkdown } from './reports-report.mjs'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    markdown: { type: 'string' },
  },
})
const [messages, kills, seed] = [values.messages, values.kills, values.seed].map(Number)
if (!(messages >= 2 && kills >= 0 && seed >= 1)) {
  console.error('--messages N, --kills N, --seed N')
  process.exit(64)
}

const HOST = 'mail.test'
const SESSIONS = 10
const DRAIN_MS = 60_000 + messages * 100

const folder = mkdtempSync(join(tmpdir(), 'mailctl-reports-'))
const home = join(folder, 'home')
const file = join(home, 'account.db')
const random = randomOf(seed)
const startedAt = performance.now()
makeHome(home)

let engine
let ports
let died = 0
let isOver = false
async function start() {
  engine = startEngine({ home, name: `e${died}.test`, mx: '127.0.0.1:0', env: { MAILCTL_HOSTNAME: HOST } })
  const smtp = await engine.ready()
  if (smtp === undefined) throw new Error(`serve ended at once: ${engine.stderr()}`)
  ports = { smtp, mx: engine.mxPort() }
  void engine.ended.then(async ({ signal }) => {
    if (isOver) return
    ports = undefined
    if (signal !== 'SIGKILL') console.error(`serve ended by itself: ${engine.stderr()}`)
    died += 1
    await start()
  })
}
const until = async (condition, what) => {
  for (const end = performance.now() + DRAIN_MS; performance.now() < end; ) {
    if (condition()) return
    await pause(50)
  }
  throw new Error(`${what} took longer than ${DRAIN_MS} ms`)
}
await start()

/** Those that went out: what the reports are about. */
const sent = []
let offered = 0
await sendAll({
  next: () => {
    if (offered >= messages) return undefined
    offered += 1
    const message = { name: `m${offered}`, from: 'orders@shop.example', recipients: [`m${offered}@readers.example`] }
    return { message, content: contentOf(message, Buffer.from('Hello\r\n')) }
  },
  port: () => ports.smtp,
  sessions: SESSIONS,
  keep: true,
  pipelined: true,
  onAnswer: message => {
    if (message.fate !== 'accepted') throw new Error(`${message.name} was not accepted: ${message.answer}`)
    sent.push({ id: /Ok (\S+)/.exec(message.answer)[1], address: message.recipients[0] })
  },
})
await until(() => countDue(file, Date.now()) === 0, 'the delivery')

/** How many reports were answered when the engine dies; later there may be too few left that are. */
const moments = Array.from({ length: kills }, () => random.between(1, Math.ceil(messages * 0.6))).sort((a, b) => a - b)
const reports = sent.map(({ id, address }, index) => ({
  id,
  address,
  kind: index % 2 === 0 ? 'Bounce' : 'Complaint',
  from: '',
  recipients: [`${id}@${HOST}`],
  fate: 'unsent',
}))
let answered = 0
/** What was not taken comes again, as from any mail server; what was cut after its last octet does not, so that what it led to can be told. */
async function offerAll(waiting) {
  await sendAll({
    next: async () => {
      while (ports === undefined) await pause(20)
      const message = waiting.shift()
      return message && { message, content: message.kind === 'Bounce' ? bounceOf(message, HOST) : complaintOf(message, HOST) }
    },
    port: () => ports?.mx,
    sessions: SESSIONS,
    keep: true,
    pipelined: false,
    onAnswer: () => {
      answered += 1
      if (moments.length === 0 || answered < moments[0] || ports === undefined) return
      moments.shift()
      ports = undefined
      engine.kill()
    },
    afterGone: async () => true,
  })
}
const isLeft = ({ fate, answer }) => fate === 'unsent' || (fate === 'refused' && answer.startsWith('4'))
for (let left = reports; left.length > 0; left = reports.filter(isLeft)) await offerAll([...left])
await until(() => died >= kills && ports !== undefined && countDue(file, Date.now()) === 0, 'mail to the senders')
isOver = true
const stopped = await engine.stop()

const summary = judgeReports({ seed, kills: died, asked: kills, reports, stopped, account: readReports(file), startedAt })
if (values.markdown !== undefined) writeFileSync(values.markdown, reportsMarkdown(summary))
console.log(reportsMarkdown(summary))
if (summary.Violations.length === 0) rmSync(folder, { recursive: true, force: true })
else console.error(`left in ${folder}`)
process.exitCode = summary.Violations.length === 0 ? 0 : 1
