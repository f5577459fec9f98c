// What a long queue costs: throughput beside 1,000 to 1,000,000 messages that wait for a dead destination, as a ratio to an empty queue, in
// turns; and at the longest, the time until `serve` is ready, memory, and the tools that look at the queue.
import { rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { amount, median } from './figures.mjs'
import { deferOne, fillQueue, LATER } from './load/fill-queue.mjs'
import { freePort, loadKind } from './load/load.mjs'
import { mailctl, mailctlPeer, preparedPeer, prepareHome } from './peers/mailctl.mjs'
import { accounting } from './processes.mjs'
import { makeFolder, makeKey, measure } from './throughput.mjs'

const LENGTHS = [1_000, 10_000, 100_000, 1_000_000]
const QUICK_LENGTHS = [1_000, 10_000]
const STEADY = 0.8
const READY_GOAL_S = 3
const MEMORY_GOAL_MIB = 120
const TOOL_GOAL_MS = 100
const TOOL_RUNS = 5
/** Rows, indexes and what SQLite needs while it fills. */
const OCTETS_EACH = 5_000

export async function* queue({ rounds, messages, quick }) {
  const reason = accounting()
  if (reason !== undefined) return yield { name: 'length of the queue', skipped: reason }
  const folder = makeFolder()
  try {
    const [empty, home] = [join(folder, 'empty'), join(folder, 'queued')]
    const [key, sinkPort] = [makeKey(folder), await freePort()]
    for (const made of [empty, home]) prepareHome(made, { key, sinkPort })
    deferOne(home, 'user@dead.test') // nobody listens at the relay yet
    const asked = quick ? QUICK_LENGTHS : LENGTHS
    const { bavail, bsize } = statfsSync(folder)
    const lengths = asked.filter(length => length * OCTETS_EACH < bavail * bsize)
    for (const length of asked.filter(length => !lengths.includes(length)))
      yield {
        name: `${length.toLocaleString('en-US')} queued`,
        skipped: `less than ${(length * OCTETS_EACH) / 1e9} GB free below ${folder}`,
      }
    for (const length of lengths) {
      fillQueue(home, length, LATER)
      const { Deferred } = JSON.parse(mailctl(home, ['queue', 'stats', '--json']))
      if (Deferred !== length) throw new Error(`the queue holds ${Deferred} messages instead of ${length}`)
      const filled = preparedPeer(home)
      const runs = []
      for (let round = 0; round < rounds; round += 1) {
        const [base, beside] = [await run(mailctlPeer, messages), await run(filled, messages)]
        runs.push({ base, beside, ratio: beside.perSecond / base.perSecond })
      }
      const of = pick => median(runs.map(pick))
      const name = length.toLocaleString('en-US')
      yield {
        name: `messages a second, ${name} queued ÷ none`,
        value: of(({ ratio }) => ratio),
        unit: '×',
        goal: STEADY,
        better: 'more',
        detail: `${amount(
          of(({ beside }) => beside.perSecond),
          '',
        )}÷ ${amount(
          of(({ base }) => base.perSecond),
          '/s',
        )}`,
      }
      if (length !== lengths.at(-1)) continue
      yield {
        name: `start to ready, ${name} queued`,
        value: median(filled.readyMs) / 1000,
        unit: 's',
        goal: READY_GOAL_S,
        better: 'less',
        detail: `${filled.readyMs.length} starts`,
      }
      yield {
        name: `resident memory, ${name} queued`,
        value: Math.max(...runs.map(({ beside }) => beside.peakRssMiB)),
        unit: 'MiB',
        goal: MEMORY_GOAL_MIB,
        better: 'less',
        detail: `${rounds} runs`,
      }
      for (const tool of ['stats', 'list']) yield toolFigure(tool, { empty, home, name })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const run = (peer, messages) => measure({ peer, kind: loadKind(), size: 1024, messages })

function toolFigure(tool, { empty, home, name }) {
  const times = { empty: [], home: [] }
  for (let round = 0; round < TOOL_RUNS; round += 1)
    for (const [which, folder] of Object.entries({ empty, home })) {
      const began = performance.now()
      mailctl(folder, ['queue', tool, '--json'])
      times[which].push(performance.now() - began)
    }
  const [base, long] = [median(times.empty), median(times.home)]
  return {
    name: `queue ${tool}, ${name} queued − none`,
    value: long - base,
    unit: 'ms',
    goal: TOOL_GOAL_MS,
    better: 'less',
    detail: `${amount(long, '')}− ${amount(base, 'ms')}`,
  }
}
