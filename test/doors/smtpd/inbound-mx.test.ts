/** The inbound door over a real account: what a stranger can make it work for. */
import { expect, onTestFinished, test } from 'vitest'
import { silent } from '../../../src/base/log.ts'
import { openInboundMx } from '../../../src/smtpd/inbound-mx.ts'
import { certificate } from '../../support/certificate.ts'
import { type Engine, openEngine } from '../../support/engine.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'

async function openDoor({ app }: Engine): Promise<RawSmtp> {
  const door = await openInboundMx(app, { host: '127.0.0.1', port: 0 }, { tls: certificate, log: silent })
  onTestFinished(() => door.close(0))
  return RawSmtp.open(door)
}

test('a report for a hundred addresses is read once', async () => {
  const engine = await openEngine()
  const client = await openDoor(engine)
  expect((await client.reply())?.code).toBe(220)
  expect(await client.ask('EHLO mx.test')).toBe(250)
  expect(await client.ask('MAIL FROM:<>')).toBe(250)
  for (let i = 0; i < 100; i += 1) expect(await client.ask(`RCPT TO:<r${i}@shop.example>`)).toBe(250)
  expect(await client.ask('DATA')).toBe(354)
  // Reading it takes a tenth of a second and more.
  const group = `Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nDiagnostic-Code: smtp; ${'host user '.repeat(80)}\r\n\r\n`
  const head = 'From: <>\r\nSubject: failure notice\r\nContent-Type: message/delivery-status\r\n\r\n'
  const startedAt = performance.now()
  expect(await client.ask(`${head}${group.repeat(1_000)}.`)).toBe(250)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
