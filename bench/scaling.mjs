// What throughput becomes when one thing grows: the size of a message, its recipients, their domains, the cores. Each case is compared with a
// base case that takes its turn in the same round. All mail goes to one relay, so what is seen is the engine and not the receivers.
import { cpus } from 'node:os'
import { amount, median } from './figures.mjs'
import { loadKind } from './load/load.mjs'
import { mailctlOn, mailctlPeer } from './peers/mailctl.mjs'
import { accounting, findProgram } from './processes.mjs'
import { measure } from './throughput.mjs'

const KIB = 1024
const MIB = 1024 * KIB
const MEMORY_GOAL_MIB = 120
/** So much is sent at most in one run of large messages. */
const VOLUME = 200 * MIB
/** A fifth may be lost to what is kept for each domain, address or message. */
const STEADY = 0.8

/**
 * Runs base and cases in turns.
 * @param {readonly { name: string, run: () => Promise<object> }[]} cases the first is the base
 * @returns for each case its runs, and a function that gives the median ratio of a field to the base's
 */
async function inTurns(cases, rounds) {
  const runs = cases.map(() => [])
  for (let round = 0; round < rounds; round += 1) for (const [index, { run }] of cases.entries()) runs[index].push(await run())
  return cases.map(({ name }, index) => ({
    name,
    of: field => median(runs[index].map(run => run[field])),
    ratio: field => median(runs[index].map((run, round) => run[field] / runs[0][round][field])),
    highest: field => Math.max(...runs[index].map(run => run[field])),
  }))
}

const unmeasured = name => {
  const skipped = accounting()
  return skipped && { name, skipped }
}

export async function* size({ rounds, messages, quick }) {
  const skipped = unmeasured('size of a message')
  if (skipped) return yield skipped
  const kind = loadKind()
  const sizes = [KIB, 10 * KIB, 100 * KIB, MIB, 10 * MIB].map(octets => ({
    octets,
    name: octets < MIB ? `${octets / KIB} KiB` : `${octets / MIB} MiB`,
    count: Math.ceil(Math.min(messages, (quick ? VOLUME / 10 : VOLUME) / octets)),
  }))
  const run = ({ octets, count }) => measure({ peer: mailctlPeer, kind, size: octets, messages: count })
  const [base, ...cases] = await inTurns(
    sizes.map(given => ({ name: given.name, run: () => run(given) })),
    rounds,
  )
  for (const [index, { name, of, ratio, highest }] of cases.entries()) {
    const { octets } = sizes[index + 1]
    yield {
      name: `messages of ${name} ÷ of ${base.name}`,
      value: ratio('perSecond'),
      unit: '×',
      detail: `${amount(of('perSecond'), '/s')}, ${amount((of('perSecond') * octets) / 1e6, 'MB/s')}, ${amount(of('cpuMs'), 'ms CPU each')}`,
    }
    if (octets === 10 * MIB)
      yield {
        name: 'resident memory, 20 × 10 MiB at once',
        value: highest('peakRssMiB'),
        unit: 'MiB',
        goal: MEMORY_GOAL_MIB,
        better: 'less',
        detail: `${rounds} runs`,
      }
  }
}

export async function* recipients({ rounds, messages }) {
  const skipped = unmeasured('recipients of a message')
  if (skipped) return yield skipped
  const run = count => async () => {
    const sent = Math.ceil(messages / Math.sqrt(count))
    const { perSecond, cpuMs } = await measure({ peer: mailctlPeer, kind: 'own', size: KIB, messages: sent, recipients: count })
    return { perSecond: perSecond * count, cpuMs: cpuMs / count }
  }
  const [, ...cases] = await inTurns(
    [1, 2, 10, 50].map(count => ({ name: String(count), run: run(count) })),
    rounds,
  )
  for (const { name, of, ratio } of cases)
    yield {
      name: `recipients a second, ${name} a message ÷ 1 a message`,
      value: ratio('perSecond'),
      unit: '×',
      goal: 1,
      better: 'more',
      detail: `${amount(of('perSecond'), '/s')}, ${amount(of('cpuMs'), 'ms CPU each')}`,
    }
}

export async function* destinations({ rounds, messages, quick }) {
  const skipped = unmeasured('domains of recipients')
  if (skipped) return yield skipped
  const run = domains => () => measure({ peer: mailctlPeer, kind: 'own', size: KIB, messages: Math.max(messages, domains), domains })
  const [, ...cases] = await inTurns(
    (quick ? [1, 100] : [1, 100, 10_000]).map(count => ({ name: count.toLocaleString('en-US'), run: run(count) })),
    rounds,
  )
  for (const { name, of, ratio } of cases)
    yield {
      name: `messages to ${name} domains ÷ to 1`,
      value: ratio('perSecond'),
      unit: '×',
      goal: STEADY,
      better: 'more',
      detail: `${amount(of('perSecond'), '/s')}, ${amount(of('cpuMs'), 'ms CPU each')}`,
    }
}

export async function* cores({ rounds, messages }) {
  const skipped = unmeasured('cores')
  if (skipped) return yield skipped
  const most = cpus().length
  if (findProgram('taskset') === undefined) return yield { name: 'cores', skipped: 'taskset is not installed' }
  if (most < 2) return yield { name: 'cores', skipped: 'this machine has one' }
  const kind = loadKind()
  const counts = [1, 2, 4, 8, 16, 32, 64].filter(count => count <= most)
  const [, ...cases] = await inTurns(
    counts.map(count => ({ name: String(count), run: () => measure({ peer: mailctlOn(count), kind, size: KIB, messages }) })),
    rounds,
  )
  for (const { name, of, ratio } of cases)
    yield {
      name: `messages on ${name} cores ÷ on 1`,
      value: ratio('perSecond'),
      unit: '×',
      detail: `${amount(of('perSecond'), '/s')}; source and sink use what is left of ${most}`,
    }
}
