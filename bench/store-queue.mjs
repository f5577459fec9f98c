// The queue at length: what one call of the engine or of a tool costs with 1,000,000 recipients queued, on this machine's disk. The store is
// bundled from source and called directly; each figure is the slowest of five calls, in milliseconds of this process's CPU time.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromSource } from './load/from-source.mjs'

const CALLS = 5
const NOW = Date.parse('2026-01-01T00:00:00Z')

const source = () =>
  fromSource(
    'store',
    `export * from './src/adapters/sqlite/account-file.ts'; export * from './src/adapters/sqlite/driver.ts'
     export * from './test/support/fill-queue.ts'`,
  )

/** The slowest of some calls: [CPU milliseconds, what it gave]. */
async function slowest(call) {
  let most = 0
  let given
  for (let i = 0; i < CALLS; i += 1) {
    const before = process.cpuUsage()
    given = await call()
    const { user, system } = process.cpuUsage(before)
    most = Math.max(most, (user + system) / 1_000)
  }
  return [most, given]
}

export async function* storeQueue({ quick }) {
  const recipients = quick ? 10_000 : 1_000_000
  const folder = mkdtempSync(join(process.env.MAILCTL_BENCH_DIR ?? tmpdir(), 'mailctl-queue-'))
  try {
    const { createAccount, openAccount, accountFile, openDatabase, ACCOUNT_MIGRATIONS, fillQueue } = await source()
    createAccount({ home: folder, region: 'us-east-1', clock: 'virtual', startAt: NOW })
    const database = openDatabase(accountFile(folder), ACCOUNT_MIGRATIONS)
    fillQueue(database, { recipients, domains: 10_000, now: NOW })
    database.close()
    const opening = process.cpuUsage()
    const { store } = openAccount(folder, 'lab')
    await store.nextDueAt()
    const opened = process.cpuUsage(opening)
    const figures = []
    const figure = (name, value, goal, detail) => figures.push({ name, value, unit: 'ms', goal, better: 'less', detail })
    const engine = async (name, call, size) => {
      const [ms, given] = await slowest(call)
      figure(name, ms, 10, `${size(given)} at a time`)
    }
    const tool = async (name, call) => {
      const [ms] = await slowest(call)
      figure(name, ms, 100, 'CPU of the slowest of five')
    }
    figure('open, and look for what is due', (opened.user + opened.system) / 1_000, 500, 'CPU')
    const leaseMs = 60_000
    const groups = given => `${given.length} groups`
    await engine(
      'dueDomains',
      () => store.dueDomains({ now: NOW, after: '', limit: 500 }),
      given => `${given.length} domains`,
    )
    await engine('lease of one domain', () => store.lease({ now: NOW, leaseMs, limit: 50, domain: 'dead.test' }), groups)
    await engine('lease in turns', () => store.lease({ now: NOW, leaseMs, limit: 50 }), groups)
    await engine('leaseExpired', () => store.leaseExpired({ now: NOW, leaseMs, limit: 10 }), groups)
    await engine(
      'nextDueAt',
      () => store.nextDueAt(),
      () => 'one',
    )
    await store.release()
    const filters = {
      '': {},
      '--domain (half of them)': { domain: 'dead.test' },
      '--domain (a few)': { domain: 'd77.test' },
      '--state held': { states: ['held'] },
      '--error 4': { error: '4' },
      '--config-set': { configurationSet: 'news' },
      '--older-than': { acceptedUntil: NOW - recipients / 2 },
      '--domain --error --config-set': { domain: 'dead.test', error: '4.7', configurationSet: 'news' },
    }
    for (const [name, filter] of Object.entries(filters))
      await tool(`queue list ${name}`.trim(), () => store.queue({ ...filter, limit: 100 }))
    await tool('queue stats', async () => [await store.queueStats(), await store.queueDestinations(10)])
    for (const [name, filter] of Object.entries(filters)) await tool(`count ${name || 'everything'}`, () => store.queueCount(filter))
    let after
    for (const change of ['retry', 'hold', 'release', 'delete'])
      await tool(`queue ${change}, 1,000 of them`, async () => {
        const { next } = await store.changeQueue({ change, filter: {}, now: NOW, limit: 1_000, ...(after && { after }) })
        after = change === 'retry' ? next : undefined
      })
    await store.close()
    yield* figures
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
