/** The run of docs/reliability.md in small: the built program killed twice while its events go to an endpoint that fails three times in ten. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/reliability/events.mjs', import.meta.url))

test('every event arrives, in order for each message, and none that did not happen', { timeout: 400_000 }, async () => {
  const child = spawn(process.execPath, [SCRIPT, '--events', '200', '--kills', '2', '--seed', '7'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const code = await new Promise(done => child.on('close', done))
  expect(said).toMatch(/^\| 2 \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \| 0 \|$/m)
  expect(code).toBe(0)
})
