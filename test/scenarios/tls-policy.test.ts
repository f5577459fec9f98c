/** A message whose configuration set requires TLS, at hosts of the lab that can, cannot, or pretend to. */
import { expect, test } from 'vitest'
import { createConfigurationSet } from '../../src/operations/configuration-sets.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { explainMessage } from '../../src/operations/why.ts'
import { openEngine } from '../support/engine.ts'

const { signal } = new AbortController()
const message = (to: string) => `From: orders@shop.example\nTo: ${to}\n\nHello\n`

test.each([
  ['gmail.com', 'delivered', '2.0.0', 'TLSv1.3'],
  ['notls.test', 'bounced', '5.7.4', undefined],
  ['oldtls.test', 'bounced', '5.7.5', undefined],
  ['simulator.amazonses.com', 'delivered', '2.6.0', 'TLSv1.3'],
])('REQUIRE at %s: %s', async (domain, state, status, tlsVersion) => {
  const engine = await openEngine()
  await createConfigurationSet(engine.app, 'strict', { tlsPolicy: 'REQUIRE' })
  const { messageId } = await engine.submit(message(`success@${domain}`), { configurationSet: 'strict' })
  const { recipients } = await waitForOutcome(engine.app, messageId, { goal: 'first-attempt', timeoutMs: 60_000, signal })
  expect(recipients[0]).toMatchObject({ state, outcome: { status } })
  expect(recipients[0]?.outcome?.remote?.tlsVersion).toBe(tlsVersion)
  const said = (await explainMessage(engine.app, messageId)).timeline.flatMap(({ transcript }) => transcript)
  expect(said.some(line => line.includes('* TLS required, with any certificate: the configuration set requires it'))).toBe(true)
  expect(said.some(line => line.includes('> MAIL'))).toBe(state === 'delivered')
})

test('without it the same hosts take the message in the clear', async () => {
  const engine = await openEngine()
  for (const domain of ['notls.test', 'badtls.test', 'oldtls.test']) {
    const { messageId } = await engine.submit(message(`ann@${domain}`), { rateWaitMs: 5_000 })
    const { recipients } = await waitForOutcome(engine.app, messageId, { goal: 'first-attempt', timeoutMs: 60_000, signal })
    expect(recipients[0]).toMatchObject({ state: 'delivered' })
    expect(recipients[0]?.outcome?.remote?.tlsVersion).toBeUndefined()
  }
})
