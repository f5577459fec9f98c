/** Events that go to their destinations once more. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wholeDoor } from '../support/whole-door.ts'

test('a receiver that came late is told what it asks for, and no other is', async () => {
  const door = await wholeDoor('virtual')
  await door.json(['verify', 'domain', 'shop.example'])
  await door.json(['account', 'request-production', '--approve'])
  await door.json(['config-set', 'create', 'receipts'])
  const send = async (subject: string, ...more: string[]): Promise<string> =>
    (await door.json(['send', '--from', 'a@shop.example', '--to', 'ann@example.net', '--subject', subject, '--text', 'Hi', ...more]))
      .MessageId
  const marked = await send('One', '--config-set', 'receipts')
  const unmarked = await send('Two')
  const files = { late: join(door.home, 'late.jsonl'), other: join(door.home, 'other.jsonl') }
  await door.json(['destination', 'create', 'late', '--config-set', 'receipts', '--file', files.late, '--events', 'DELIVERY'])
  await door.json(['destination', 'create', 'other', '--config-set', 'receipts', '--file', files.other])
  const lines = (file: string): string[] => {
    try {
      return readFileSync(file, 'utf8').trim().split('\n')
    } catch {
      return []
    }
  }
  // They were made after the events: nobody has told them anything.
  expect([lines(files.late), lines(files.other)]).toEqual([[], []])

  expect(await door.json(['events', 'resend', marked, '--dry-run'])).toMatchObject({
    DryRun: true,
    Events: [
      { EventType: 'Send', Destinations: ['other'] },
      { EventType: 'Delivery', Destinations: ['late', 'other'] },
    ],
  })
  expect(lines(files.other)).toEqual([])

  const { Events } = await door.json(['events', 'resend', marked, '--destination', 'late'])
  expect(Events).toMatchObject([{ EventType: 'Delivery', MessageId: marked, Destinations: ['late'] }])
  expect(lines(files.late).map(line => JSON.parse(line))).toMatchObject([{ eventType: 'Delivery', mail: { messageId: marked } }])
  expect(lines(files.other)).toEqual([])

  // Nobody listens for mail without the set.
  expect(await door.json(['events', 'resend', unmarked], 1)).toEqual({ Events: [] })
  expect((await door.run(['events', 'resend'])).code).toBe(64)
  expect((await door.run(['events', 'resend', marked, '--destination', 'none'])).code).toBe(1)
})
