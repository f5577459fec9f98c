// Kills the engine at seeded moments under load, damages what a crash may damage, starts it again, and checks that nothing that was answered
// for is lost: see docs/reliability.md. Needs a build.
//
//   node scripts/reliability/crash.mjs --seeds 1-1000 [--jobs 2] [--json FILE] [--markdown FILE]
//
// Exit 1 on any violation; each is printed with its seed, whose home is kept.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runPlan } from './crash-run.mjs'
import { makeHome } from './engine.mjs'
import { buildFaults } from './faults.mjs'
import { planOf } from './plan.mjs'
import { asMarkdown, summarize } from './report.mjs'
import { startSink } from './sink.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-50' },
    jobs: { type: 'string', default: '2' },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
})
const [first, last = first] = values.seeds.split('-').map(Number)
if (!(first >= 1 && last >= first && Number(values.jobs) >= 1)) {
  console.error('--seeds FIRST-LAST, --jobs N')
  process.exit(64)
}

const startedAt = Date.now()
const folder = mkdtempSync(join(tmpdir(), 'mailctl-crash-'))
const faults = buildFaults(folder)
const library = 'library' in faults ? faults.library : undefined
const watches = new Map()
const sink = await startSink(address => watches.get(Number(/s(\d+)-m/.exec(address)?.[1])))
const template = join(folder, 'home')
makeHome(template)

const results = []
const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i)
const worker = async () => {
  for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
    const plan = planOf(seed, { library: library !== undefined })
    const result = plan.skipped
      ? { skipped: faults.missing, violations: [] }
      : await runPlan(plan, { template, folder, library, sink, watches }).catch(error => ({
          violations: [`the run broke: ${error.stack}`],
        }))
    results.push({ seed, fault: plan.fault, ...result })
    for (const violation of result.violations) console.error(`seed ${seed} (${plan.fault}): ${violation}`)
    if (result.violations.length > 0)
      console.error(`  repeat: node scripts/reliability/crash.mjs --seeds ${seed}   left in ${folder}/s${seed}`)
    if (results.length % 50 === 0)
      console.error(
        `${results.length} of ${last - first + 1} runs, ${((Date.now() - startedAt) / results.length / 1_000).toFixed(2)} s each`,
      )
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
sink.close()

const summary = summarize(results, { seeds: values.seeds, seconds: (Date.now() - startedAt) / 1_000 })
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summary, null, 2)}\n`)
if (values.markdown !== undefined) writeFileSync(values.markdown, asMarkdown(summary))
console.log(asMarkdown(summary))
if (summary.Violations.length === 0) rmSync(folder, { recursive: true, force: true })
process.exitCode = summary.Violations.length === 0 ? 0 : 1
