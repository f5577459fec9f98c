// Judges a run: what the sender was told, what the receiver took and what the account says must be one story. Each finding is one line.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { readAll, readRunning } from './account.mjs'

/** Contract: what was in flight is attempted again so soon after the next start. */
const AGAIN_WITHIN_MS = 5_000
/** How long delivery is tried. */
const DELIVERY_PERIOD_MS = 14 * 3_600_000
/** From the receiver's answer to the durable settlement, on a machine that has other work too. */
const SETTLED_WITHIN_MS = 1_500

/**
 * @typedef {{ engine: string, at: number, open: Map<string, number>, inFlight: string[], readyAt: number | undefined, again: number[] }} Kill
 *   `open`: what was not settled durably when it died; `readyAt`: when another engine stood ready to take over
 *
 * @param run what happened: see crash-run.mjs
 * @returns {{ violations: string[], counts: Record<string, number>, againMs: number[] }}
 */
export function judge({ home, plan, messages, kills, sink, disk, lostFiles }) {
  const violations = []
  const bad = (what, names) =>
    names.length > 0 &&
    violations.push(`${what}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`)
  const file = `${home}/account.db`
  const { rows } = readRunning(file)
  const all = readAll(file)
  const rowsOf = groupBy(rows, ({ address }) => address)
  const addressesOf = fate => messages.filter(message => message.fate === fate).flatMap(({ recipients }) => recipients)

  bad('account.db fails its integrity check', all.integrity[0] === 'ok' ? [] : all.integrity)
  bad(
    'account.db breaks a foreign key',
    all.foreignKeys.map(row => JSON.stringify(row)),
  )

  // The promise: what was answered with 250 is there, and is sent, bounced or waiting.
  bad(
    'accepted and vanished',
    addressesOf('accepted').filter(address => rowsOf.get(address)?.length !== 1),
  )
  bad(
    'left active by a clean stop',
    rows.filter(({ state }) => state === 'active').map(({ address }) => address),
  )
  bad(
    'never offered whole, yet there',
    addressesOf('unsent').filter(address => rowsOf.has(address)),
  )
  // A commit whose sync failed was refused; a crash before it is written over can still bring it back.
  const refusedYetThere = addressesOf('refused').filter(address => rowsOf.has(address))
  if (plan.fault !== 'failed sync') bad('refused, yet there', refusedYetThere)

  bad(
    'refused for good, with nothing wrong with it',
    messages.filter(({ answer }) => /^5/.test(answer)).map(({ name, answer }) => `${name} ${answer}`),
  )

  const copiesOf = address => sink.of(address).copies
  bad(
    'called delivered, and the receiver has it not',
    excess(
      rowsOf,
      ({ state }) => state === 'delivered',
      address => copiesOf(address).length,
    ),
  )
  bad(
    'called bounced, and the receiver never refused it',
    rows.filter(({ state, address }) => state === 'bounced' && !mayBounce(address, plan)).map(({ address }) => address),
  )
  bad(
    'neither final nor waiting for a time',
    rows
      .filter(({ state, nextAttemptAt }) => !['delivered', 'bounced'].includes(state) && nextAttemptAt === null)
      .map(({ address }) => address),
  )
  const mine = [...sink.addresses()].filter(address => address.includes(`s${plan.seed}-m`))
  bad(
    'delivered, and the account knows nothing of it',
    mine.filter(address => copiesOf(address).length > 0 && !rowsOf.has(address)),
  )
  bad(
    'arrived with another body',
    mine.filter(address => copiesOf(address).some(({ intact }) => intact === false)),
  )

  // A second copy is allowed only where the answer to the first was lost: its engine died, or its disk failed, before the settlement was durable.
  let duplicates = 0
  let lostReplies = 0
  const tooMany = []
  for (const address of mine) {
    const copies = copiesOf(address)
    const byEngine = groupBy(copies, ({ engine }) => engine)
    const lost = kills.reduce((sum, { engine, open }) => sum + Math.min(open.get(address) ?? 0, byEngine.get(engine)?.length ?? 0), 0)
    const unwritten = disk === undefined ? 0 : copies.filter(({ at }) => at >= disk.from - 1_000 && at <= disk.until + 1_000).length
    const there = rowsOf.get(address)?.length ?? 0
    lostReplies += lost
    duplicates += Math.max(0, copies.length - there)
    if (copies.length > there + lost + unwritten) tooMany.push(`${address} ${copies.length} times, ${lost} replies lost`)
  }
  bad('delivered twice without a lost reply', tooMany)

  if (disk === undefined) bad('taken long before the kill, and not settled', unsettled(kills, rows, copiesOf))

  judgeEvents(bad, rows, all, plan)
  judgeCounters(bad, rows, all, plan)
  judgeSpool(bad, home, all, lostFiles)
  const againMs = judgeAgain(bad, kills, sink, lostFiles)

  const count = state => rows.filter(row => row.kind === 'mail' && row.state === state).length
  return {
    violations,
    againMs,
    counts: {
      accepted: messages.filter(({ fate }) => fate === 'accepted').length,
      cut: messages.filter(({ fate }) => fate === 'cut').length,
      refused: messages.filter(({ fate }) => fate === 'refused').length,
      recipients: rows.filter(({ kind }) => kind === 'mail').length,
      delivered: count('delivered'),
      bounced: count('bounced'),
      waiting: count('queued') + count('deferred'),
      duplicates,
      lostReplies,
      refusedYetThere: refusedYetThere.length,
    },
  }
}

/** With the clock thrown forward beyond its time a message ends by expiry; a clock thrown back comes forward again. */
const mayBounce = (address, { fault, jumpMs }) =>
  address.includes('-no@') || (fault === 'clock jump' && Math.abs(jumpMs) > DELIVERY_PERIOD_MS)

/** What the receiver had answered well before an engine died is settled by then; only what is younger may have been lost. */
const unsettled = (kills, rows, copiesOf) =>
  kills.flatMap(({ engine, at, open }) =>
    rows
      .filter(
        ({ kind, address }) =>
          kind === 'mail' &&
          open.has(address) &&
          copiesOf(address).some(copy => copy.engine === engine && copy.at < at - SETTLED_WITHIN_MS),
      )
      .map(({ address }) => address),
  )

function excess(rowsOf, counts, most) {
  return [...rowsOf].filter(([address, rows]) => rows.filter(counts).length > most(address)).map(([address]) => address)
}

function groupBy(list, keyOf) {
  const groups = new Map()
  for (const one of list) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}

/** One Send for each message, one Delivery or Bounce for each recipient that has come to that end, a report for each Bounce, nothing else. */
function judgeEvents(bad, rows, { messages, events }, { fault }) {
  const told = groupBy(
    events.flatMap(({ type, message, recipients }) => recipients.map(address => ({ key: `${type} ${message} ${address}` }))),
    ({ key }) => key,
  )
  const expected = new Set()
  const ENDS = { delivered: 'Delivery', bounced: 'Bounce' }
  for (const { kind, seq, address, state } of rows) {
    if (kind !== 'mail') continue
    expected.add(`Send ${seq} ${address}`)
    if (state in ENDS) expected.add(`${ENDS[state]} ${seq} ${address}`)
  }
  bad(
    'an event is missing',
    [...expected].filter(key => !told.has(key)),
  )
  bad(
    'an event too many',
    [...told].filter(([key, all]) => !key.startsWith('DeliveryDelay') && (all.length > 1 || !expected.has(key))).map(([key]) => key),
  )
  const sends = new Set(events.filter(({ type }) => type === 'Send').map(({ message }) => message))
  bad(
    'a message without a Send',
    messages.filter(({ kind, seq }) => kind === 'mail' && !sends.has(seq)).map(({ id }) => id),
  )
  const bounces = events.filter(({ type }) => type === 'Bounce').length
  const reports = messages.filter(({ kind }) => kind === 'report').length
  // Recipients refused and expired in one settlement are two bounces and one report.
  const fits = fault === 'clock jump' ? reports <= bounces && reports > 0 === bounces > 0 : bounces === reports
  bad('reports and bounces differ', fits ? [] : [`${bounces} bounces, ${reports} reports`])
}

function judgeCounters(bad, rows, { sent, sentBySecond }, plan) {
  const counted = rows.filter(({ kind }) => kind === 'mail').length
  bad('the counter differs from its seconds', sent === sentBySecond ? [] : [`${sent} and ${sentBySecond}`])
  // A clock thrown forward by a day or more takes what was sent out of the window; thrown back and put right again, what was sent meanwhile.
  const leftWindow = plan.fault === 'clock jump' && Math.abs(plan.jumpMs) >= 86_400_000
  const right = leftWindow ? sent <= counted : sent === counted
  bad('the counter differs from what was accepted', right ? [] : [`${sent} counted, ${counted} accepted`])
}

/** What waits has its content; what does not has none; and no file is left that nothing refers to. */
function judgeSpool(bad, home, { messages, contents, owners }, lostFiles) {
  const files = readdirSync(`${home}/spool`)
  const referred = new Set(contents.map(({ segment }) => segment))
  bad(
    'files that nothing refers to',
    files.filter(name => !referred.has(name)),
  )
  const torn = contents.filter(({ segment, offset, length, kept_check: kept }) => {
    if (lostFiles.has(segment)) return false
    if (!existsSync(`${home}/spool/${segment}`)) return true
    const body = readFileSync(`${home}/spool/${segment}`).subarray(offset, offset + length)
    return kept.length !== 4 || crc32(body) !== kept.readUInt32BE()
  })
  bad(
    'bodies lost from the spool',
    torn.map(({ message, segment }) => `${message} in ${segment}`),
  )
  const waiting = new Set(messages.filter(({ open }) => open).map(({ seq }) => seq))
  bad(
    'content of a message that waits is gone',
    messages.filter(({ seq, kept }) => waiting.has(seq) && !kept).map(({ id }) => id),
  )
  bad(
    'content of a message that is over is kept',
    messages.filter(({ seq, kept }) => !waiting.has(seq) && kept).map(({ id }) => id),
  )
  bad('owners left by a clean stop', owners === 0 ? [] : [String(owners)])
}

/** @returns for everything that was in flight at a kill, how long after the next engine was ready it was attempted again, in milliseconds */
function judgeAgain(bad, kills, sink, lostFiles) {
  const againMs = []
  const late = []
  kills.forEach(({ at, inFlight, readyAt }, i) => {
    if (readyAt === undefined) return
    const nextKillAt = kills[i + 1]?.at ?? Number.POSITIVE_INFINITY
    for (const { address, segment } of inFlight) {
      if (lostFiles.has(segment)) continue
      const attempt = sink.of(address).attempts.find(one => one.at > at)
      const ms = attempt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, attempt.at - readyAt)
      if (Number.isFinite(ms)) againMs.push(ms)
      // One that was killed in its turn owes nothing for the time it did not have.
      if (ms > AGAIN_WITHIN_MS && nextKillAt - readyAt > AGAIN_WITHIN_MS) late.push(`${address} ${ms} ms`)
    }
  })
  bad('in flight at the kill, and not attempted again within 5 s', late)
  return againMs
}
