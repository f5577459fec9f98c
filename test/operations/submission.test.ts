/** What a refused submission leaves behind (nothing), and what a repeated one is told. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Engine, openEngine } from '../support/engine.ts'

const large = `From: orders@shop.example\nTo: ann@gmail.com\n\n${'a line of the body\n'.repeat(3_000)}`
const spooledOctets = ({ home }: Engine): number =>
  readdirSync(join(home, 'spool')).reduce((sum, name) => sum + statSync(join(home, 'spool', name)).size, 0)

test('a body that was spooled for a message which the account then refuses is given back', async () => {
  const engine = await openEngine()
  await engine.app.store.saveAccount({ ...(await engine.app.store.account()), maxSendRate: 0.001 })
  await engine.submit(large)
  const before = spooledOctets(engine)
  expect(before).toBeGreaterThan(50_000)
  await expect(engine.submit(large, { rateWaitMs: 1_000 })).rejects.toMatchObject({ code: 'rate-exceeded' })
  expect(spooledOctets(engine)).toBe(before)
})

test('a body whose message cannot be signed is given back', async () => {
  const engine = await openEngine()
  const keys = { ...engine.app.keys, privateKey: () => Promise.reject(new Error('no key')) }
  await expect(engine.submit(large, {}, { ...engine.app, keys })).rejects.toThrow('no key')
  expect(spooledOctets(engine)).toBe(0)
})

test('a key that was seen is answered with its message, whatever the account may send by then', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(large, { idempotencyKey: 'order-7' })
  await engine.app.store.saveAccount({ ...(await engine.app.store.account()), sendingEnabled: false })
  await expect(engine.submit(large)).rejects.toMatchObject({ code: 'sending-paused' })
  expect(await engine.submit(large, { idempotencyKey: 'order-7' })).toEqual({ messageId, isDuplicate: true, held: [], warnings: [] })
})
