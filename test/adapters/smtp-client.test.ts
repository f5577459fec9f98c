/** What the SMTP client promises to whoever keeps a session: one transaction after another on one connection. */
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { DeadlineClock } from '../../src/wire/deadline-clock.ts'
import { SmtpClient } from '../../src/wire/smtp-client.ts'
import { SmtpClientConnection } from '../../src/wire/smtp-client-connection.ts'
import { DEFAULT_TIMEOUTS } from '../../src/wire/smtp-timeouts.ts'
import { fitsPath } from '../../src/wire/smtp-transaction.ts'
import { Transcript } from '../../src/wire/smtp-transcript.ts'
import { startSink } from '../support/sink.ts'

test('transactions follow each other on one connection, after RSET where nobody was accepted', async () => {
  const sink = await startSink({ script: { RCPT: ['250 ok', '550 5.1.1 no', '250 ok'] } })
  const errand = { transcript: new Transcript(), limitMs: 60_000, endsAt: performance.now() + 60_000 }
  const connection = new SmtpClientConnection(connect(sink.port, '127.0.0.1'), { clock: new DeadlineClock(50), errand })
  const client = new SmtpClient(connection, DEFAULT_TIMEOUTS)
  const transact = (name: string) => {
    const body = Buffer.from(`${name}\r\n`)
    const message = { head: Buffer.from('\r\n'), body: { length: body.length, open: () => Readable.from([body]) } }
    return client.transact({ from: 'a@example.test', recipients: [`${name}@example.test`], message, eightBit: false })
  }
  expect((await client.greeting()).code).toBe(220)
  expect((await client.hello('mta.example.test')).code).toBe(250)
  expect((await transact('one')).final?.code).toBe(250)
  const refused = await transact('two')
  expect(refused.recipients.map(reply => reply?.code)).toEqual([550])
  expect(refused.data).toBeUndefined()
  expect(refused.session).toBe('unfinished')
  expect((await transact('three')).final?.code).toBe(250)
  expect(sink.commands.filter(line => line === 'RSET')).toHaveLength(1)
  expect(client.canContinue).toBe(true)
  client.quit()
  expect(sink.messages.map(({ to, raw }) => [to[0], raw.toString()])).toEqual([
    ['one@example.test', '\r\none\r\n'],
    ['three@example.test', '\r\nthree\r\n'],
  ])
  expect(sink.connections()).toBe(1)
  expect(client.canContinue).toBe(false)
  await expect(transact('four')).rejects.toThrow('session that is over')
  await sink.close()
})

test.each([
  ['ann@example.test', true],
  ['', true],
  ['"a b"@example.test', true],
  ['"<\\">"@example.test', true],
  ['a b@example.test', false],
  ['a@b> SIZE=1', false],
  ['a@b\r\nRSET', false],
  ['a@b\0', false],
  ['j\u00f6@example.test', false],
  ['"a@b> NOTIFY=NEVER', false],
])('%j between angle brackets: %s', (address, fits) => {
  expect(fitsPath(address)).toBe(fits)
})
