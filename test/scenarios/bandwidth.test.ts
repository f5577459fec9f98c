/** Large messages are held back to 40 MB a second, small ones are not, and an operation may take less than 40 MB. */
import { expect, test } from 'vitest'
import { openEngine } from '../support/engine.ts'
import { longMessage } from '../support/long-message.ts'

const MB = 1024 * 1024
test('large messages wait their turn, or are refused when they may not wait so long; small ones pass by', {
  timeout: 120_000,
}, async () => {
  const { app, submit } = await openEngine()
  const { clock } = app
  await clock.waitUntil(clock.now() + 1_000) // tokens for all of them
  const start = clock.now()
  await submit(longMessage(40 * MB))
  expect(clock.now()).toBe(start)
  await submit(longMessage(10 * MB))
  expect(clock.now()).toBe(start)
  await expect(submit(longMessage(11 * MB), { rateWaitMs: 0 })).rejects.toMatchObject({
    code: 'rate-exceeded',
    message: 'Maximum sending rate exceeded.',
    hint: expect.stringContaining('could in 275ms'),
  })
  // What was refused has taken nothing.
  await submit(longMessage(40 * MB), { rateWaitMs: 0, bandwidthWaitMs: 1_000 })
  expect(clock.now()).toBe(start + 1_000)
  expect((await app.store.messages(9)).map(({ sizeBytes }) => Math.floor(sizeBytes / MB)).sort()).toEqual([10, 40, 40])
})

test('an operation of the older API takes 10 MB, and not an octet more', async () => {
  const { app, submit } = await openEngine()
  const limit = { maxBytes: 10 * MB }
  await expect(submit(longMessage(10 * MB + 1), limit)).rejects.toMatchObject({
    code: 'too-large',
    message: expect.stringContaining('10 MB'),
  })
  expect(await app.store.messages(9)).toEqual([])
  await submit(longMessage(10 * MB), limit)
  expect(await app.store.messages(9)).toHaveLength(1)
})
