// A dead destination must not hold up a live one: how long delivery to a live host takes while 100,000 messages for a host that refuses connections
// are due at once, less what it takes with nothing else queued. In the lab, where `down.test` refuses and `sink.test` accepts: the way
// of a message is whole, from name to TLS. Times are those the account itself tells, from acceptance to delivery.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { amount, median } from './figures.mjs'
import { AT_ONCE, deferOne, fillQueue, openDatabase } from './load/fill-queue.mjs'
import { startSource } from './load/load.mjs'
import { mailctl, prepareHome, serve } from './peers/mailctl.mjs'
import { accounting, processGroup } from './processes.mjs'
import { makeFolder, makeKey } from './throughput.mjs'

const DUE = 100_000
const QUICK_DUE = 2_000
const MESSAGES = 50
const GOAL_MS = 100
const WITHIN_MS = 60_000

/** Fills one queue, sends to both, alternately. */
export async function* deadHost({ rounds, quick }) {
  const due = quick ? QUICK_DUE : DUE
  const name = `delivery to a live host, ${due.toLocaleString('en-US')} due for a dead one − none`
  const reason = accounting()
  if (reason !== undefined) return yield { name, skipped: reason }
  const folder = makeFolder()
  try {
    const key = makeKey(folder)
    const homes = { alone: join(folder, 'alone'), beside: join(folder, 'beside') }
    for (const home of Object.values(homes)) prepareHome(home, { key })
    deferOne(homes.beside, 'user@down.test')
    fillQueue(homes.beside, due, AT_ONCE)
    for (let round = 1; round <= rounds; round += 1) for (const home of Object.values(homes)) await sendSome(home, round * MESSAGES)
    const [alone, beside] = Object.values(homes).map(processingTimes)
    yield {
      name,
      value: median(beside) - median(alone),
      unit: 'ms',
      goal: GOAL_MS,
      better: 'less',
      detail: `${amount(median(beside), '')}− ${amount(median(alone), 'ms')}; slowest of ${beside.length}: ${Math.max(...beside)} and ${Math.max(...alone)} ms`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Sends one message after the other, and waits until the home has delivered `total` since it was made. */
async function sendSome(home, total) {
  const group = processGroup()
  const { port, stop } = await serve({ home, group })
  const database = openDatabase(join(home, 'account.db'))
  try {
    const job = { kind: 'own', group, port, messages: MESSAGES, size: 1024, sessions: 1, recipients: 1, domains: 1 }
    await (await startSource(job)).done
    const delivered = database.prepare(`SELECT count(*) AS n FROM event WHERE type = 'Delivery'`)
    const until = Date.now() + WITHIN_MS
    while (Number(delivered.get().n) < total) {
      if (Date.now() > until) throw new Error(`mailctl: ${total - Number(delivered.get().n)} messages to a live host are not delivered`)
      await new Promise(done => setTimeout(done, 50))
    }
  } finally {
    database.close()
    await stop()
    await group.close()
  }
}

const processingTimes = home =>
  JSON.parse(mailctl(home, ['events', 'list', '--type', 'Delivery', '--limit', '10000', '--json'])).Events.map(
    ({ delivery }) => delivery.processingTimeMillis,
  )
