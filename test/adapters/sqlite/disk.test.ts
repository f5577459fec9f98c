/** What happens when files are missing, damaged, forbidden or do not fit: a clear error, and nothing half-stored. */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { accountFile, createAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import type { Store } from '../../../src/ports/store.ts'
import { bytesOf, messageOf, openTheGates, spooled, T0, tempFolder } from '../../support/account.ts'
import { bundle, run } from '../../support/child.ts'

let child: string
beforeAll(async () => {
  child = await bundle('test/support/store-child.ts')
  return () => rmSync(dirname(child), { recursive: true, force: true })
})

async function newHome(): Promise<{ home: string; store: Store }> {
  const home = join(tempFolder(), 'deep', 'home')
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 })
  const { store } = openAccount(home, 'live')
  onTestFinished(() => store.close())
  await openTheGates(store)
  return { home, store }
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const segmentsOf = (home: string): string[] => readdirSync(join(home, 'spool')).map(name => join(home, 'spool', name))

describe('a missing or unusable home', () => {
  it('points to init where there is none', () => {
    const home = tempFolder()
    const refused = expect.objectContaining({ code: 'config', hint: 'Run mailctl init.' })
    expect(() => openAccount(home, 'lab')).toThrow(refused)
    expect(() => openAccount(join(home, 'none'), 'lab')).toThrow(refused)
    expect(readdirSync(home)).toEqual([])
  })

  it('is refused when the file is no database', async () => {
    const { home, store } = await newHome()
    await store.close()
    writeFileSync(accountFile(home), 'x'.repeat(8_192))
    expect(() => openAccount(home, 'lab')).toThrow(expect.objectContaining({ code: 'store-unavailable', hint: expect.any(String) }))
  })

  it('is refused when the database is damaged', async () => {
    const { home, store } = await newHome()
    await store.close()
    const file = await open(accountFile(home), 'r+')
    for (let page = 1; page < 30; page += 1) await file.write(Buffer.alloc(4_096, 0xff), 0, 4_096, page * 4_096)
    await file.close()
    expect(() => openAccount(home, 'lab')).toThrow(expect.objectContaining({ code: 'store-unavailable' }))
  })

  it.skipIf(process.platform === 'win32')('is refused when it is read-only, by a helpful line', async () => {
    const { home, store } = await newHome()
    await store.close()
    for (const folder of [join(home, '..', '..'), join(home, '..')]) chmodSync(folder, 0o755)
    chmodSync(home, 0o555)
    chmodSync(accountFile(home), 0o444)
    const { lines } = await run(child, ['stranger', home])
    chmodSync(home, 0o700)
    expect(lines).toEqual([expect.stringMatching(/^refused store-unavailable cannot open .*account\.db: E(ACCES|PERM).* writable/)])
  })
})

describe('modes', () => {
  it.each([0o000, 0o022, 0o777])('are private under umask %o', async umask => {
    const before = process.umask(umask)
    try {
      const { home, store } = await newHome()
      await store.accept(messageOf({ body: await spooled(store, Buffer.alloc(50_000)) }), [])
      expect([home, join(home, 'spool')].map(modeOf)).toEqual(['700', '700'])
      const files = [...['', '-wal', '-shm'].map(suffix => `${accountFile(home)}${suffix}`), ...segmentsOf(home)]
      expect(files.map(modeOf)).toEqual(['600', '600', '600', '600'])
      await store.close()
    } finally {
      process.umask(before)
    }
  })

  it('are made private again', async () => {
    const { home, store } = await newHome()
    await store.close()
    chmodSync(accountFile(home), 0o644)
    await openAccount(home, 'lab').store.close()
    expect(modeOf(accountFile(home))).toBe('600')
  })
})

describe.skipIf(process.platform === 'win32')('a full disk', () => {
  it('refuses the body, stores nothing of it, gives the space back and goes on', async () => {
    const { home, store } = await newHome()
    await store.close()
    const { lines, code, stderr } = await run(child, ['large', home, '5000000'], { limits: 'ulimit -f 2048' })
    expect([code, stderr]).toEqual([0, ''])
    expect(lines).toEqual([
      expect.stringMatching(/^refused store-unavailable cannot spool the message: disk full \((EFBIG|ENOSPC)\) Free some space/),
      'accepted after',
    ])
    const [segment, ...others] = segmentsOf(home)
    expect(others).toEqual([])
    expect(statSync(segment ?? '').size).toBeLessThan(100_000)
  })

  it('refuses messages in the database, and keeps those it answered for', async () => {
    const { home, store } = await newHome()
    await store.close()
    const { lines, code, stderr } = await run(child, ['fill', home], { limits: 'ulimit -f 512' })
    expect([code, stderr]).toEqual([0, ''])
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.at(-1)).toMatch(/^refused store-unavailable cannot use .*account\.db/)
    const after = openAccount(home, 'live').store
    onTestFinished(() => after.close())
    const accepted = lines.slice(0, -1).map(line => line.slice(9))
    expect((await after.messages(10_000)).map(({ id }) => id).sort()).toEqual(accepted.sort())
  })
})

describe('the spool', () => {
  async function withBody(size: number): Promise<{ home: string; store: Store; id: string; segment: string }> {
    const { home, store } = await newHome()
    const message = messageOf({ body: await spooled(store, Buffer.alloc(size, 'body')) })
    await store.accept(message, [])
    const [segment = ''] = segmentsOf(home)
    return { home, store, id: message.id, segment }
  }
  async function deliver(store: Store, messageId: string): Promise<void> {
    for (const { recipients } of await store.lease({ now: T0, leaseMs: 1_000, limit: 1, messageId }))
      await store.settle({
        messageId,
        attempts: [],
        recipients: recipients.map(({ index }) => ({
          index,
          state: 'delivered',
          nextAttemptAt: null,
          outcome: { action: 'delivered', status: '2.0.0', reply: '250 OK' },
        })),
        settledAt: T0,
        events: [],
        reports: [],
      })
  }
  const lost = expect.objectContaining({ code: 'store-unavailable', message: expect.stringContaining('the spool lost a message body') })

  describe.each([200_000, 400_000])('with a body of %i octets', size => {
    it('says so when its file has gone', async () => {
      const { store, id, segment } = await withBody(size)
      unlinkSync(segment)
      await expect(store.content(id)).rejects.toEqual(lost)
    })

    it('says so when the tail is torn', async () => {
      const { store, id, segment } = await withBody(size)
      truncateSync(segment, size - 1)
      await expect(store.content(id)).rejects.toEqual(lost)
    })

    it('says so when one octet is another, at the latest where the body would end', async () => {
      const { store, id, segment } = await withBody(size)
      const file = await open(segment, 'r+')
      await file.write(Buffer.from('X'), 0, 1, 100_000)
      await file.close()
      const read = async (): Promise<unknown> => {
        const content = await store.content(id)
        return content && bytesOf(content.body)
      }
      await expect(read()).rejects.toEqual(lost)
    })

    it('takes garbage after the last body for what it is', async () => {
      const { store, id, segment } = await withBody(size)
      truncateSync(segment, size + 100_000)
      const content = await store.content(id)
      expect(content && (await bytesOf(content.body)).equals(Buffer.alloc(size, 'body'))).toBe(true)
    })
  })

  it('says so when a large body is lost between the look and the reading', async () => {
    const { store, id, segment } = await withBody(400_000)
    const content = await store.content(id)
    truncateSync(segment, 399_999)
    await expect(content && bytesOf(content.body)).rejects.toEqual(lost)
    unlinkSync(segment)
    await expect(content && bytesOf(content.body)).rejects.toEqual(lost)
  })

  it('shares a file between streamed bodies and removes it with the last of them', async () => {
    const { home, store, id } = await withBody(2_000_000)
    const second = messageOf({ body: await spooled(store, Buffer.alloc(300_000, 'second')) })
    await store.accept(second, [])
    expect(segmentsOf(home)).toHaveLength(1)
    await deliver(store, id)
    const content = await store.content(second.id)
    expect(content && (await bytesOf(content.body)).equals(Buffer.alloc(300_000, 'second'))).toBe(true)
    await deliver(store, second.id)
    expect(segmentsOf(home)).toEqual([])
  })

  it('puts the whole bodies of a burst into one file, none of them into the database, and nothing of those that are refused', async () => {
    const { home, store } = await newHome()
    const bodies = Array.from({ length: 12 }, (_, i) => Buffer.alloc(100_000 + i, `${i} `))
    const messages = bodies.map((bytes, i) =>
      messageOf({ body: { kind: 'inline', bytes }, ...(i % 4 === 3 && { senders: ['mallory@example.org'] }) }),
    )
    const answers = await Promise.allSettled(messages.map(message => store.accept(message, [])))
    expect(answers.map(({ status }) => status[0])).toEqual([...'fffrfffrfffr'])
    const taken = bodies.filter((_, i) => i % 4 !== 3)
    const [segment = '', ...others] = segmentsOf(home)
    expect(others).toEqual([])
    expect(readFileSync(segment).equals(Buffer.concat(taken))).toBe(true)
    expect(statSync(accountFile(home)).size + statSync(`${accountFile(home)}-wal`).size).toBeLessThan(900_000)
    for (const [i, { id }] of messages.entries()) {
      const content = await store.content(id)
      expect(content && (await bytesOf(content.body)).equals(bodies[i] ?? Buffer.alloc(0))).toBe(i % 4 === 3 ? undefined : true)
    }
    for (const { id } of messages) await deliver(store, id)
    expect(readdirSync(join(home, 'spool'))).toHaveLength(1) // kept for the next, being small
  })

  it('goes on with another file when the first is full, and drops each with its last message', async () => {
    const { home, store } = await newHome()
    const bytes = Buffer.alloc(256 * 1024, 'full')
    const messages = Array.from({ length: 70 }, () => messageOf({ body: { kind: 'inline', bytes } }))
    for (const message of messages) await store.accept(message, [])
    expect(segmentsOf(home)).toHaveLength(2)
    for (const { id } of messages.slice(0, 64)) await deliver(store, id)
    expect(segmentsOf(home)).toHaveLength(1)
    const [last] = messages.slice(-1)
    const content = last && (await store.content(last.id))
    expect(content && (await bytesOf(content.body)).equals(bytes)).toBe(true)
    for (const { id } of messages.slice(64)) await deliver(store, id)
    expect(segmentsOf(home)).toEqual([])
  })

  it('gives the space of an aborted body back', async () => {
    const { store, segment } = await withBody(300_000)
    const sink = store.newBody()
    await sink.write(Buffer.alloc(500_000))
    await sink.abort()
    expect(statSync(segment).size).toBe(300_000)
    const finished = store.newBody()
    await finished.write(Buffer.alloc(500_000))
    await finished.finish()
    await finished.abort()
    expect(statSync(segment).size).toBe(300_000)
    await expect(sink.write(Buffer.alloc(1))).rejects.toThrow(/ended/)
  })

  it('removes files that no row knows', async () => {
    const { home, store } = await withBody(50_000)
    writeFileSync(join(home, 'spool', '99-1.seg'), 'left by a crash')
    await store.lease({ now: T0 - 1, leaseMs: 1, limit: 1 })
    expect(segmentsOf(home)).toHaveLength(1)
  })
})
