// How much of the machine's signing power ends up as mail: one RSA-2048 signature a message is what no sender can avoid, so raw signatures a
// second are the wall. Both are measured in turns.
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { amount, median } from './figures.mjs'
import { loadKind } from './load/load.mjs'
import { mailctlPeer } from './peers/mailctl.mjs'
import { accounting } from './processes.mjs'
import { measure } from './throughput.mjs'

/** Three times Postfix + OpenDKIM was a third of the raw signatures where that was first measured. */
const GOAL = 1 / 3
const RAW = fileURLToPath(new URL('load/raw-rsa.mjs', import.meta.url))

function rawSignatures(seconds) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(Math.max(2, cpus().length)) }
  const { status, stdout, stderr } = spawnSync(process.execPath, [RAW, String(seconds)], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`raw signatures ended with ${status}: ${stderr}`)
  return Number(stdout)
}

export async function* rsa({ rounds, messages, quick }) {
  const reason = accounting()
  if (reason !== undefined) return yield { name: 'messages a second ÷ raw signatures a second', skipped: reason }
  const runs = []
  for (let round = 0; round < rounds; round += 1) {
    const raw = rawSignatures(quick ? 0.2 : 2)
    const { perSecond } = await measure({ peer: mailctlPeer, kind: loadKind(), messages, size: 1024 })
    runs.push({ raw, perSecond, share: perSecond / raw })
  }
  const of = field => median(runs.map(run => run[field]))
  yield {
    name: 'messages a second ÷ raw RSA-2048 signatures a second',
    value: of('share'),
    unit: '×',
    goal: GOAL,
    better: 'more',
    detail: `${amount(of('perSecond'), '')}÷ ${amount(of('raw'), '/s')}`,
  }
}
