import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Door, mail, openDoor } from '../support/door.ts'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init'])
})
afterEach(() => door.remove())

const json = async (argv: readonly string[]) => JSON.parse((await door.run([...argv, '--json'])).stdout)

test('inbox list in the words of the contract', async () => {
  door.inbox.push(mail())
  expect(await json(['inbox', 'list'])).toEqual({
    Messages: [
      {
        Id: 'm1',
        EnvelopeFrom: 'bounce@example.com',
        EnvelopeTo: ['ann@gmail.com'],
        From: 'bob@example.com',
        Subject: 'Hello',
        SizeBytes: 1_536,
        ReceivedTimestamp: '2026-01-01T12:00:00.000Z',
        Receiver: 'gmail-smtp-in.l.google.com',
        Authentication: {
          Spf: { Domain: 'example.com', Result: 'pass' },
          Dkim: [{ Domain: 'example.com', Selector: 's1', Result: 'pass', Detail: '' }],
          Dmarc: { Domain: 'example.com', Result: 'pass', Policy: 'none' },
        },
      },
    ],
  })
})

test('filters reach the inbox: recipient, text or pattern in the subject, time', async () => {
  door.inbox.push(mail({ id: 'a', subject: 'Invoice 7' }), mail({ id: 'b', envelopeTo: ['cy@outlook.com'], subject: 'a.b' }))
  const ids = async (...argv: string[]) => (await json(['inbox', 'list', ...argv])).Messages.map(({ Id }: { Id: string }) => Id)
  expect(await ids()).toEqual(['a', 'b'])
  expect(await ids('--to', 'cy@outlook.com')).toEqual(['b'])
  expect(await ids('--subject', 'INVOICE')).toEqual(['a'])
  expect(await ids('--subject', '/^Inv.*\\d$/')).toEqual(['a'])
  expect(await ids('--subject', 'axb')).toEqual([])
  expect(await ids('--since', '2027-01-01')).toEqual([])
})

test("a sender's control characters are not shown; names are not cut outside a terminal", async () => {
  const subject = `\u001b]0;owned\u0007 ${'long '.repeat(60)}end`
  door.inbox.push(mail({ subject }))
  const plain = await door.run(['inbox', 'list'])
  expect(plain.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  expect(plain.stdout).toContain('long end')
  const drawn = await door.run(['inbox', 'list'], { tty: ['stdout'], columns: 100, env: { LANG: 'C.UTF-8', NO_COLOR: '1' } })
  expect(drawn.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  for (const line of drawn.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  const ascii = await door.run(['inbox', 'list'], { tty: ['stdout'], env: { LANG: 'C', NO_COLOR: '1' } })
  expect(ascii.stdout.replaceAll('\ufffd', '')).not.toMatch(/[^\n -~]/)
})

test('wait: what is there counts, what comes is seen, what does not come is 75', async () => {
  door.inbox.push(mail())
  expect((await json(['inbox', 'wait', '--to', 'ann@gmail.com'])).Messages).toHaveLength(1)
  const waiting = json(['inbox', 'wait', '--to', 'cy@outlook.com', '--timeout', '20s'])
  door.inbox.push(mail({ id: 'm2', envelopeTo: ['cy@outlook.com'] }))
  expect((await waiting).Messages[0].Id).toBe('m2')
  const late = await door.run(['inbox', 'wait', '--count', '3', '--timeout', '10ms'])
  expect(late).toMatchObject({ code: 75, stdout: '' })
  expect(late.stderr).toContain('2 of 3 messages')
})

test('clear says how many; a terminal is asked first, and nobody else', async () => {
  door.inbox.push(mail(), mail({ id: 'm2' }))
  expect(await json(['inbox', 'clear', '--yes'])).toEqual({ Removed: 2 })
  expect((await door.run(['inbox', 'list'])).stdout).toBe('The inbox is empty.\n')
  expect((await door.run(['inbox', 'clear'])).stdout).toBe('Removed 0 messages\n')
})
