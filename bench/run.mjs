// `npm run bench`: every figure of docs/performance.md, each a ratio or difference measured in this run, with its goal. Exit 1 when one is missed.
import { cpus } from 'node:os'
import { memory } from './memory.mjs'
import { startup } from './startup.mjs'

const benches = { startup, memory }
const asked = process.argv.slice(2)
const unknown = asked.find(name => !(name in benches))
if (unknown !== undefined) {
  console.error(`there is no bench '${unknown}': ${Object.keys(benches).join(', ')}`)
  process.exit(64)
}

console.log(
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
)
let missed = 0
for (const name of asked.length > 0 ? asked : Object.keys(benches))
  for (const { name: figure, value, unit, goal, better, detail } of await benches[name]()) {
    const held = better === 'less' ? value <= goal : value >= goal
    if (!held) missed += 1
    const limit = `${better === 'less' ? '≤' : '≥'} ${goal} ${unit}`
    console.log(
      `${held ? 'pass' : 'MISS'}  ${figure.padEnd(34)} ${`${value.toFixed(2)} ${unit}`.padStart(12)}   goal ${limit.padEnd(9)}  ${detail}`,
    )
  }
process.exitCode = missed > 0 ? 1 : 0
