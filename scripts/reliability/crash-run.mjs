// One seed: load, accidents, restarts, and at last a clean stop and the judgement. The harness, the sender and the receiver are one process
// that is never killed; the engines are others.
import { appendFileSync, cpSync, existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { countDue, readLeft, readRunning } from './account.mjs'
import { judge } from './check.mjs'
import { bodyOf, contentOf, sendAll } from './client.mjs'
import { STOP_WITHIN_MS, startEngine } from './engine.mjs'
import { faultSwitch } from './faults.mjs'
import { DISK_FAULTS } from './plan.mjs'
import { randomOf } from './random.mjs'
import { tearTail } from './wal.mjs'

/** Longer than any pause the engine makes before it tries again what is due. */
const SETTLED_WITHIN_MS = 20_000
/** A disk that fails does so no longer than this. */
const DISK_FAILS_MS = 2_000
const INSIDE = { 'in a write': 'die-in-write', 'before a sync': 'die-before-sync', 'after a sync': 'die-after-sync' }

/**
 * @param plan of plan.mjs
 * @param {{ template: string, folder: string, library: string | undefined, sink, watches: Map<number, unknown> }} bench
 * @returns what `judge` returns, with the times of the run
 */
export async function runPlan(plan, { template, folder, library, sink, watches }) {
  const { seed, fault, random } = plan
  const home = `${folder}/s${seed}`
  const file = `${home}/account.db`
  cpSync(template, home, { recursive: true })
  const faults = library === undefined || !needsLibrary(plan) ? undefined : faultSwitch(`${folder}/s${seed}.faults`, library)
  const run = { home, plan, messages: [], kills: [], sink, disk: undefined, lostFiles: new Set() }
  const violations = []
  const readyMs = []
  const diskFault = DISK_FAULTS[fault]
  const startedAt = performance.now()
  const counted = { accepted: 0, answered: 0, taken: 0, 'before the reply': 0 }
  let jumpedMs = 0
  let jumpAfter = fault === 'clock jump' ? random.between(1, 20) : Number.POSITIVE_INFINITY
  let moment
  const count = what => {
    counted[what] += 1
    if (moment?.by === what && counted[what] >= moment.until) moment.strike()
  }
  watches.set(seed, { replyAfterMs: plan.replyAfterMs, onDot: () => count('before the reply'), onTaken: () => count('taken') })

  let names = 0
  const start = () => {
    names += 1
    return startEngine({ home, name: `e${names}.s${seed}.test`, sinkPort: sink.port, env: faults?.env })
  }

  /**
   * Waits until an engine is gone and its last octets were read, and writes down what it left.
   * @param beside another one on this home, frozen until that is done: it would take over at once
   */
  async function buried(engine, { mayEnd = false, beside }) {
    const how = await engine.ended
    const at = Date.now()
    const { rows, open } = beside === undefined ? readLeft(file, `${folder}/s${seed}.left`) : readRunning(file)
    beside?.thaw()
    await sink.drained(engine.name)
    if (how.signal !== 'SIGKILL' && !(mayEnd && how.code === 74))
      violations.push(`ended by itself with ${how.code ?? how.signal}: ${engine.stderr().trim()}`)
    const inFlight = rows.filter(({ state, pid }) => state === 'active' && pid === engine.pid)
    const kill = { engine: engine.name, at, open, inFlight, readyAt: beside && at }
    run.kills.push(kill)
    return kill
  }

  async function settled(engine) {
    const until = Date.now() + SETTLED_WITHIN_MS
    while (countDue(file, Date.now() + jumpedMs) > 0 && engine.over() === undefined) {
      if (Date.now() > until) return void violations.push(`not settled ${SETTLED_WITHIN_MS} ms after the load`)
      await pause(10)
    }
  }

  const pending = []
  const next = () => {
    const planned = pending.shift()
    if (planned === undefined) return undefined
    const message = { ...planned, fate: 'unsent', answer: '' }
    run.messages.push(message)
    return { message, content: contentOf(message, bodyOf(message.size, randomOf(seed * 10_000 + run.messages.length))) }
  }
  const load = (engines, afterGone) => {
    let turn = 0
    return sendAll({
      next,
      sessions: plan.sessions,
      keep: plan.keep,
      pipelined: plan.pipelined,
      afterGone,
      port: () => {
        const up = engines.filter(({ engine }) => engine.over() === undefined)
        turn += 1
        return up[turn % Math.max(1, up.length)]?.port
      },
      onSilence: ({ name }) => violations.push(`no answer to ${name} while the engine ran`),
      onAnswer: ({ fate }) => {
        count('answered')
        if (fate === 'accepted') count('accepted')
        jumpAfter -= 1
        if (jumpAfter === 0) {
          jumpedMs = plan.jumpMs
          faults.jumpClock(jumpedMs)
        }
      },
    })
  }
  const setMoment = ({ by, at }, strike) => {
    moment = { by, until: at + (counted[by] ?? 0), strike }
    if (by === 'time' || by === 'start') setTimeout(strike, at)
    if (by in INSIDE) faults.arm({ kind: INSIDE[by], files: ['wal'], pass: at, fail: 1 })
  }
  const ready = async engine => {
    const port = await engine.ready()
    if (port === undefined) return undefined
    readyMs.push(Date.now() - engine.startedAt)
    for (const kill of run.kills) kill.readyAt ??= Date.now()
    return { engine, port }
  }

  for (const [index, { kill, messages }] of plan.rounds.entries()) {
    pending.push(...messages)
    const engine = start()
    const early = index > 0 && kill !== undefined
    if (early) setMoment(kill, engine.kill)
    const first = await ready(engine)
    const engines = first === undefined ? [] : [first]
    const second = fault === 'two engines' && index === 0 ? await ready(start()) : undefined
    if (second !== undefined) engines.push(second)
    const strike = () => {
      if (engine.over() !== undefined) return
      second?.engine.freeze()
      engine.kill()
    }
    if (kill !== undefined && !early) setMoment(kill, strike)
    const diskFails = diskFault !== undefined && index === 0
    // From here on, because a frozen engine answers nobody.
    const burials = kill === undefined ? [] : [buried(engine, { mayEnd: diskFails, beside: second?.engine })]
    if (second !== undefined) burials.push(buried(second.engine, {}))
    let diskHeals
    if (diskFails) {
      run.disk = { from: Date.now(), until: Number.POSITIVE_INFINITY }
      faults.arm({ kind: diskFault, ...plan.disk })
      diskHeals = setTimeout(faults.disarm, DISK_FAILS_MS)
    }
    if (engines.length > 0) await load(engines, async () => second !== undefined)
    if (diskFails) {
      clearTimeout(diskHeals)
      faults.disarm()
      run.disk.until = Date.now()
    }
    if (kill === undefined) {
      await settled(engine)
      // Back where it was: what was put off while the clock was wrong is due by the right one, at the latest when its wait is over.
      if (jumpedMs !== 0) {
        faults.jumpClock(0)
        jumpedMs = 0
        await settled(engine)
      }
      const { code, signal, ms } = await engine.stop()
      if (code !== 0 || ms > STOP_WITHIN_MS)
        violations.push(`SIGTERM: ended with ${code ?? signal} after ${ms} ms: ${engine.stderr().trim()}`)
      continue
    }
    await settled(engine)
    if (early) faults?.disarm()
    strike()
    const left = await burials[0]
    moment = undefined
    faults?.disarm()
    if (second !== undefined) {
      await settled(second.engine)
      second.engine.kill()
      await burials[1]
    }
    damage(left)
  }
  watches.delete(seed)

  /** What a crash of the machine leaves behind what was synced, or, for one fault, what a person removes. */
  function damage({ open }) {
    const spool = `${home}/spool`
    if (fault === 'torn log') tearTail(file, plan.tail, random)
    if (fault === 'torn spool') {
      for (const name of readdirSync(spool)) appendFileSync(`${spool}/${name}`, random.octets(random.between(1, 100_000)))
      writeFileSync(`${spool}/${random.between(1_000, 2_000)}-1.seg`, random.octets(random.between(0, 50_000)))
    }
    if (fault === 'spool file gone' && open.size > 0) {
      const names = readdirSync(spool).filter(name => statSync(`${spool}/${name}`).size > 0)
      if (names.length > 0) {
        const name = random.pick(names)
        if (random.happens(0.5)) rmSync(`${spool}/${name}`)
        else truncateSync(`${spool}/${name}`, 0)
        run.lostFiles.add(name)
      }
    }
  }

  const judged = judge(run)
  const diskFailures = run.disk === undefined ? 0 : faults.failed()
  const all = [...violations, ...judged.violations]
  if (all.length === 0) {
    rmSync(home, { recursive: true, force: true })
    for (const left of [`${folder}/s${seed}.left`, `${folder}/s${seed}.faults`]) if (existsSync(left)) rmSync(left, { recursive: true })
  }
  sink.forget(address => address.includes(`s${seed}-m`))
  return {
    ...judged,
    violations: all,
    readyMs,
    kills: run.kills.length,
    diskFailures,
    ms: performance.now() - startedAt,
  }
}

const needsLibrary = ({ fault, rounds }) =>
  fault === 'clock jump' || fault in DISK_FAULTS || rounds.some(({ kill }) => kill !== undefined && kill.by in INSIDE)
