// What a running engine holds at one moment, as the system tells it: proc(5).
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { countDue } from './account.mjs'

const TICKS_PER_SECOND = 100
const sizeOf = file => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** What any process holds. */
export function processSample(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return { rssBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1_024, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

export function takeSample({ engine: { pid }, home, traffic, startedAt }) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  const spool = `${home}/spool`
  return {
    seconds: (Date.now() - startedAt) / 1_000,
    ...processSample(pid),
    cpuSeconds: (user + system) / TICKS_PER_SECOND,
    walBytes: sizeOf(`${home}/account.db-wal`),
    databaseBytes: sizeOf(`${home}/account.db`),
    spoolBytes: readdirSync(spool).reduce((sum, name) => sum + sizeOf(`${spool}/${name}`), 0),
    queue: countDue(`${home}/account.db`, Number.MAX_SAFE_INTEGER),
    accepted: traffic.accepted,
    delivered: traffic.delivered,
  }
}
