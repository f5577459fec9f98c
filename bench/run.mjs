// `npm run bench [name…]`: every figure of docs/performance.md, each a ratio or difference measured in this run, with its goal.
// Exit 1 when a goal is missed, 64 for a name or option that is not known.
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { asJson, asMarkdown, asText, held } from './figures.mjs'

/** In the order in which they run, each in a module that is loaded when it does: a function of the options that gives figures one by one. */
const BENCHES = {
  startup: async () => (await import('./startup.mjs')).startup,
  memory: async () => (await import('./memory.mjs')).memory,
  oneshot: async () => (await import('./oneshot.mjs')).oneshot,
  rsa: async () => (await import('./rsa.mjs')).rsa,
  mail: async () => (await import('./mail.mjs')).mail,
  size: async () => (await import('./scaling.mjs')).size,
  recipients: async () => (await import('./scaling.mjs')).recipients,
  destinations: async () => (await import('./scaling.mjs')).destinations,
  cores: async () => (await import('./scaling.mjs')).cores,
  'dead-host': async () => (await import('./dead-host.mjs')).deadHost,
  queue: async () => (await import('./queue.mjs')).queue,
  api: async () => (await import('./api.mjs')).api,
  admission: async () => (await import('./admission.mjs')).admission,
  'store-queue': async () => (await import('./store-queue.mjs')).storeQueue,
  story: async () => (await import('./story.mjs')).story,
  'feedback-loop': async () => (await import('./feedback-loop.mjs')).feedbackLoop,
}
const GROUPS = { scaling: ['size', 'recipients', 'destinations', 'cores', 'dead-host', 'queue'] }

const HELP = `npm run bench -- [NAME…] [OPTION…]

  ${Object.keys(BENCHES).join(' ')}
  scaling: ${GROUPS.scaling.join(' ')}

  --rounds N        how often each comparison is repeated; medians count (3)
  --messages N      messages of 1 KiB in a run (2000)
  --haraka FOLDER   compare with Haraka as well: where it is, or where npm is to install it
  --ses-local FOLDER  beside aws-ses-v2-local as well, likewise
  --quick           few messages, one round, short queues: shows that everything runs; goals are shown, not judged
  --json            one JSON value on stdout
  --markdown        tables for docs/performance.md on stdout
`

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        messages: { type: 'string' },
        haraka: { type: 'string' },
        'ses-local': { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const names = positionals.flatMap(name => GROUPS[name] ?? [name])
    const unknown = names.find(name => !(name in BENCHES))
    if (unknown !== undefined) throw new Error(`there is no bench '${unknown}': ${[...Object.keys(BENCHES), 'scaling'].join(', ')}`)
    return {
      ...values,
      names: names.length > 0 ? [...new Set(names)] : Object.keys(BENCHES),
      rounds: count('rounds', values.rounds ?? (values.quick ? '1' : '3')),
      messages: count('messages', values.messages ?? (values.quick ? '200' : '2000')),
    }
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(64)
  }
}

function count(name, text) {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} is a number of 1 or more, not '${text}'`)
  return Number(text)
}

async function main({ names, json, markdown, help, ...asked }) {
  if (help) return process.stdout.write(HELP)
  const show = json || markdown ? () => {} : line => console.log(line)
  const machine = {
    Node: process.versions.node,
    Platform: `${process.platform} ${process.arch}`,
    Cpus: cpus().length,
    CpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    LoadAverage: Number(loadavg()[0]?.toFixed(2)),
  }
  const header = `Node ${machine.Node}, ${machine.Platform}, ${machine.Cpus} × ${machine.CpuModel}, load average ${machine.LoadAverage}`
  show(header)
  const results = []
  for (const bench of names) {
    show(bench)
    const figures = []
    for await (const figure of untilItFails(bench, asked)) {
      figures.push(figure)
      show(asText(figure))
    }
    results.push({ bench, figures })
  }
  const missed = results.flatMap(({ figures }) => figures).filter(figure => held(figure) === false).length
  if (json) console.log(JSON.stringify({ Machine: machine, Quick: asked.quick, Missed: missed, Figures: asJson(results) }, undefined, 2))
  if (markdown) console.log(`${header}\n\n${asMarkdown(results)}`)
  if (asked.quick) return show('quick: too few messages for a measurement, goals are not judged')
  process.exitCode = missed > 0 ? 1 : 0
}

/** A bench that breaks takes neither its own figures nor those of the others with it. */
async function* untilItFails(bench, asked) {
  try {
    yield* (await BENCHES[bench]())(asked)
  } catch (error) {
    yield { name: `${bench} ended early`, failed: error.message }
  }
}

// What was started and what was made goes with this process.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
await main(options())
