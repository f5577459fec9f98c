/** The run of docs/reliability.md in small: each door of the built program under three hundred sessions, and a judge that can say no. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/reliability/hostile.mjs', import.meta.url))

async function attack(...args: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const code = await new Promise(done => child.on('close', done))
  return { code, said }
}

test.each(['smtp', 'http', 'inbound'])(
  '%s: no crash, no hang, no growth, nothing from whoever may not send',
  {
    timeout: 240_000,
  },
  async door => {
    const { code, said } = await attack('--door', door, '--seeds', '1-300', '--idle', '0')
    expect(said).toMatch(new RegExp(`^\\| ${door} \\| 1-300 \\| 300 \\| 30 \\| 90, \\d+ \\| 180 \\|.* 0 \\|$`, 'm'))
    expect(code).toBe(0)
  },
)

test.each([
  ['open', 'smtp', /messages of nobody who may send: \S+ of smtp-trust/],
  ['open', 'http', /messages of nobody who may send: \S+ of api/],
  ['leak', 'smtp', /memory grew by \d+\.\d MiB/],
])('a door that is %s is found: %s', { timeout: 240_000 }, async (plant, door, violation) => {
  const { code, said } = await attack('--door', door, '--seeds', '1-150', '--idle', '0', '--plant', plant)
  expect(said).toMatch(violation)
  expect(code).toBe(1)
})
