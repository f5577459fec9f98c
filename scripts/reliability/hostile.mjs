// Random and spoilt sessions against each door of a running engine, then attacks that are always the same: no crash, no hang, no growth of
// memory, and nothing accepted from whoever may not send. See docs/reliability.md. Needs a build, and Linux for /proc and 127.0.0.0/8.
//
//   node scripts/reliability/hostile.mjs --seeds 1-10000 [--door smtp|http|inbound] [--idle 10000] [--plant open|leak] [--json FILE] [--markdown FILE]
//
// Without --door all three are attacked, one after the other. --idle 0 leaves out the attacks that are always the same. --plant breaks the door on
// purpose, so that the judge is seen to find it. Exit 1 on any violation; the home is kept then.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hostileMarkdown, judgeHostile } from './hostile-report.mjs'
import { PLANTS, runHostile } from './hostile-run.mjs'

const DOORS = ['smtp', 'http', 'inbound']
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-10000' },
    door: { type: 'string' },
    idle: { type: 'string', default: '10000' },
    plant: { type: 'string' },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
})
const [, from, to] = (/^(\d+)-(\d+)$/.exec(values.seeds) ?? []).map(Number)
const [idle, doors] = [Number(values.idle), values.door === undefined ? DOORS : [values.door]]
if (
  !(from >= 1 && to >= from) ||
  !(idle >= 0) ||
  !doors.every(door => DOORS.includes(door)) ||
  !(values.plant === undefined || values.plant in PLANTS)
) {
  console.error('--seeds A-B, --door smtp|http|inbound, --idle CONNECTIONS, --plant open|leak')
  process.exit(64)
}

const judged = []
for (const door of doors) {
  const run = await runHostile({ door, from, to, idle, ...(values.plant && { plant: values.plant }) })
  judged.push(judgeHostile(run))
  if (judged.at(-1).Violations.length === 0) run.remove()
  else console.error(`left in ${run.folder}`)
}
const markdown = `${hostileMarkdown(judged)}\n`
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(judged, null, 2)}\n`)
if (values.markdown !== undefined) writeFileSync(values.markdown, markdown)
console.log(markdown)
// At an end of its own Node waits for ever for some connections that were reset under TLS, though the system has closed them.
process.exit(judged.every(({ Violations }) => Violations.length === 0) ? 0 : 1)
