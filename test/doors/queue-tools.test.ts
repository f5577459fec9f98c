/** `queue` and its filters, as a person and a script use them. Three messages: shop.test twice, once held back; gmail.com once. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { messageOf } from '../support/account.ts'
import { type Door, openDoor } from '../support/door.ts'

const START = Date.parse('2026-01-01T00:00:00Z')

let door: Door
let ids: string[]
beforeEach(async () => {
  door = openDoor()
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T04:00:00Z', '--seed', '1'])
  const messages = [['a@shop.test'], ['b@shop.test', 'c@gmail.com'], ['d@gmail.com']].map((recipients, i) =>
    messageOf({ kind: 'notice', recipients, acceptedAt: START + i * 3_600_000 }),
  )
  ids = messages.map(({ id }) => id)
  await door.use(async ({ store }) => {
    for (const message of messages) await store.accept(message, [])
    for (const { message, recipients } of await store.lease({ now: START, leaseMs: 1_000, limit: 1, domain: 'shop.test' }))
      await store.settle({
        messageId: message.id,
        attempts: [],
        recipients: recipients.map(({ index }) => ({
          index,
          state: 'deferred',
          nextAttemptAt: START + 86_400_000,
          outcome: { action: 'delayed', status: '4.4.1', reply: '451 4.4.1 no answer \u001b[2J' },
        })),
        settledAt: START,
        events: [],
        reports: [],
      })
  })
})
afterEach(() => door.remove())

const run = (...argv: string[]) => door.run(['queue', ...argv])
async function json(...argv: string[]) {
  const { code, stdout, stderr } = await door.run(['queue', ...argv, '--json'])
  return { code, ...(stdout === '' ? JSON.parse(stderr) : JSON.parse(stdout)) }
}
const listed = async (...argv: string[]): Promise<string[]> =>
  (await json('list', ...argv)).Recipients.map(({ EmailAddress }: { EmailAddress: string }) => EmailAddress)

test('list: every filter, alone and together', async () => {
  expect(await listed()).toEqual(['a@shop.test', 'b@shop.test', 'c@gmail.com', 'd@gmail.com'])
  expect(await listed('--domain', 'SHOP.test')).toEqual(['a@shop.test', 'b@shop.test'])
  expect(await listed('--error', '4.4')).toEqual(['a@shop.test'])
  expect(await listed('--state', 'queued', '--domain', 'shop.test')).toEqual(['b@shop.test'])
  expect(await listed('--older-than', '3h')).toEqual(['a@shop.test', 'b@shop.test', 'c@gmail.com'])
  expect(await listed('--newer-than', '3h', '--domain', 'gmail.com')).toEqual(['c@gmail.com', 'd@gmail.com'])
  expect(await listed('--newer-than', '2026-01-01T01:30:00Z')).toEqual(['d@gmail.com'])
  expect(await listed(ids[1] ?? '', '--domain', 'gmail.com')).toEqual(['c@gmail.com'])
  expect(await listed('--message', ids[2] ?? '')).toEqual(['d@gmail.com'])
  expect(await listed('--config-set', 'news')).toEqual([])
  expect((await run('list')).stdout).not.toContain('\u001b')
})

test('list: pages that follow each other', async () => {
  const first = await json('list', '--limit', '3')
  expect(first).toMatchObject({ More: 1, MoreIsExact: true })
  expect((await run('list', '--limit', '3')).stdout).toContain(`1 more: --limit, filters, or --next-token ${first.NextToken}\n`)
  const second = await json('list', '--limit', '3', '--next-token', first.NextToken)
  expect(second).toMatchObject({ Recipients: [{ EmailAddress: 'd@gmail.com' }], More: 0 })
  expect(second.NextToken).toBeUndefined()
})

test('what cannot be meant is refused before anything is read', async () => {
  expect(await run('list', '--error', '6.1')).toMatchObject({ code: 64, stdout: '' })
  expect(await run('list', '--error', '4.4.1.1')).toMatchObject({ code: 64 })
  expect(await run('list', '--domain', 'no domain')).toMatchObject({ code: 65 })
  expect(await run('list', '--older-than', 'long ago')).toMatchObject({ code: 64 })
  expect(await run('list', '--state', 'delivered')).toMatchObject({ code: 64 })
  expect(await run('list', '--next-token', 'x')).toMatchObject({ code: 64 })
  expect(await run('list', '--limit', '10001')).toMatchObject({ code: 64 })
  expect(await run('list', 'one', '--message', 'other')).toMatchObject({ code: 64 })
  for (const verb of ['retry', 'hold', 'release', 'delete']) {
    expect(await run(verb)).toMatchObject({ code: 64, stdout: '', stderr: expect.stringContaining('--all') })
    expect(await json(verb, 'unknown')).toMatchObject({ code: 1, Error: { Code: 'NotFoundException' } })
  }
  expect(await listed('--state', 'held')).toEqual([])
})

test('hold and release', async () => {
  expect(await json('hold', '--domain', 'shop.test', '--dry-run')).toEqual({ code: 0, DryRun: true, WouldHold: 2, Active: 0 })
  expect(await listed('--state', 'held')).toEqual([])
  expect(await json('hold', '--domain', 'shop.test')).toEqual({ code: 0, Held: 2, Active: 0 })
  expect(await listed('--state', 'held')).toEqual(['a@shop.test', 'b@shop.test'])
  expect(await run('hold', '--domain', 'shop.test')).toMatchObject({ code: 1, stdout: 'Nothing to hold.\n' })
  expect(await json('retry', '--domain', 'shop.test')).toEqual({ code: 1, Retried: 0, Active: 0 })
  expect(await json('release', '--all')).toEqual({ code: 0, Released: 2 })
  expect((await json('list', '--domain', 'shop.test')).Recipients).toMatchObject([
    { Status: 'DEFERRED', NextAttemptTimestamp: '2026-01-01T04:00:00.000Z' },
    { Status: 'QUEUED', NextAttemptTimestamp: '2026-01-01T04:00:00.000Z' },
  ])
})

test('retry makes due now and says who tries it', async () => {
  const { code, stdout, stderr } = await run('retry', '--error', '4')
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Retried 1 recipient.\n' })
  expect(stderr).toContain('queue flush')
  expect((await json('list', '--error', '4')).Recipients[0].NextAttemptTimestamp).toBe('2026-01-01T04:00:00.000Z')
})

test('what is being tried is said and left alone', async () => {
  const [, second = ''] = ids
  await door.use(async ({ store }) => {
    await store.lease({ now: START + 86_400_000, leaseMs: 60_000, limit: 1, messageId: second, domain: 'gmail.com' })
    expect(await run('hold', second)).toMatchObject({ code: 75, stdout: 'Held 1 recipient; 1 recipient being tried, left as it is.\n' })
    expect(await json('delete', '--domain', 'gmail.com')).toEqual({ code: 75, Deleted: 1, Active: 1 })
    expect(await json('retry', second, '--domain', 'gmail.com')).toEqual({ code: 0, Retried: 0, Active: 1 })
  })
  expect((await json('show', second)).Recipients).toMatchObject([{ Status: 'HELD' }, { Status: 'QUEUED' }])
})

test('delete ends without event or report, and why tells it', async () => {
  const [first = ''] = ids
  expect(await run('delete', first)).toMatchObject({ code: 0, stdout: 'Deleted 1 recipient.\n' })
  expect(await json('show', first)).toMatchObject({
    Recipients: [{ Status: 'REJECTED', SmtpResponse: '554 5.7.0 Removed from the queue by hand' }],
  })
  expect(JSON.parse((await door.run(['events', 'list', first, '--json'])).stdout)).toEqual({ Events: [] })
  const { stdout } = await door.run(['why', first])
  expect(stdout).toContain('a@shop.test was removed from the queue by hand')
  expect(await json('delete', '--all', '--yes')).toEqual({ code: 0, Deleted: 3, Active: 0 })
  expect(await json('stats')).toEqual({ code: 0, Queued: 0, Active: 0, Deferred: 0, Held: 0, Destinations: [] })
})

test('stats: states and destinations', async () => {
  expect(await json('stats')).toEqual({
    code: 0,
    Queued: 3,
    Active: 0,
    Deferred: 1,
    Held: 0,
    Destinations: [
      { Domain: 'gmail.com', Queued: 2, Deferred: 0, Held: 0, OldestTimestamp: '2026-01-01T01:00:00.000Z' },
      { Domain: 'shop.test', Queued: 1, Deferred: 1, Held: 0, OldestTimestamp: '2026-01-01T00:00:00.000Z' },
    ],
  })
  expect((await run('stats')).stdout).toMatch(/shop\.test +1 +1 +0 +4h\n/)
})
