/** Route, attempt, transport and the lab's receivers together: what each of its test domains does to a delivery, over real sessions. */

import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { createTransport } from '../../src/adapters/transport.ts'
import { attempt } from '../../src/delivery/attempt.ts'
import { RelayHealth } from '../../src/delivery/relay-health.ts'
import { route } from '../../src/delivery/route.ts'
import type { Delivery, Transport } from '../../src/ports/transport.ts'
import { closeBoxes, openBox } from '../support/lab-box.ts'

const transports: Transport[] = []
afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close()
  await closeBoxes()
})

const BODY = Buffer.from('.\r\nhello\r\n')

function openEngine(network: 'lab' | 'live' = 'lab') {
  const { lab } = openBox({ scope: network === 'lab' ? 'internet' : 'simulator' })
  const transport = createTransport({ network, lab, timeouts: { finalDotMs: 5_000 } })
  transports.push(transport)
  const settings = { network, hostname: 'mta.example.test', relay: [] } as const
  return {
    lab,
    async deliver(...recipients: string[]) {
      const domain = recipients[0]?.split('@')[1] ?? ''
      const lookup = async (name: string, type: 'MX' | 'A' | 'AAAA' | 'TLSA') => lab.zone.resolve(name, type)
      const delivery: Delivery = {
        messageId: 'm1',
        envelopeFrom: 'a@example.com',
        recipients,
        message: {
          head: Buffer.from('From: a@example.com\r\nSubject: hi\r\n\r\n'),
          body: { length: BODY.length, open: () => Readable.from([BODY]) },
        },
        eightBit: false,
        helloName: 'mta.example.test',
      }
      const found = await route({ lookup, chance: () => 0, settings, stsPolicyOf: async () => ({ kind: 'none' }) }, domain, 'key')
      const { outcomes, records } = await attempt(
        { transport, clock: { now: () => 0 }, tlsReports: { note: () => {} }, relayHealth: new RelayHealth() },
        { route: found, delivery },
      )
      return { outcomes, records, said: outcomes.map(({ action, status }) => `${action} ${status}`) }
    },
  }
}

describe('test domains', () => {
  test.each([
    ['anybody.example', 'delivered 2.0.0', 'TLSv1.3'],
    ['outlook.com', 'delivered 2.0.0', 'TLSv1.3'],
    ['gmail.com', 'failed 5.7.1', 'TLSv1.3'],
    ['greylist.test', 'delayed 4.7.1', 'TLSv1.3'],
    ['mailboxfull.test', 'delayed 4.2.2', 'TLSv1.3'],
    ['nouser.test', 'failed 5.1.1', 'TLSv1.3'],
    ['notls.test', 'delivered 2.0.0', undefined],
    ['badtls.test', 'delivered 2.0.0', undefined],
    ['oldtls.test', 'delivered 2.0.0', undefined],
    ['down.test', 'delayed 4.4.1', undefined],
    ['nullmx.test', 'failed 5.1.10', undefined],
    ['drop-after-data.test', 'delayed 4.4.2', 'TLSv1.3'],
    ['spamtrap.test', 'failed 5.7.1', 'TLSv1.3'],
    ['busy.test', 'delayed 4.3.2', undefined],
    ['second-mx.test', 'delivered 2.0.0', 'TLSv1.3'],
    ['nothing.invalid', 'failed 5.1.2', undefined],
  ])('%s: %s', async (domain, expected, tlsVersion) => {
    const { lab, deliver } = openEngine()
    const { said, outcomes } = await deliver(`ann@${domain}`)
    expect(said).toEqual([expected])
    expect(outcomes[0]?.remote?.tlsVersion).toBe(tlsVersion)
    expect(await lab.inbox.list({ to: `ann@${domain}` })).toHaveLength(expected.startsWith('delivered') ? 1 : 0)
  })

  test('greylisted once, taken the second time', async () => {
    const { deliver } = openEngine()
    expect((await deliver('ann@greylist.test')).said).toEqual(['delayed 4.7.1'])
    expect((await deliver('ann@greylist.test')).said).toEqual(['delivered 2.0.0'])
  })

  test('the second MX after a dead first one, with a record of both', async () => {
    const { records } = await openEngine().deliver('ann@second-mx.test')
    // One record for each address of the first host; which there are depends on the machine's IPv6.
    expect(new Set(records.slice(0, -1).map(({ summary }) => summary.split(':')[0]))).toEqual(new Set(['unreachable']))
    expect(records[0]?.host).not.toBe('mx2.second-mx.test')
    expect(records.at(-1)).toMatchObject({ host: 'mx2.second-mx.test', summary: expect.stringMatching(/^delivered: 250 /) })
  })
})

test.each(['lab', 'live'] as const)('the simulator answers in %s mode', async network => {
  const { deliver } = openEngine(network)
  const { said } = await deliver('success@simulator.amazonses.com', 'bounce+x@simulator.amazonses.com')
  expect(said.map(text => text.split(' ')[0])).toEqual(['delivered', 'failed'])
  expect(said[1]).toBe('failed 5.1.1')
})
