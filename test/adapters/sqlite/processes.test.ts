/** Two processes on one home, and processes that die at any moment. */
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { NEW_SET } from '../../../src/account/configuration-set.ts'
import { ACCOUNT_MIGRATIONS, accountFile, createAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { systemProcesses } from '../../../src/adapters/sqlite/owner.ts'
import { isFinal } from '../../../src/mail/outcome.ts'
import { createDestination } from '../../../src/operations/event-destinations.ts'
import { publishDue } from '../../../src/operations/publish-events.ts'
import type { EventPublisher } from '../../../src/ports/event-publisher.ts'
import { bytesOf, messageOf, openTheGates, spooled, T0, tempFolder } from '../../support/account.ts'
import { bodyFor } from '../../support/body-for.ts'
import { bundle, run } from '../../support/child.ts'

let child: string
beforeAll(async () => {
  child = await bundle('test/support/store-child.ts')
  return () => rmSync(dirname(child), { recursive: true, force: true })
})

async function newHome(): Promise<string> {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'system' })
  const { store } = openAccount(home, 'live')
  await openTheGates(store)
  await store.close()
  return home
}

function integrity(home: string): unknown[] {
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  try {
    return [
      ...database
        .prepare('PRAGMA integrity_check')
        .all()
        .map(row => row.integrity_check),
      ...database.prepare('PRAGMA foreign_key_check').all(),
    ]
  } finally {
    database.close()
  }
}

const spoolOf = (home: string): string[] => readdirSync(join(home, 'spool'))

describe('several processes', () => {
  it('make one account when they all make it at once', async () => {
    const home = join(tempFolder(), 'home')
    const all = await Promise.all([1, 2, 3, 4].map(() => run(child, ['init', home])))
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']))
    expect(new Set(all.flatMap(({ lines }) => lines)).size).toBe(1)
  })

  it('write events while one reads them: none appears behind what was read', async () => {
    const home = await newHome()
    const { store, clock } = openAccount(home, 'live')
    onTestFinished(() => store.close())
    const set = { kind: 'set', name: 'receipts' } as const
    await store.addConfigurationSet({ name: set.name, createdAt: 0, ...NEW_SET })
    const told: string[] = []
    const eventPublisher: EventPublisher = {
      async send(_, [parcel]) {
        told.push(JSON.parse(parcel?.body ?? '').mail.messageId)
        return { taken: true, summary: '', ms: 0 }
      },
      pagesUnder: () => {},
      snsSigner: () => Promise.reject(new Error('nothing is signed here')),
      close: async () => {},
    }
    const app = { store, clock, eventPublisher }
    await createDestination(app, {
      owner: set,
      name: 'hooks',
      enabled: true,
      service: { kind: 'plain' },
      place: { kind: 'url', url: 'http://127.0.0.1:9/' },
    })
    let running = 3
    const all = Promise.all([1, 2, 3].map(() => run(child, ['happen', home, '200']).finally(() => (running -= 1))))
    const ask = { signal: new AbortController().signal }
    for (let isLast = false; !isLast; ) {
      isLast = running === 0
      for (const { error } of await publishDue(app, ask)) expect(error).toBeNull()
      await new Promise(done => setImmediate(done))
    }
    const accepted = (await all).flatMap(({ lines }) => lines.map(line => line.slice('accepted '.length)))
    expect(accepted).toHaveLength(600)
    expect(told.sort()).toEqual(accepted.sort())
  }, 60_000)

  it('share quota and queue: none too many, none lost, none twice', async () => {
    const home = await newHome()
    const before = openAccount(home, 'live').store
    await before.saveAccount({ ...(await before.account()), max24HourSend: 160 })
    await before.close()
    const all = await Promise.all([1, 2, 3].map(() => run(child, ['hammer', home, '40'])))
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']))
    const lines = all.flatMap(one => one.lines)
    const accepted = lines.filter(line => line.startsWith('accepted ')).map(line => line.slice(9))
    expect(accepted).toHaveLength(80)
    expect(lines.filter(line => line === 'refused quota-exceeded')).toHaveLength(40)
    const delivered = lines.filter(line => line.startsWith('delivered ')).map(line => line.slice(10))
    expect(delivered.sort()).toEqual(accepted.flatMap(id => [`${id} 0`, `${id} 1`]).sort())

    const { store } = openAccount(home, 'live')
    onTestFinished(() => store.close())
    expect((await store.messages(1_000)).map(({ id }) => id).sort()).toEqual(accepted.sort())
    expect((await store.usage(Date.now())).sentLast24Hours).toBe(160)
    expect(await store.queueStats()).toEqual({ queued: 0, active: 0, deferred: 0, held: 0 })
    expect(await store.eventCounts(0)).toEqual({ Test: 2 * 160 })
    expect(spoolOf(home)).toEqual([])
    expect(integrity(home)).toEqual(['ok'])
  }, 60_000)
})

describe('kill -9', () => {
  it.each([1, 4, 9, 17, 30, 61])('after %i answers loses nothing that was accepted', async answers => {
    const home = await newHome()
    let seen = 0
    const { code, lines, stderr } = await run(child, ['forever', home], {
      onLine: (_, process) => {
        seen += 1
        if (seen === answers) process.kill('SIGKILL')
      },
    })
    expect([code, stderr]).toEqual([null, ''])
    const accepted = lines.filter(line => line.startsWith('accepted ')).map(line => line.slice(9))
    expect(integrity(home)).toEqual(['ok'])

    const { store } = openAccount(home, 'live')
    onTestFinished(() => store.close())
    const stored = (await store.messages(10_000)).map(({ id }) => id)
    for (const id of accepted) expect(stored).toContain(id)
    // One lease, at once and not after the dead process's lease has run out, takes everything that is not final.
    const leased = await store.lease({ now: Date.now(), leaseMs: 60_000, limit: 100_000 })
    const taken = new Set(leased.flatMap(({ message, recipients }) => recipients.map(({ index }) => `${message.id} ${index}`)))
    for (const id of stored) {
      const message = await store.message(id)
      const open = message?.recipients.filter(({ state }) => !isFinal(state)) ?? []
      for (const { index } of open) expect(taken).toContain(`${id} ${index}`)
      const content = await store.content(id)
      expect(content === undefined).toBe(open.length === 0)
      if (content) expect((await bytesOf(content.body)).equals(bodyFor(id))).toBe(true)
    }
    for (const delivered of lines.filter(line => line.startsWith('delivered '))) expect(taken).not.toContain(delivered.slice(10))

    for (const { message, recipients } of leased)
      await store.settle({
        messageId: message.id,
        attempts: [],
        recipients: recipients.map(({ index }) => ({
          index,
          state: 'delivered',
          nextAttemptAt: null,
          outcome: { action: 'delivered', status: '2.0.0', reply: '250 OK' },
        })),
        settledAt: Date.now(),
        events: [],
        reports: [],
      })
    await store.close()
    expect(spoolOf(home)).toEqual([])
  })
})

describe('owners', () => {
  const openAs = (home: string, pid: number, alive: (pid: number) => boolean) => {
    const { store } = openAccount(home, 'live', { processes: { own: { pid, token: `token-${pid}` }, isAlive: alive } })
    onTestFinished(() => store.close())
    return store
  }

  it('are asked after at most once a second', async () => {
    const home = await newHome()
    let machineNow = T0
    let asked = 0
    const holder = openAs(home, 1, () => true)
    await holder.accept(messageOf(), [])
    await holder.lease({ now: T0, leaseMs: 60_000, limit: 1 })
    const { store } = openAccount(home, 'live', {
      machineNow: () => machineNow,
      processes: {
        own: { pid: 2, token: '' },
        isAlive: () => {
          asked += 1
          return asked < 4
        },
      },
    })
    onTestFinished(() => store.close())
    const takes = async (): Promise<number> => (await store.lease({ now: T0, leaseMs: 60_000, limit: 1 })).length
    expect([await takes(), await takes(), asked]).toEqual([0, 0, 1])
    machineNow += 1_000
    expect([await takes(), asked]).toEqual([0, 2])
    machineNow -= 86_400_000 // the clock was set back
    expect([await takes(), asked]).toEqual([0, 3])
    machineNow += 1_000
    expect([await takes(), asked]).toEqual([1, 4])
  })

  it('lose their empty segments when they are gone, and keep the ones that messages refer to', async () => {
    const home = await newHome()
    const gone = openAs(home, 1, () => true)
    const soon = Date.now() + 10_000 // when the bucket has tokens
    const message = messageOf({ acceptedAt: soon, body: await spooled(gone, Buffer.alloc(300_000)) })
    const sink = gone.newBody()
    await sink.write(Buffer.alloc(300_000))
    const inKept = await spooled(gone, Buffer.alloc(300_000))
    const inRemoved = await sink.finish()
    const whole = messageOf({ acceptedAt: soon, body: { kind: 'inline', bytes: Buffer.alloc(50_000, 'whole') } })
    await gone.accept(message, [])
    await gone.accept(whole, [])
    expect(spoolOf(home)).toHaveLength(2)
    const next = openAs(home, 2, pid => pid !== 1)
    await next.lease({ now: T0 - 1, leaseMs: 1, limit: 1 })
    expect(spoolOf(home)).toHaveLength(1)
    const content = await next.content(message.id)
    expect(content && (await bytesOf(content.body)).length).toBe(300_000)
    // One that was taken for dead by mistake is told so, instead of referring to a file that may go at any time.
    for (const body of [inKept, inRemoved])
      await expect(gone.accept(messageOf({ body }), [])).rejects.toMatchObject({ code: 'store-unavailable' })
    // A body that came whole goes into another file then.
    const late = messageOf({ acceptedAt: soon, body: whole.body })
    await gone.accept(late, [])
    expect(spoolOf(home)).toHaveLength(2)
    for (const { id } of [whole, late]) {
      const content = await next.content(id)
      expect(content && (await bytesOf(content.body)).equals(Buffer.alloc(50_000, 'whole'))).toBe(true)
    }
  })

  it('are known by their start, so that a reused process number is not taken for them', async () => {
    const { pid, token } = systemProcesses.own
    expect(systemProcesses.isAlive(pid, token)).toBe(true)
    if (process.platform === 'linux') expect(systemProcesses.isAlive(pid, `${token}0`)).toBe(false)
    expect(systemProcesses.isAlive(pid, '')).toBe(true)
    expect(systemProcesses.isAlive(2 ** 22 + 1, '')).toBe(false)
    expect(systemProcesses.isAlive(2 ** 22 + 1, token)).toBe(false)
  })
})
