// One door under attack: a fresh home, `serve` over it, sessions from seeds several at a time, and what the system says of the process
// between them. Judges nothing; see hostile-report.mjs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { countDue, readCallers, readReports } from './account.mjs'
import { contentOf, sendAll } from './client.mjs'
import { makeHome, runCommand, startEngine } from './engine.mjs'
import { attackDoor } from './hostile-attacks.mjs'
import { playHttpSession } from './hostile-http.mjs'
import { playInboundSession } from './hostile-inbound.mjs'
import { MOST_KEPT } from './hostile-report.mjs'
import { playSmtpSession } from './hostile-smtp.mjs'
import { processSample } from './sample.mjs'

const PLAY = { smtp: playSmtpSession, http: playHttpSession, inbound: playInboundSession }
const AT_ONCE = 12
/** Between two samples a tenth of the sessions, at most so many; `/readyz` is asked then. */
const MOST_OF_A_BATCH = 100
const HOST = 'mail.test'
/** Messages whose return paths the hostile sessions know, and messages that nobody speaks of. */
const KNOWN = 40
const DRAIN_MS = 120_000
const SETTLE_MS = 15_000

/** What breaks the door on purpose, so that the judge is seen to find it. */
export const PLANTS = {
  /** Lets everybody in. */
  open: { trust: '127.0.0.0/8', auth: 'none' },
  /** Keeps something of every connection. */
  leak: {
    env: {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
        "import net from 'node:net';const kept=[];const emit=net.Server.prototype.emit;net.Server.prototype.emit=function(e,...r){if(e==='connection')kept.push(Buffer.alloc(1048576,1));return emit.call(this,e,...r)}",
      )}`,
    },
  },
}

/** Of ten sessions one is sound, three come from whoever may send, six from anybody. */
const kindOf = seed => (seed % 10 === 0 ? 'valid' : seed % 10 <= 3 ? 'known' : 'stranger')

/** Strangers come from many addresses, so that one who fails to log in does not keep others from it. */
const addressOf = (seed, kind) => (kind === 'stranger' ? `127.1.${(seed >> 6) % 200}.${1 + (seed % 64)}` : `127.2.0.${1 + (seed % 64)}`)

/**
 * @param {{ door: 'smtp' | 'http' | 'inbound', from: number, to: number, idle: number, plant?: keyof typeof PLANTS }} ask `from`, `to`: the seeds; `idle`:
 *   connections that say nothing, 0 for no attacks but the sessions
 */
export async function runHostile({ door, from, to, idle, plant }) {
  const folder = mkdtempSync(join(tmpdir(), `mailctl-hostile-${door}-`))
  const home = join(folder, 'home')
  const file = join(home, 'account.db')
  const startedAt = performance.now()
  makeHome(home)
  const { UserName, Password } = JSON.parse(runCommand(home, 'smtp', 'credentials', 'create', '--json'))
  const other = JSON.parse(runCommand(home, 'smtp', 'credentials', 'create', '--json'))
  const [valid, known] = [0, 1].map(() => JSON.parse(runCommand(home, 'keys', 'create', '--json')))
  const engine = startEngine({
    home,
    name: HOST,
    mx: '127.0.0.1:0',
    http: '127.0.0.1:0',
    // Mail that reports speak of has to be handed in first; no other session comes from there.
    trust: door === 'inbound' ? '127.0.0.1/32' : '',
    ...(plant && PLANTS[plant]),
  })
  const smtp = await engine.ready()
  if (smtp === undefined) throw new Error(`serve ended at once: ${engine.stderr()}`)
  const world = {
    host: HOST,
    ports: { smtp, http: engine.httpPort(), mx: engine.mxPort() },
    logins: { valid: { user: UserName, password: Password }, known: { user: other.UserName, password: other.Password } },
    keys: {
      valid: { id: valid.AccessKeyId, secret: valid.SecretAccessKey },
      known: { id: known.AccessKeyId, secret: known.SecretAccessKey },
    },
    mail: { valid: new Map(), known: [], untouched: [] },
  }
  const seeds = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  if (door === 'inbound') await handIn(world, seeds, file)

  const outcomes = []
  const samples = [await sample()]
  let next = 0
  const worker = async until => {
    while (next < until && !engine.over()) {
      const seed = seeds[next++]
      const kind = kindOf(seed)
      const began = performance.now()
      const outcome = await PLAY[door]({ seed, kind, localAddress: addressOf(seed, kind) }, world).catch(error => ({
        accepted: [],
        failed: error.message,
      }))
      outcomes.push({ seed, kind, ms: performance.now() - began, ...outcome })
    }
  }
  while (next < seeds.length && !engine.over()) {
    const until = Math.min(seeds.length, next + Math.min(MOST_OF_A_BATCH, Math.ceil(seeds.length / 10)))
    await Promise.all(Array.from({ length: AT_ONCE }, () => worker(until)))
    samples.push(await sample())
  }
  const attacks = idle > 0 && !engine.over() ? await attackDoor(door, { world, idle, sample }) : []
  await drained(file, engine)
  const settled = await settle()
  const ended = await engine.stop()
  return {
    door,
    from,
    to,
    seconds: (performance.now() - startedAt) / 1_000,
    outcomes,
    samples,
    settled,
    attacks,
    ended,
    stderr: engine.stderr(),
    callers: readCallers(file),
    reports: readReports(file),
    identities: door === 'http' ? { valid: valid.AccessKeyId, known: known.AccessKeyId } : { valid: UserName, known: other.UserName },
    mail: world.mail,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    folder,
  }

  async function sample() {
    if (engine.over()) return { ready: 'gone', readyMs: 0, rssBytes: 0, descriptors: 0 }
    const askedAt = performance.now()
    const ready = await fetch(`http://127.0.0.1:${world.ports.http}/readyz`, {
      signal: AbortSignal.timeout(20_000),
      headers: { connection: 'close' },
    })
      .then(answer => answer.text())
      .catch(error => String(error.cause ?? error))
    return { ready: ready.trim(), readyMs: performance.now() - askedAt, ...processSample(engine.pid) }
  }

  /** Waits until its descriptors are back where they were, but for kept connections. */
  async function settle() {
    let last = await sample()
    for (
      const until = performance.now() + SETTLE_MS;
      performance.now() < until && last.descriptors > samples[0].descriptors + MOST_KEPT;
    ) {
      await pause(500)
      last = await sample()
    }
    return last
  }
}

/** Messages for reports to speak of, delivered. */
async function handIn({ ports, mail }, seeds, file) {
  const valid = seeds.filter(seed => kindOf(seed) === 'valid')
  const total = valid.length + 2 * KNOWN
  let offered = 0
  await sendAll({
    next: () => {
      if (offered === total) return undefined
      const message = { name: `m${offered}`, number: offered, from: 'orders@shop.example', recipients: [`m${offered}@readers.example`] }
      offered += 1
      return { message, content: contentOf(message, Buffer.from('Hello\r\n')) }
    },
    port: () => ports.smtp,
    sessions: 8,
    keep: true,
    pipelined: true,
    onAnswer: ({ number, fate, answer, recipients: [address] }) => {
      if (fate !== 'accepted') throw new Error(`a message for reports was not accepted: ${answer}`)
      const about = { id: /Ok (\S+)/.exec(answer)[1], address }
      if (number < valid.length) mail.valid.set(valid[number], about)
      else (number < valid.length + KNOWN ? mail.known : mail.untouched).push(about)
    },
  })
  await drained(file)
}

async function drained(file, engine) {
  for (const until = performance.now() + DRAIN_MS; performance.now() < until && !engine?.over() && countDue(file, Date.now()) > 0; )
    await pause(100)
}
