/** The run of docs/reliability.md in small: the built program killed twice while reports about its mail come in. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/reliability/reports.mjs', import.meta.url))

test('every report that was answered has its event, its entry and its message to the sender, once', { timeout: 180_000 }, async () => {
  const child = spawn(process.execPath, [SCRIPT, '--messages', '80', '--kills', '2', '--seed', '7'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const code = await new Promise(done => child.on('close', done))
  expect(said).toMatch(/^\| 2 \| 80 \| \d+ \| \d+ \| 0 \| \d+ \| 0 \|$/m)
  expect(code).toBe(0)
})
