/** A DNS server that takes questions and never answers: told within the time that was given, and left at once on an interruption. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { wholeDoor } from '../support/whole-door.ts'

/** @param onQuestion called for each datagram */
async function silentServer(onQuestion = (): void => {}): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', onQuestion)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}

test('silence is 69 within --timeout, and the identity is left as it was', async () => {
  const { run, json } = await wholeDoor('system')
  const before = await json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  const startedAt = performance.now()
  for (const more of [[], ['--wait']]) {
    const ran = await run(['verify', 'domain', 'shop.example', '--resolver', await silentServer(), '--timeout', '200ms', ...more])
    expect(ran).toMatchObject({ code: 69, stdout: '' })
    expect(ran.stderr).toContain('does not answer')
  }
  expect(performance.now() - startedAt, 'far below the ten seconds of the DNS client').toBeLessThan(8_000)
  const after = await json(['identity', 'show', 'shop.example'])
  expect(after.VerificationInfo).toEqual(before.VerificationInfo)
})

test('an interruption ends the look at once, as 130', async () => {
  const { run } = await wholeDoor('system')
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  for (const argv of [
    ['verify', 'domain', 'shop.example'],
    ['dns', 'check', 'shop.example'],
    ['verify', 'all'],
  ]) {
    const controller = new AbortController()
    const resolver = await silentServer(() => controller.abort())
    const startedAt = performance.now()
    expect(await run([...argv, '--resolver', resolver], { signal: controller.signal })).toMatchObject({ code: 130, stdout: '' })
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  }
})
