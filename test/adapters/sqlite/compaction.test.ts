/** Few waiting bodies do not keep the disk that many delivered ones took. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import type { Leased, Store } from '../../../src/ports/store.ts'
import { bytesOf, messageOf, openTheGates, T0, tempFolder } from '../../support/account.ts'

const BODY_BYTES = 200 * 1024
/** They fill a segment and begin the next. */
const COUNT = 90
const LEASE_MS = 60_000

async function newHome(): Promise<{ home: string; store: Store }> {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 })
  const { store } = openAccount(home, 'live')
  onTestFinished(() => store.close())
  await openTheGates(store)
  return { home, store }
}

const bodyOf = (n: number): Buffer => Buffer.alloc(BODY_BYTES, `body ${n} `)
const segmentsOf = (home: string): string[] => readdirSync(join(home, 'spool')).sort()
const octetsIn = (home: string): number => segmentsOf(home).reduce((sum, name) => sum + statSync(join(home, 'spool', name)).size, 0)

async function acceptAll(store: Store): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < COUNT; n += 1) {
    const message = messageOf({ body: { kind: 'inline', bytes: bodyOf(n) } })
    await store.accept(message, [])
    ids.push(message.id)
  }
  return ids
}

const leaseAll = async (store: Store): Promise<Leased[]> => await store.lease({ now: T0, leaseMs: LEASE_MS, limit: COUNT })

/** Delivers all but those. */
async function deliverAllBut(store: Store, kept: readonly string[]): Promise<void> {
  const groups = await leaseAll(store)
  for (const { message, recipients } of groups) {
    if (kept.includes(message.id)) continue
    await store.settle({
      messageId: message.id,
      attempts: [],
      recipients: recipients.map(({ index }) => ({
        index,
        state: 'delivered',
        nextAttemptAt: null,
        outcome: { action: 'delivered', status: '2.0.0', reply: '250 2.0.0 Ok' },
      })),
      settledAt: T0,
      events: [],
      reports: [],
    })
  }
  await store.release()
}

const contentOf = async (store: Store, id: string): Promise<Buffer> => {
  const content = await store.content(id)
  if (!content) throw new Error(`${id} has no content`)
  return await bytesOf(content.body)
}

test('what is left of a full segment moves, and its file goes', async () => {
  const { home, store } = await newHome()
  const ids = await acceptAll(store)
  const [first = '', full = ''] = [ids[3], segmentsOf(home)[0]]
  await deliverAllBut(store, [first])
  expect(octetsIn(home)).toBeGreaterThan(16 * 1024 * 1024)
  await store.compact()
  expect(existsSync(join(home, 'spool', full))).toBe(false)
  expect(octetsIn(home)).toBeLessThan(3 * 1024 * 1024)
  expect((await contentOf(store, first)).equals(bodyOf(3))).toBe(true)
  // It is as good as any other: a new process reads it, delivers it, and then nothing is left.
  await store.close()
  const { store: next } = openAccount(home, 'live')
  onTestFinished(() => next.close())
  expect((await contentOf(next, first)).equals(bodyOf(3))).toBe(true)
  await deliverAllBut(next, [])
  await next.close()
  expect(segmentsOf(home)).toEqual([])
})

test('the segment of a process that ended is no other', async () => {
  const { home, store } = await newHome()
  const ids = await acceptAll(store)
  await deliverAllBut(store, [ids[5] ?? ''])
  await store.close()
  const { store: next } = openAccount(home, 'live')
  onTestFinished(() => next.close())
  await next.compact()
  expect(octetsIn(home)).toBe(BODY_BYTES)
  expect((await contentOf(next, ids[5] ?? '')).equals(bodyOf(5))).toBe(true)
})

test('what is being delivered stays where it is', async () => {
  const { home, store } = await newHome()
  const ids = await acceptAll(store)
  await deliverAllBut(store, [ids[3] ?? ''])
  const before = segmentsOf(home)
  expect(await leaseAll(store)).toHaveLength(1)
  await store.compact()
  expect(segmentsOf(home)).toEqual(before)
  await store.release()
  await store.compact()
  expect(segmentsOf(home)).not.toContain(before[0])
})

test('a segment of which much is needed is left alone', async () => {
  const { home, store } = await newHome()
  const ids = await acceptAll(store)
  await deliverAllBut(store, ids.slice(0, 40))
  const before = segmentsOf(home)
  await store.compact()
  expect(segmentsOf(home)).toEqual(before)
})

test('a damaged body stays, and does not keep others from moving', async () => {
  const { home, store } = await newHome()
  const ids = await acceptAll(store)
  const [damaged = '', sound = ''] = [ids[0], ids[1]]
  await deliverAllBut(store, [damaged, sound])
  const [full = ''] = segmentsOf(home)
  const file = await open(join(home, 'spool', full), 'r+')
  await file.write(Buffer.from('x'), 0, 1, 7)
  await file.close()
  await store.compact()
  expect(segmentsOf(home)).toContain(full)
  await expect(store.content(damaged)).rejects.toMatchObject({ code: 'store-unavailable' })
  await store.compact()
  expect((await contentOf(store, sound)).equals(bodyOf(1))).toBe(true)
  // What is left in the file is the damaged one alone.
  expect(octetsIn(home) - statSync(join(home, 'spool', full)).size).toBeGreaterThanOrEqual(BODY_BYTES)
})
