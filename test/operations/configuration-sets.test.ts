/** What a configuration set does to the messages that follow it. */
import { expect, test } from 'vitest'
import { DEFAULT_DELIVERY } from '../../src/account/configuration-set.ts'
import { changeConfigurationSet, createConfigurationSet, deleteConfigurationSet } from '../../src/operations/configuration-sets.ts'
import { setIdentity } from '../../src/operations/set-identity.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const HOUR = 3_600_000
const plain = 'From: orders@shop.example\nTo: ann@gmail.com\n\nHello\n'
const naming = (set: string): string => `X-SES-CONFIGURATION-SET: ${set}\n${plain}`

async function accepted(engine: Engine, ...submission: Parameters<Engine['submit']>) {
  const { messageId } = await engine.submit(...submission)
  const message = await engine.app.store.message(messageId)
  if (message === undefined) throw new Error('an accepted message is not there')
  return message
}

test('a message follows the set that the submission names, else its own field, else the default of its identity', async () => {
  const engine = await openEngine()
  for (const [name, seconds] of [
    ['flag', 300],
    ['field', 600],
    ['identity', 900],
  ] as const)
    await createConfigurationSet(engine.app, name, { maxDeliverySeconds: seconds })
  const unnamed = await accepted(engine, plain)
  expect(unnamed.expiresAt - unnamed.acceptedAt).toBe(14 * HOUR)
  await setIdentity(engine.app, 'shop.example', { configurationSet: 'identity' })
  const seen = [
    await accepted(engine, naming('field'), { configurationSet: 'flag' }),
    await accepted(engine, naming('field')),
    await accepted(engine, plain),
  ]
  expect(seen.map(({ facts, expiresAt, acceptedAt }) => [facts.configurationSet, (expiresAt - acceptedAt) / 1_000])).toEqual([
    ['flag', 300],
    ['field', 600],
    ['identity', 900],
  ])
  expect(seen[2]?.facts.tags).toMatchObject({ 'ses:configuration-set': ['identity'] })
})

test('a message that names a set which is not there is refused, and nothing is stored', async () => {
  const engine = await openEngine()
  const refusal = { code: 'not-found', message: 'Configuration set <none> does not exist.' }
  await expect(engine.submit(naming('none'))).rejects.toMatchObject(refusal)
  await expect(engine.submit(plain, { configurationSet: 'none' })).rejects.toMatchObject(refusal)
  await expect(setIdentity(engine.app, 'shop.example', { configurationSet: 'none' })).rejects.toMatchObject(refusal)
  await createConfigurationSet(engine.app, 'none', {})
  await setIdentity(engine.app, 'shop.example', { configurationSet: 'none' })
  await deleteConfigurationSet(engine.app, 'none')
  await expect(engine.submit(plain)).rejects.toMatchObject(refusal)
  expect(await engine.app.store.messages(10)).toEqual([])
})

test('a message that follows a set whose sending is off is refused in the words of SES, however it came to follow it', async () => {
  const engine = await openEngine()
  await createConfigurationSet(engine.app, 'receipts', { sendingEnabled: false })
  const refusal = { code: 'sending-paused', message: 'Sending is paused for configuration set receipts' }
  await expect(engine.submit(naming('receipts'))).rejects.toMatchObject(refusal)
  await expect(engine.submit(plain, { configurationSet: 'receipts' })).rejects.toMatchObject(refusal)
  await setIdentity(engine.app, 'shop.example', { configurationSet: 'receipts' })
  await expect(engine.submit(plain)).rejects.toMatchObject(refusal)
  expect(await engine.app.store.messages(10)).toEqual([])
  await changeConfigurationSet(engine.app, 'receipts', { sendingEnabled: true })
  expect((await accepted(engine, plain)).facts.configurationSet).toBe('receipts')
})

test('a message keeps the options it was accepted with', async () => {
  const engine = await openEngine()
  await createConfigurationSet(engine.app, 'strict', { tlsPolicy: 'REQUIRE' })
  const before = await accepted(engine, naming('strict'))
  await changeConfigurationSet(engine.app, 'strict', { tlsPolicy: 'OPTIONAL' })
  expect((await engine.app.store.message(before.id))?.facts.delivery).toEqual({ ...DEFAULT_DELIVERY, tlsPolicy: 'REQUIRE' })
  expect((await accepted(engine, naming('strict'))).facts.delivery).toEqual(DEFAULT_DELIVERY)
  expect((await accepted(engine, plain)).facts.delivery).toBeUndefined()
})

test('a message that was tried for as long as its set says bounces, and the event names the reason', async () => {
  const engine = await openEngine()
  await createConfigurationSet(engine.app, 'soon', { maxDeliverySeconds: 300 })
  const { messageId } = await engine.submit(plain.replace('ann@gmail.com', 'ann@down.test'), { configurationSet: 'soon' })
  const { signal } = new AbortController()
  const { recipients } = await waitForOutcome(engine.app, messageId, { goal: 'final', timeoutMs: HOUR, signal })
  expect(recipients[0]).toMatchObject({ state: 'bounced', outcome: { status: '4.4.7' } })
  const bounce = (await engine.app.store.events({ messageId })).find(({ type }) => type === 'Bounce')
  expect(bounce?.event).toMatchObject({ bounce: { bounceType: 'Transient', bounceSubType: 'CustomTimeoutExceeded' } })
})
