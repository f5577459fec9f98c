// How long thirty days of an account take on its virtual clock: the story of test/scenarios/thirty-days.test.ts, engine and lab included.
import { spawnSync } from 'node:child_process'
import { median } from './figures.mjs'

const STORY = 'test/scenarios/thirty-days.test.ts'

/** Seconds of the story alone: not of starting the runner or of loading the program. */
function tell() {
  const { stdout, stderr } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', STORY, '--reporter=json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [story] = JSON.parse(stdout.slice(stdout.indexOf('{'))).testResults.flatMap(({ assertionResults }) => assertionResults)
  if (story?.status !== 'passed') throw new Error(`the story does not hold: ${story?.failureMessages?.join('\n') ?? stderr}`)
  return story.duration / 1_000
}

/** @param {{ rounds: number }} options @returns figures in the form of run.mjs */
export function* story({ rounds }) {
  const times = Array.from({ length: rounds }, tell)
  yield {
    name: 'thirty days of an account',
    value: median(times),
    unit: 's',
    goal: 5,
    better: 'less',
    detail: times.map(time => `${time.toFixed(1)} s`).join(', '),
  }
}
