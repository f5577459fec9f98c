/** A home made by the first schema, with one message in each stage of life, read through the port after it was converted. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { makePrivateFolder } from '../../../src/adapters/private-files.ts'
import { ACCOUNT_MIGRATIONS, accountFile, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { systemProcesses } from '../../../src/adapters/sqlite/owner.ts'
import type { SqlValue } from '../../../src/base/database.ts'
import type { Outcome } from '../../../src/mail/outcome.ts'
import { bytesOf, identityOf, messageOf, T0, tempFolder } from '../../support/account.ts'

const { facts } = messageOf()
const later: Outcome = { action: 'delayed', status: '4.2.1', reply: '451 4.2.1 try later' }
const mail = (messageId: string, tags: object): object => ({
  timestamp: '2026-01-01T00:00:00.000Z',
  source: facts.source,
  sourceArn: 'arn:aws:ses:eu-west-1:111122223333:identity/example.com', // the region was changed after the account was made
  sendingAccountId: '111122223333',
  messageId,
  destination: ['a@example.net', 'b@example.net'],
  headersTruncated: false,
  headers: [{ name: 'From', value: 'ann@example.com' }],
  commonHeaders: { from: [facts.source], date: facts.date, to: facts.to, messageId, subject: 'Hello' },
  tags,
})
const send = (id: string): object => ({ eventType: 'Send', mail: mail(id, { team: ['a'] }), send: {} })
const delivery = (id: string): object => ({
  eventType: 'Delivery',
  mail: mail(id, { team: ['a'], 'ses:outgoing-ip': ['192.0.2.1'] }),
  delivery: { timestamp: '2026-01-01T00:00:01.000Z', recipients: ['a@example.net'] },
})
const body = Buffer.alloc(9_000, 'body')

function oldHome(): string {
  const home = tempFolder()
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS.slice(0, 1))
  database.exec(`
    INSERT INTO account VALUES (1, '111122223333', 'us-east-1', ${T0}, 1, -1, 14, 1, 'HEALTHY');
    INSERT INTO clock VALUES (1, 'system', NULL, NULL, x'00');
    INSERT INTO usage VALUES (1, 4, 14, ${T0});
    INSERT INTO segment VALUES ('1-1.seg', NULL);
  `)
  const { pid, token } = systemProcesses.own
  database.prepare(`INSERT INTO owner (id, pid, token) VALUES (1, ?, ?), (2, ?, 'of a process that is gone')`).run(pid, token, pid)
  const add = (id: string, set: string | null, head: Buffer | null, inline: Buffer | null): void => {
    database
      .prepare(
        `INSERT INTO message (id, kind, accepted_at, expires_at, envelope_from, return_path, facts, idempotency_key, size_bytes, head, inline)
         VALUES (?, 'mail', ?, ?, 'e@x.example', 'r@x.example', ?, ?, 99, ?, ?)`,
      )
      .run(id, T0, T0 + 9, JSON.stringify({ ...facts, tags: { team: ['a'] }, configurationSet: set }), `key of ${id}`, head, inline)
  }
  add('done', 'set', null, null)
  add('small', null, Buffer.from('head'), Buffer.from('tiny'))
  add('large', null, Buffer.from('head'), null)
  add('leased', null, Buffer.from('head'), Buffer.from('tiny'))
  database
    .prepare(`UPDATE message SET segment = '1-1.seg', body_offset = 5, body_length = ?, body_sha256 = ? WHERE id = 'large'`)
    .run(body.length, createHash('sha256').update(body).digest())
  const recipient = database.prepare(
    `INSERT INTO recipient (message, position, address, domain, state, attempts, next_attempt_at, outcome, settled_at, was, owner, lease_until)
     VALUES (?, ?, ?, 'example.net', ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const fates: SqlValue[][] = [
    ['delivered', 1, null, JSON.stringify({ action: 'delivered', status: '2.0.0', reply: '250 OK' }), T0 + 1, null, null, null],
    ['queued', 0, T0, null, null, null, null, null],
    ['deferred', 1, T0 + 5, JSON.stringify(later), null, null, null, null],
    ['active', 1, T0, JSON.stringify(later), null, 'deferred', 2, T0 + 60_000],
  ]
  for (const [i, fate] of fates.entries())
    for (const position of [0, 1]) recipient.run(i + 1, position, `${'ab'[position]}@example.net`, ...fate)
  const event = database.prepare('INSERT INTO event (type, at, message_id, recipients, event) VALUES (?, ?, ?, ?, ?)')
  for (const id of ['done', 'small', 'large', 'leased'])
    event.run('Send', T0, id, '["a@example.net","b@example.net"]', JSON.stringify(send(id)))
  event.run('Delivery', T0 + 1, 'done', '["a@example.net"]', JSON.stringify(delivery('done')))
  database.prepare('INSERT INTO attempt (message, started_at, record) VALUES (1, ?, ?)').run(T0, JSON.stringify({ host: 'mx.example' }))
  database.close()
  makePrivateFolder(join(home, 'spool'))
  writeFileSync(join(home, 'spool', '1-1.seg'), Buffer.concat([Buffer.from('other'), body]))
  return home
}

it('keeps everything of a home of the first schema', async () => {
  const { store, database } = openAccount(oldHome(), 'live')
  onTestFinished(() => store.close())
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  expect(
    database
      .prepare('PRAGMA integrity_check')
      .all()
      .map(row => row.integrity_check),
  ).toEqual(['ok'])

  const ids = ['done', 'small', 'large', 'leased']
  expect((await store.messages(9)).map(({ id }) => id)).toEqual(ids.toReversed())
  for (const id of ids) expect(await store.idOfKey(`key of ${id}`)).toBe(id)
  expect(await store.message('done')).toMatchObject({ sizeBytes: 99, facts: { configurationSet: 'set', tags: { team: ['a'] } } })
  expect((await store.message('done'))?.recipients).toMatchObject([
    { address: 'a@example.net', state: 'delivered', attempts: 1, settledAt: T0 + 1, outcome: { reply: '250 OK' } },
    { address: 'b@example.net', state: 'delivered' },
  ])
  expect(await store.attempts('done')).toEqual([{ host: 'mx.example' }])

  // The very same JSON, in the same order of members.
  const events = await store.events({})
  const expected = [...ids.map(send), delivery('done')]
  expect(events.map(({ event }) => JSON.stringify(event))).toEqual(expected.map(event => JSON.stringify(event)))
  expect(events.at(-1)).toMatchObject({ id: 5, type: 'Delivery', at: T0 + 1, messageId: 'done', recipients: ['a@example.net'] })
  expect((await store.events({ messageId: 'done' })).map(({ id }) => id)).toEqual([1, 5])

  expect(await store.activity({ from: T0, until: T0 + 1, spanMs: 600_000 })).toEqual([
    { at: T0, type: 'Delivery', events: 1, recipients: 1, octets: 0 },
    { at: T0, type: 'Send', events: 4, recipients: 8, octets: 8 * 99 },
  ])

  expect(await store.content('done')).toBeUndefined()
  const [small, large] = [await store.content('small'), await store.content('large')]
  expect(small && [small.head.toString(), (await bytesOf(small.body)).toString()]).toEqual(['head', 'tiny'])
  expect(large && (await bytesOf(large.body)).equals(body)).toBe(true)

  expect(await store.queueStats()).toEqual({ queued: 2, active: 2, deferred: 2, held: 0 })
  const leased = await store.lease({ now: T0 + 5, leaseMs: 1_000, limit: 9 })
  expect(leased.map(({ message, recipients }) => [message.id, recipients.length])).toEqual([
    ['small', 2],
    ['leased', 2], // its holder is gone
    ['large', 2],
  ])
})

it('gives identities of before what is new in them', async () => {
  const home = oldHome()
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS.slice(0, 1))
  const old = (name: string, status: string, dkimStatus: string, tokens: readonly string[]): void => {
    const { signingChosen, startedAt, unproved, signing, retired, lengthChangedAt, downgradedAt, ...dkim } = identityOf(name).dkim
    const { tags, nextCheckAt, ...rest } = identityOf(name)
    const record = { ...rest, verification: { ...rest.verification, status }, dkim: { ...dkim, status: dkimStatus, tokens } }
    database.prepare('INSERT INTO identity (name, record) VALUES (?, ?)').run(name, JSON.stringify(record))
  }
  old('proved.test', 'SUCCESS', 'SUCCESS', ['a', 'b', 'c'])
  old('pending.test', 'PENDING', 'PENDING', ['d', 'e', 'f'])
  old('failed.test', 'FAILED', 'FAILED', ['g', 'h', 'i'])
  old('ann@example.com', 'SUCCESS', 'NOT_STARTED', [])
  database.close()

  const { store } = openAccount(home, 'live')
  onTestFinished(() => store.close())
  const proved = identityOf('proved.test')
  const signing = { token: 'a', method: 'txt', keyLength: 'RSA_2048_BIT' } as const
  expect(await store.identity('proved.test')).toEqual({
    ...proved,
    nextCheckAt: T0,
    dkim: { ...proved.dkim, tokens: ['a', 'b', 'c'], signing },
  })
  expect((await store.identity('pending.test'))?.dkim).toMatchObject({ signing: null, unproved: ['d', 'e', 'f'], signingChosen: true })
  expect(await store.identity('failed.test')).toMatchObject({ nextCheckAt: null, dkim: { signing: null } })
  expect(await store.identity('ann@example.com')).toMatchObject({
    nextCheckAt: null,
    tags: [],
    dkim: { signingChosen: false, signing: null },
  })
  expect((await store.identitiesToCheck({ now: T0, limit: 9 })).map(({ name }) => name)).toEqual(['pending.test', 'proved.test'])
  const was = await store.identity('proved.test')
  if (was) await store.saveIdentity({ ...was, nextCheckAt: null }, was)
  await store.deleteIdentity('failed.test')
  const count = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  onTestFinished(() => count.close())
  expect({ ...count.prepare('SELECT count FROM identity_count').get() }).toEqual({ count: 3 })
})
