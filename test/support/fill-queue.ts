/**
 * A long queue, written by SQL in seconds. Of every 100 recipients 50 are for `dead.test` and the others spread over as many domains as
 * asked for, `d1.test` on; 20 are deferred by 4.4.1, 5 by 4.7.28 and 5 held, every tenth message is of the configuration set `news`, and
 * half of what waits is due. Accepted a millisecond after each other; nothing expires but the first hundred.
 */
import type { Database } from '../../src/base/database.ts'

export interface Fill {
  readonly recipients: number
  readonly domains: number
  /** Epoch milliseconds: when the last was accepted, and what due is measured by. */
  readonly now: number
}

const facts = JSON.stringify({
  source: 'ann@example.com',
  fromAddress: 'ann@example.com',
  identity: 'example.com',
  subject: 'One of many',
  headers: [['Subject', 'One of many']],
  headersTruncated: false,
  to: ['bob@dead.test'],
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
})

export function fillQueue(database: Database, { recipients, domains, now }: Fill): void {
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${recipients})`
  const acceptedAt = `${now - recipients} + i`
  const expiresAt = `CASE WHEN i <= 100 THEN ${now} ELSE ${now + 50_400_000} END`
  const set = `CASE i % 10 WHEN 7 THEN 'news' END`
  const domain = `CASE WHEN i % 2 THEN 'dead.test' ELSE 'd' || (i / 2 % ${domains} + 1) || '.test' END`
  const state = `CASE WHEN i % 100 < 25 THEN 'deferred' WHEN i % 100 < 30 THEN 'held' ELSE 'queued' END`
  const status = `CASE WHEN i % 100 < 20 THEN '4.4.1' WHEN i % 100 < 25 THEN '4.7.28' END`
  database.transaction(() => {
    database
      .prepare(
        `INSERT INTO message (id, kind, accepted_at, expires_at, envelope_from, return_path, configuration_set, size_bytes, account_id, region, facts)
         ${numbers} SELECT printf('fill-%08d', i), 'mail', ${acceptedAt}, ${expiresAt}, 'ann@example.com', '', ${set}, 500, '111122223333',
           'us-east-1', ? FROM n`,
      )
      .run(facts)
    database.exec(`INSERT INTO content (message, head, inline) SELECT seq, x'410d0a0d0a', x'420d0a' FROM message WHERE id LIKE 'fill-%'`)
    database.exec(
      `INSERT INTO recipient (message, position, address, domain, state, attempts, next_attempt_at, last_status, outcome, accepted_at,
         expires_at, configuration_set)
       SELECT seq, 0, 'bob@' || domain, domain, state, status IS NOT NULL,
         CASE state WHEN 'held' THEN NULL ELSE CASE WHEN i % 4 < 2 THEN accepted_at ELSE ${now + 600_000} + i % 1000 END END, status,
         CASE WHEN status IS NOT NULL THEN json_object('action', 'delayed', 'status', status, 'reply', '451 ' || status || ' later') END,
         accepted_at, expires_at, configuration_set
       FROM (SELECT i, seq, accepted_at, expires_at, configuration_set, ${domain} AS domain, ${state} AS state, ${status} AS status
             FROM (SELECT seq, CAST(substr(id, 6) AS INTEGER) AS i, accepted_at, expires_at, configuration_set FROM message
                   WHERE id LIKE 'fill-%'))`,
    )
  })
}
