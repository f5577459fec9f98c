import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NewMessage } from '../../src/ports/store.ts'
import { type Door, openDoor } from '../support/door.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const ID = '0100019b76da0001-8a2b6c1d-1f3e-4a5b-9c7d-0e1f2a3b4c5d-000000'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '1'])
})
afterEach(() => door.remove())

const json = async (argv: readonly string[]) => JSON.parse((await door.run([...argv, '--json'])).stdout)

/** A notice is stored without asking the account's rules, which are not this door's business. */
async function accept(): Promise<void> {
  await door.use(async ({ store }) => {
    const sink = store.newBody()
    await sink.write(Buffer.from('Hi\r\n'))
    const message: NewMessage = {
      id: ID,
      kind: 'notice',
      acceptedAt: START,
      expiresAt: START + 50_400_000,
      envelopeFrom: 'bob@example.com',
      returnPath: '',
      recipients: ['ann@gmail.com', 'cy@outlook.com'],
      senders: [],
      head: Buffer.from('Subject: x\r\n\r\n'),
      body: await sink.finish(),
      facts: {
        source: 'bob@example.com',
        fromAddress: 'bob@example.com',
        identity: 'example.com',
        subject: 'evil \u001b[2J subject',
        headers: [],
        headersTruncated: false,
        to: ['ann@gmail.com'],
        cc: [],
        bcc: [],
        replyTo: [],
        headerMessageId: 'x@example.com',
        callerMessageId: null,
        date: '',
        tags: {},
        configurationSet: null,
        eightBit: false,
        signedBy: [],
      },
    }
    await store.accept(message, [
      { type: 'Send', at: START, messageId: ID, recipients: ['ann@gmail.com', 'cy@outlook.com'], detail: { send: { n: 1 } } },
      { type: 'Bounce', at: START + 1_000, messageId: ID, recipients: ['cy@outlook.com'], detail: { bounce: { n: 2 } } },
    ])
  })
}

test('the queue: counts, entries, one message', async () => {
  expect((await door.run(['queue', 'list'])).stdout).toBe('Nothing waits.\n')
  await accept()
  expect(await json(['queue', 'stats', '--limit', '1'])).toEqual({
    Queued: 2,
    Active: 0,
    Deferred: 0,
    Held: 0,
    Destinations: [{ Domain: 'gmail.com', Queued: 1, Deferred: 0, Held: 0, OldestTimestamp: '2026-01-01T00:00:00.000Z' }],
  })
  const { Recipients } = await json(['queue', 'list'])
  expect(Recipients).toHaveLength(2)
  expect(Recipients[0]).toMatchObject({ MessageId: ID, Status: 'QUEUED', Attempts: 0, AcceptedTimestamp: '2026-01-01T00:00:00.000Z' })
  expect((await json(['queue', 'list', '--limit', '1'])).Recipients).toHaveLength(1)
  expect(await json(['queue', 'show', ID])).toMatchObject({
    MessageId: ID,
    EnvelopeFrom: 'bob@example.com',
    Recipients: [{ EmailAddress: 'ann@gmail.com' }, { EmailAddress: 'cy@outlook.com' }],
  })
  const { stdout } = await door.run(['queue', 'show', ID])
  expect(stdout).toContain('ann@gmail.com')
  expect(stdout).not.toContain('\u001b')
  expect(await door.run(['queue', 'show', 'nothing'])).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse((await door.run(['queue', 'show', 'nothing', '--json'])).stderr).Error.Code).toBe('NotFoundException')
})

test('events are filtered by type, recipient, time and message', async () => {
  expect((await door.run(['events', 'list'])).stdout).toBe('No events.\n')
  await accept()
  const types = async (...argv: string[]) =>
    (await json(['events', 'list', ...argv])).Events.map(({ eventType }: { eventType: string }) => eventType)
  expect(await types()).toEqual(['Send', 'Bounce'])
  expect(await types('--type', 'Bounce')).toEqual(['Bounce'])
  expect(await types('--to', 'ann@gmail.com')).toEqual(['Send'])
  expect(await types('--since', '2026-01-01T00:00:01Z')).toEqual(['Bounce'])
  expect(await types('--since', '1h')).toEqual(['Send', 'Bounce'])
  expect(await types(ID)).toEqual(['Send', 'Bounce'])
  expect(await types('other')).toEqual([])
  expect(await types('--limit', '1')).toHaveLength(1)
  expect((await door.run(['events', 'list'])).stdout).toMatch(/^2026-01-01 00:00:01Z +Bounce +cy@outlook\.com/m)
})
