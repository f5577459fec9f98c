/**
 * The built program killed with SIGKILL in the middle of `send`, at moments seen from outside (the spool, the tables of both databases)
 * and at moments spread over its whole run. What was accepted is delivered by a later flush; what was not has left nothing.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chooseEngine } from '../../src/adapters/sqlite/engines.ts'
import { openShop, type Shop } from '../support/shop.ts'

/** Signs that the moment to kill has come: one that was not there before the program was started. */
type Moment = (shop: Shop, subject: string) => readonly string[]

/** What a question about a database of the home finds, by the column `id`; nothing while there is no such file or table. */
function rows(shop: Shop, file: string, sql: string, ...values: readonly string[]): string[] {
  const path = join(shop.home, file)
  if (!existsSync(path)) return []
  const database = chooseEngine().open(path)
  try {
    return database
      .prepare(sql)
      .all(...values)
      .map(({ id }) => String(id))
  } catch {
    return []
  } finally {
    database.close()
  }
}

const MOMENTS: Readonly<Record<string, Moment>> = {
  'the body is being spooled': shop => {
    const folder = join(shop.home, 'spool')
    return readdirSync(folder).filter(name => (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) > 0)
  },
  'the message was accepted': shop => rows(shop, 'account.db', 'SELECT id FROM message'),
  'a recipient is leased': (shop, subject) =>
    rows(
      shop,
      'account.db',
      `SELECT id FROM message JOIN recipient ON message = seq WHERE state = 'active' AND json_extract(facts, '$.subject') = ?`,
      subject,
    ),
  'the message is arriving': shop => rows(shop, 'lab.db', 'SELECT id FROM inbox_message'),
  'the receiver took it': shop => rows(shop, 'lab.db', 'SELECT id FROM inbox_message WHERE taken = 1'),
}
/** After these the message is accepted for sure. */
const ACCEPTED = ['the message was accepted', 'a recipient is leased', 'the message is arriving', 'the receiver took it']
const SPREAD = 7

/** @returns whether it was killed before it ended by itself */
async function killedSend(shop: Shop, args: readonly string[], hasCome: () => boolean): Promise<boolean> {
  let watching = true
  const ended = shop.run(args, {
    started: child => {
      const look = (): void => {
        if (!watching) return
        if (hasCome()) child.kill('SIGKILL')
        else setTimeout(look, 1)
      }
      look()
    },
  })
  const { code } = await ended
  watching = false
  return code === null
}

test('a killed send loses nothing that was accepted', { timeout: 240_000 }, async () => {
  const shop = await openShop()
  const file = join(shop.folder, 'data.bin')
  const octets = randomBytes(3_000_000)
  await writeFile(file, octets)
  const send = (subject: string): string[] => shop.message(subject, '--text', 'x', '--attach', file)

  // An undisturbed run tells how long one takes on this machine now.
  const startedAt = performance.now()
  const whole = await shop.json(send('undisturbed'))
  const lasts = performance.now() - startedAt
  expect(whole.Recipients).toEqual([expect.objectContaining({ Status: 'DELIVERED' })])

  const killed: Record<string, boolean> = {}
  for (const [name, moment] of Object.entries(MOMENTS)) {
    const before = new Set(moment(shop, name))
    killed[name] = await killedSend(shop, send(name), () => moment(shop, name).some(sign => !before.has(sign)))
  }
  for (let i = 0; i < SPREAD; i += 1) {
    const at = performance.now() + (lasts * (i + 0.5)) / SPREAD
    killed[`moment ${i}`] = await killedSend(shop, send(`moment ${i}`), () => performance.now() >= at)
  }
  expect(Object.entries(killed).filter(([name, was]) => was && name in MOMENTS)).not.toEqual([])

  const flushed = await shop.json(['queue', 'flush'])
  expect(flushed).toMatchObject({ Queued: 0, Active: 0, Deferred: 0, Held: 0 })

  const { Events } = await shop.json(['events', 'list', '--type', 'Send', '--limit', '100'])
  const accepted: string[] = Events.map(({ mail }: { mail: { commonHeaders: { subject: string } } }) => mail.commonHeaders.subject)
  const { Messages } = await shop.json(['inbox', 'list', '--limit', '100'])
  const received: { Id: string; Subject: string }[] = Messages
  expect(new Set(received.map(({ Subject }) => Subject))).toEqual(new Set(accepted))
  for (const name of ACCEPTED) if (killed[name]) expect(accepted).toContain(name)
  // One commit is the promise: a message has its Send event once, however often it was attempted.
  expect(accepted).toHaveLength(new Set(accepted).size)

  const sha256 = createHash('sha256').update(octets).digest('hex')
  for (const { Id } of received) {
    const { Attachments, Authentication } = await shop.json(['inbox', 'show', Id])
    expect(Attachments).toEqual([expect.objectContaining({ Sha256: sha256 })])
    expect(Authentication.Dmarc).toBe('pass')
  }
  for (const name of ['account.db', 'lab.db']) {
    const database = chooseEngine().open(join(shop.home, name))
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    database.close()
  }
  expect(await shop.spooled()).toEqual([])
})
