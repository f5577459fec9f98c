/** No statement of the store reads a table from end to end where old mail would make that slow. Asked of SQLite itself. */
import { expect, it, onTestFinished } from 'vitest'
import { NEW_SET } from '../../../src/account/configuration-set.ts'
import { ACCOUNT_MIGRATIONS, accountFile, createAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../../src/adapters/sqlite/driver.ts'
import { openStore } from '../../../src/adapters/sqlite/store.ts'
import type { Database } from '../../../src/base/database.ts'
import type { Store } from '../../../src/ports/store.ts'
import { messageOf, openTheGates, spooled, T0, tempFolder } from '../../support/account.ts'

/** Tables of one row, of a row per process or per destination, or that are listed whole on purpose. */
const SMALL =
  /^SCAN (queue_count|account|clock|usage|owner|identity_count|event_destination|configuration_set|sqlite_sequence|json_each|VIRTUAL|CONSTANT)/
/** Reading rows in the order of an index, from its start until the limit, or all that wait or are held. */
const IN_ORDER = /USING (COVERING )?INDEX recipient_(due|open|active)|USING (COVERING )?INDEX identity_check|^SCAN \(subquery/

it('uses an index for every statement of a message’s life', async () => {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 })
  const database = openDatabase(accountFile(home), ACCOUNT_MIGRATIONS)
  const statements = new Set<string>()
  const watched: Database = {
    ...database,
    prepare(sql) {
      statements.add(sql)
      return database.prepare(sql)
    },
  }
  const store = openStore(watched, { home, network: 'live' })
  onTestFinished(() => store.close())
  await openTheGates(store)
  const message = messageOf({ body: await spooled(store, Buffer.alloc(10_000)), idempotencyKey: 'k' })
  await store.accept(message, [])
  await store.accept(messageOf({ idempotencyKey: 'k' }), [])
  await store.usage(T0)
  await store.lease({ now: T0 - 1, leaseMs: 1, limit: 1, messageId: message.id })
  for (const { recipients } of await store.lease({ now: T0, leaseMs: 60_000, limit: 5 }))
    await store.settle({
      messageId: message.id,
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
  await store.release()
  await store.bringForward({ now: T0, latest: T0, limit: 10 })
  for (const id of [undefined, message.id]) await store.nextDueAt(id)
  await store.content(message.id)
  await store.attempts(message.id)
  await store.queue({ limit: 10 })
  await store.queueStats()
  const entry = { address: 'bob@example.net', reason: 'BOUNCE', updatedAt: T0, messageId: null, feedbackId: null } as const
  await store.suppress([entry])
  await store.accept(messageOf(), [])
  await store.suppressedAddresses({ limit: 10 })
  await store.suppressedFrom('', 10)
  await store.globallySuppressed({ now: T0, limit: 10 })
  await store.unsuppress(['bob@example.net'])
  await store.unsuppressGlobally('bob@example.net', T0)
  const dead = messageOf()
  await store.accept(dead, [], { leaseMs: 60_000 })
  await store.settle({
    messageId: dead.id,
    attempts: [],
    recipients: [
      { index: 0, state: 'bounced', nextAttemptAt: null, outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no such user' } },
    ],
    settledAt: T0,
    events: [],
    reports: [],
    suppress: [{ ...entry, index: 0 }],
  })
  await store.events({ messageId: message.id })
  await store.events({ since: T0 })
  await store.events({ after: 1 })
  await store.eventCounts(T0)
  await store.activity({ from: T0, until: T0 + 1, spanMs: 600_000, type: 'Send' })
  await tellOf(store)
  await store.identitiesToCheck({ now: T0, limit: 5 })
  await store.nextCheckAt()

  const asked = [...statements].filter(sql => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(sql))
  expect(asked.length).toBeGreaterThan(30)
  const scans = asked.flatMap(sql => {
    const values = Array.from({ length: sql.split('?').length - 1 }, () => 1)
    return database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values)
      .map(row => String(row.detail))
      .filter(detail => detail.startsWith('SCAN') && !SMALL.test(detail) && !IN_ORDER.test(detail))
      .map(detail => `${detail}: ${sql}`)
  })
  expect(scans).toEqual([])
  const due = asked.find(sql => sql.includes('SELECT message, domain') && sql.includes('ORDER BY next_attempt_at')) ?? ''
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${due}`).all('example.net', 1)
  expect(plan.map(row => row.detail)).toEqual([expect.stringContaining('SEARCH recipient USING INDEX recipient_domain')])
})

/** An event that a destination takes, one that waits, one that is given up. */
async function tellOf(store: Store): Promise<void> {
  await store.addConfigurationSet({ name: 'receipts', createdAt: T0, ...NEW_SET })
  await store.addEventDestination({
    owner: { kind: 'set', name: 'receipts' },
    name: 'hooks',
    enabled: true,
    eventTypes: ['SEND'],
    service: { kind: 'plain' },
    place: { kind: 'file', path: '/nowhere' },
    includeHeaders: false,
    confirmed: true,
    token: 't',
    createdAt: T0,
  })
  const message = messageOf()
  const event = { type: 'Send', at: T0, messageId: message.id, recipients: message.recipients, detail: {} }
  await store.accept({ ...message, facts: { ...message.facts, configurationSet: 'receipts' } }, [event, event, event, event])
  const [destination = 0] = await store.destinationsToPublish(T0)
  const batch = await store.takePublications({ destination, now: T0, limit: 10 })
  const settled = (['taken', 'dead', 'waits', 'behind'] as const).flatMap((as, index) => {
    const eventId = batch?.items[index]?.event.id
    return eventId === undefined ? [] : [{ eventId, messageId: message.id, as, tries: 1, nextTryAt: T0, error: 'no' }]
  })
  expect(settled).toHaveLength(4)
  const told = { at: T0, eventId: 1, eventType: 'Send', messageId: message.id, destination: 'hooks', summary: '', taken: true, ms: 1 }
  await store.settlePublications({ destination, cursor: batch?.cursor ?? 0, failures: 0, restsUntil: null, settled, tries: [told] })
  await store.takePublications({ destination, now: T0, limit: 10 })
  await store.nextPublishAt(T0)
  await store.publishTries(message.id)
  await store.deadLetters(destination, 10)
  await store.redriveDeadLetters(destination, T0)
}
