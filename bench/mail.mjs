// The whole way of a message — SMTP in, rules, signature, durable queue, SMTP out, events — against the mail servers of others: 20 sessions, a
// new connection for each message, RSA-2048. In each round every peer takes its turn, so that a busy machine slows all alike; what is judged is
// the median of the rounds' ratios.
import { amount, median } from './figures.mjs'
import { loadKind } from './load/load.mjs'
import { harakaPeer } from './peers/haraka.mjs'
import { mailctlPeer } from './peers/mailctl.mjs'
import { postfixPeer } from './peers/postfix.mjs'
import { accounting } from './processes.mjs'
import { measure, wirePeer } from './throughput.mjs'

const KIB = 1024
/** Octets of the body, and how many times a peer's throughput mailctl's must be. */
const SIZES = [
  { name: '1 KiB', size: KIB, goal: 3, share: 1 },
  { name: '10 KiB', size: 10 * KIB, goal: 2.5, share: 1 },
  { name: '100 KiB', size: 100 * KIB, goal: 2, share: 0.5 },
]
const CPU_GOAL = 1 / 3
const MEMORY_GOAL_MIB = 120

export async function* mail({ rounds, messages, haraka }) {
  const reason = accounting()
  if (reason !== undefined) return yield { name: 'mailctl against other servers', skipped: reason }
  const others = []
  for (const peer of [postfixPeer, harakaPeer(haraka)]) {
    const missing = peer.missing()
    if (missing === undefined) others.push(peer)
    else yield { name: `against ${peer.name}`, skipped: missing }
  }
  const kind = loadKind()
  const memory = []
  for (const { name, size, goal, share } of SIZES) {
    const runs = new Map([wirePeer, mailctlPeer, ...others].map(peer => [peer, []]))
    for (let round = 0; round < rounds; round += 1)
      for (const [peer, done] of runs) done.push(await measure({ peer, kind, size, messages: Math.ceil(messages * share) }))
    const own = runs.get(mailctlPeer)
    memory.push(...own.map(({ peakRssMiB }) => peakRssMiB))
    const of = (peer, field) => median(runs.get(peer).map(run => run[field]))
    const ratio = (peer, field) => median(own.map((run, round) => run[field] / runs.get(peer)[round][field]))
    yield {
      name: `${name}: mailctl`,
      value: of(mailctlPeer, 'perSecond'),
      unit: '/s',
      detail: `${amount(of(mailctlPeer, 'cpuMs'), 'ms CPU each')}; source and sink alone do ${amount(of(wirePeer, 'perSecond'), '/s')}; ${otherWork(own)}`,
    }
    for (const peer of others) {
      const both = (field, unit) => `${amount(of(mailctlPeer, field), '')}÷ ${amount(of(peer, field), unit)}`
      yield {
        name: `${name}: messages a second ÷ ${peer.name}`,
        value: ratio(peer, 'perSecond'),
        unit: '×',
        goal,
        better: 'more',
        detail: both('perSecond', '/s'),
      }
      yield {
        name: `${name}: CPU each ÷ ${peer.name}`,
        value: ratio(peer, 'cpuMs'),
        unit: '×',
        goal: CPU_GOAL,
        better: 'less',
        detail: `${both('cpuMs', 'ms')}; memory ${both('pssMiB', 'MiB PSS')}`,
      }
    }
  }
  yield {
    name: 'resident memory of mailctl at its highest',
    value: Math.max(...memory),
    unit: 'MiB',
    goal: MEMORY_GOAL_MIB,
    better: 'less',
    detail: `${memory.length} runs`,
  }
}

/** Tells a reader when the machine was not quiet. */
const otherWork = runs => `${amount(100 * median(runs.map(({ otherShare }) => otherShare)), '%')} of the CPU went to others`
