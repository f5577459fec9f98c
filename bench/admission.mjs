// What it costs to decide about a message and to accept it, for an account that has everything beside one that has nothing: 10,000
// identities, 1,000,000 suppressed addresses and 10,000,000 recipients in the last 24 hours. CPU time of this process, both in turns.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './figures.mjs'
import { fromSource } from './load/from-source.mjs'

const NOW = Date.parse('2026-01-02T00:00:00Z')
const DAY_S = 86_400
const GOAL = 1.5
/** One message after the other, so much later: every hundredth finds that another second has left the window. */
const STEP_MS = 10
/** Accepted at the same time. */
const TOGETHER = 20

const source = () =>
  fromSource(
    'admission',
    `export * from './src/adapters/sqlite/account-file.ts'; export * from './src/adapters/sqlite/driver.ts'
     export { splitWhole } from './src/mail/split.ts'; export { examineSubmission } from './src/operations/examine-submission.ts'`,
  )

const identityOf = name => ({
  name,
  type: 'DOMAIN',
  createdAt: NOW,
  verification: { status: 'SUCCESS', proof: 'dns', startedAt: NOW, lastCheckedAt: NOW, lastSuccessAt: NOW, errorType: null, soa: null },
  dkim: {
    signingEnabled: true,
    status: 'SUCCESS',
    origin: 'AWS_SES',
    method: 'txt',
    tokens: [1, 2, 3].map(token => `${name.replace(/\W/g, '')}${token}`.padEnd(32, 'x')),
    keyLength: 'RSA_2048_BIT',
    lastKeyGeneratedAt: NOW,
  },
  mailFrom: null,
  configurationSet: null,
  feedbackForwarding: true,
  token: null,
})
const domainOf = index => `d${index}.example`

/** Production accounts that differ in what they have. */
function fill(database, { identities, suppressed, sent }) {
  return database.transaction(() => {
    database.exec('UPDATE account SET production_access = 1, max_24_hour_send = 1e9, max_send_rate = 1e9')
    const add = database.prepare('INSERT INTO identity (name, record) VALUES (?, ?)')
    for (let index = 0; index < identities; index += 1) add.run(domainOf(index), JSON.stringify(identityOf(domainOf(index))))
    const numbers = count => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
    if (sent > 0) {
      const first = NOW / 1_000 - DAY_S
      database.exec(`INSERT INTO sent_second (second, last_at, recipients) ${numbers(DAY_S)}
        SELECT ${first} + i, (${first} + i) * 1000 + 500, ${sent} * i / ${DAY_S} - ${sent} * (i - 1) / ${DAY_S} FROM n`)
      database.exec('UPDATE usage SET sent = (SELECT SUM(recipients) FROM sent_second)')
    }
    const hasList = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'suppressed'").get() !== undefined
    if (hasList && suppressed > 0)
      database.exec(`INSERT INTO suppressed (address, reason, updated_at) ${numbers(suppressed)}
        SELECT 'gone' || i || '@d' || (i % 1000) || '.test', CASE i % 50 WHEN 0 THEN 'COMPLAINT' ELSE 'BOUNCE' END, ${NOW} - i FROM n`)
    return hasList
  })
}

/** CPU milliseconds for each of `count` calls of `work`. */
async function cost(count, work) {
  const before = process.cpuUsage()
  await work(count)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / count
}

export async function* admission({ rounds, quick }) {
  const [identities, suppressed, sent] = quick ? [1_000, 10_000, 1_000_000] : [10_000, 1_000_000, 10_000_000]
  const count = quick ? 500 : 5_000
  const folder = mkdtempSync(join(process.env.MAILCTL_BENCH_DIR ?? tmpdir(), 'mailctl-admission-'))
  const opened = []
  try {
    const made = await source()
    const accounts = {}
    let hasList = false
    for (const [name, has] of [
      ['empty', { identities: 1, suppressed: 0, sent: 0 }],
      ['full', { identities, suppressed, sent }],
    ]) {
      const home = join(folder, name)
      mkdirSync(home)
      made.createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: NOW })
      const database = made.openDatabase(made.accountFile(home), made.ACCOUNT_MIGRATIONS)
      hasList = fill(database, has)
      database.close()
      const { store } = made.openAccount(home, 'live')
      opened.push(store)
      accounts[name] = sender(made, store, has.identities)
    }
    if (!hasList) yield { name: 'suppressed addresses', skipped: 'this version has no suppression list' }
    for (const [name, work] of [
      ['decide', 'decide'],
      ['decide and accept', 'accept'],
    ]) {
      const runs = []
      for (const { [work]: call } of Object.values(accounts)) await call(count)
      for (let round = 0; round < Math.max(rounds, 3); round += 1) {
        const empty = await cost(count, accounts.empty[work])
        const full = await cost(count, accounts.full[work])
        runs.push({ empty, full, ratio: full / empty })
      }
      const of = pick => median(runs.map(pick))
      yield {
        name: `${name}: ${identities.toLocaleString('en-US')} identities, ${sent.toLocaleString('en-US')} recipients in 24 h ÷ none`,
        value: of(({ ratio }) => ratio),
        unit: '×',
        goal: GOAL,
        better: 'less',
        detail: `${(1_000 * of(({ full }) => full)).toFixed(0)} µs ÷ ${(1_000 * of(({ empty }) => empty)).toFixed(0)} µs of CPU a message`,
      }
    }
  } finally {
    for (const store of opened) await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Sends from any of the account's domains, to a new address each time. */
function sender({ examineSubmission, splitWhole }, store, identities) {
  let sent = 0
  const clock = { kind: 'virtual', now: () => NOW + sent * STEP_MS, waitUntil: async () => undefined }
  const settings = { network: 'live', hostname: 'mta.example.com', region: 'us-east-1', relay: [], retry: [60_000], pools: new Map() }
  const app = { store, clock, settings }
  // Neighbours in this order are far apart among the identities.
  const fromAddress = () => `news@${domainOf((sent * 7_919) % identities)}`

  function submission() {
    const content = splitWhole(Buffer.from(`From: News <${fromAddress()}>\r\nTo: r${sent}@dest.test\r\nSubject: ${sent}\r\n\r\nHello\r\n`))
    return {
      content,
      recipients: [`r${sent}@dest.test`],
      tags: {},
      configurationSet: null,
      operation: 'SendRawEmail',
      signer: 'own',
      rateWaitMs: 0,
      signal: new AbortController().signal,
    }
  }
  function message() {
    const [from, to] = [fromAddress(), `r${sent}@dest.test`]
    return {
      id: `m-${sent}`,
      kind: 'mail',
      acceptedAt: clock.now(),
      expiresAt: clock.now() + 50_400_000,
      envelopeFrom: from,
      returnPath: from,
      recipients: [to],
      senders: [from],
      head: Buffer.from(`From: ${from}\r\n\r\n`),
      body: { kind: 'inline', bytes: Buffer.from('Hello\r\n') },
      facts: {
        source: from,
        fromAddress: from,
        identity: from.slice(5),
        subject: '',
        headers: [],
        headersTruncated: false,
        to: [to],
        cc: [],
        bcc: [],
        replyTo: [],
        headerMessageId: `${sent}@dest.test`,
        callerMessageId: null,
        date: '',
        tags: {},
        configurationSet: null,
        eightBit: false,
        signedBy: [],
      },
    }
  }
  return {
    async decide(count) {
      for (let done = 0; done < count; done += 1) {
        sent += 1
        await examineSubmission(app, submission())
      }
    },
    async accept(count) {
      for (let done = 0; done < count; done += TOGETHER) {
        await Promise.all(
          Array.from({ length: TOGETHER }, () => {
            sent += 1
            return store.accept(message(), [])
          }),
        )
      }
    },
  }
}
