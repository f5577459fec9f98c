/** What a group of processes is said to have cost. */
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { accounting, processGroup, stop } from '../../bench/processes.mjs'

const BURN_MS = 200
const BURN = `while (process.cpuUsage().user < ${BURN_MS * 1000}) Math.sqrt(2)`

test.skipIf(accounting() !== undefined)('CPU time counts what children used that have ended, and nothing of others', async () => {
  const [busy, idle] = [processGroup(), processGroup()]
  const script = `"$0" -e '${BURN}'; echo done; read line`
  const child = busy.spawn('/bin/sh', ['-c', script, process.execPath], { stdio: ['pipe', 'pipe', 'inherit'] })
  const other = idle.spawn('/bin/sh', ['-c', 'echo ready; read line'], { stdio: ['pipe', 'pipe', 'inherit'] })
  if (!child.stdout || !other.stdout) throw new TypeError('no pipes')
  await Promise.all([once(child.stdout, 'data'), once(other.stdout, 'data')])
  expect(busy.cpuMs()).toBeGreaterThanOrEqual(BURN_MS)
  expect(busy.cpuMs()).toBeLessThan(BURN_MS * 20)
  expect(idle.cpuMs()).toBeLessThan(BURN_MS)
  const { pssMiB, peakRssMiB } = busy.memory()
  expect(pssMiB).toBeGreaterThan(0)
  expect(peakRssMiB).toBeGreaterThanOrEqual(pssMiB)
  for (const [process, group] of [
    [child, busy],
    [other, idle],
  ] as const) {
    await stop(process)
    await group.close()
  }
})

test.skipIf(accounting() !== undefined)('closing a group waits for every process of it', async () => {
  const group = processGroup()
  const script = 'exec 3<&0; (read line <&3) & echo $!; wait'
  const child = group.spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  if (!child.stdout || !child.stdin) throw new TypeError('no pipes')
  const [inner] = await once(child.stdout, 'data')
  const lives = (): boolean => {
    try {
      return process.kill(Number(inner), 0)
    } catch {
      return false
    }
  }
  expect(lives()).toBe(true)
  const closed = group.close()
  child.stdin.end('go\n')
  await closed
  expect(lives()).toBe(false)
})
