/** `account.db`: making an account in a home, and opening the one that is there as store, clock and ids. */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, SANDBOX } from '../../account/account.ts'
import type { ProofScope } from '../../account/admit.ts'
import { SUPPRESSION_REASONS } from '../../account/suppression.ts'
import type { Database, Migration } from '../../base/database.ts'
import { codeOf, MailctlError } from '../../base/errors.ts'
import type { Clock, Ids } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import { fileFailure, makePrivateFolder } from '../private-files.ts'
import { readAccount, writeAccount } from './account-rows.ts'
import { openClock, openIds, seeded } from './clock.ts'
import { openDatabase } from './driver.ts'
import type { Engine } from './engines.ts'
import { sql as account001 } from './migrations/001-account.ts'
import { sql as engine002 } from './migrations/002-engine.ts'
import { sql as routes003 } from './migrations/003-routes.ts'
import { sql as queueTools004 } from './migrations/004-queue-tools.ts'
import { sql as reputation005 } from './migrations/005-reputation.ts'
import { sql as activity006 } from './migrations/006-activity.ts'
import { sql as suppression007 } from './migrations/007-suppression.ts'
import { sql as identities008 } from './migrations/008-identities.ts'
import { sql as credentials009 } from './migrations/009-credentials.ts'
import { sql as templates010 } from './migrations/010-templates.ts'
import { sql as eventDestinations011 } from './migrations/011-event-destinations.ts'
import { sql as reports012 } from './migrations/012-reports.ts'
import { sql as contacts013 } from './migrations/013-contacts.ts'
import { sql as vdmAndPools014 } from './migrations/014-vdm-and-pools.ts'
import { sql as bodyCheck015 } from './migrations/015-body-check.ts'
import { openStore, type StoreOptions } from './store.ts'

/** The schema of `account.db`, step by step. */
export const ACCOUNT_MIGRATIONS: readonly Migration[] = [
  { name: '001-account', sql: account001 },
  { name: '002-engine', sql: engine002 },
  { name: '003-routes', sql: routes003 },
  { name: '004-queue-tools', sql: queueTools004 },
  { name: '005-reputation', sql: reputation005 },
  { name: '006-activity', sql: activity006 },
  { name: '007-suppression', sql: suppression007 },
  { name: '008-identities', sql: identities008 },
  { name: '009-credentials', sql: credentials009 },
  { name: '010-templates', sql: templates010 },
  { name: '011-event-destinations', sql: eventDestinations011 },
  { name: '012-reports', sql: reports012 },
  { name: '013-contacts', sql: contacts013 },
  { name: '014-vdm-and-pools', sql: vdmAndPools014 },
  { name: '015-body-check', sql: bodyCheck015 },
]

export interface NewAccount {
  readonly home: string
  readonly region: string
  readonly clock: 'system' | 'virtual'
  /** Where a virtual clock starts, epoch milliseconds; the machine's time when absent. Not with a system clock. */
  readonly startAt?: number
  /** Any text: same seed, same ids. */
  readonly seed?: string
}

export interface OpenAccount {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  /** The same connection; `store.close()` closes it. */
  readonly database: Database
}

/**
 * Makes the home (0700), `account.db` and a sandbox account in it. One that is there already is left as it is.
 * @returns the account, and whether it is new
 * @throws MailctlError store-unavailable, config
 */
export function createAccount(ask: NewAccount): { readonly account: Account; readonly created: boolean } {
  makePrivateFolder(ask.home)
  const database = openDatabase(accountFile(ask.home), ACCOUNT_MIGRATIONS)
  try {
    return database.transaction(() => {
      const created = !hasAccount(database)
      if (created) insertAccount(database, ask)
      return { account: readAccount(database), created }
    })
  } finally {
    database.close()
  }
}

/** What tests replace. */
export interface OpenOptions extends Omit<StoreOptions, 'home' | 'network'> {
  readonly engine?: Engine
}

/** @throws MailctlError config when there is no account in the home, store-unavailable */
export function openAccount(home: string, network: ProofScope, { engine, ...options }: OpenOptions = {}): OpenAccount {
  const file = accountFile(home)
  if (!isThere(file)) throw noAccount(home)
  const database = openDatabase(file, ACCOUNT_MIGRATIONS, engine)
  try {
    if (!hasAccount(database)) throw noAccount(home)
    const clock = openClock(database)
    return {
      store: openStore(database, { home, network, accountNow: () => clock.now(), ...options }),
      clock,
      ids: openIds(database, clock, options.region),
      database,
    }
  } catch (error) {
    database.close()
    throw error
  }
}

export const accountFile = (home: string): string => join(home, 'account.db')

/** A folder that may not be looked into is another trouble than one with nothing in it. */
function isThere(file: string): boolean {
  try {
    return statSync(file).isFile()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return false
    throw fileFailure(`cannot open ${file}`, error)
  }
}

const noAccount = (home: string): MailctlError =>
  new MailctlError('config', `there is no account in ${home}`, { hint: 'Run mailctl init.' })

const hasAccount = (database: Database): boolean => database.prepare('SELECT 1 FROM account').get() !== undefined

function insertAccount(database: Database, { region, clock, startAt, seed }: NewAccount): void {
  const createdAt = clock === 'virtual' && startAt !== undefined ? startAt : Date.now()
  writeAccount(database, {
    accountId: accountId(seed === undefined ? randomBytes(32) : seeded(seed, 'account-id')),
    region,
    createdAt,
    productionAccess: false,
    ...SANDBOX,
    sendingEnabled: true,
    enforcementStatus: 'HEALTHY',
    suppressedReasons: SUPPRESSION_REASONS,
  })
  database
    .prepare('INSERT INTO clock (one, kind, virtual_now, seed, salt) VALUES (1, ?, ?, ?, ?)')
    .run(clock, clock === 'virtual' ? createdAt : null, seed ?? null, randomBytes(32))
  database.prepare('INSERT INTO usage (one, sent, tokens, tokens_at) VALUES (1, 0, ?, ?)').run(Math.max(1, SANDBOX.maxSendRate), createdAt)
}

/** 12 digits, none of them a leading zero, so that no tool takes it for a shorter number. */
const accountId = (random: Buffer): string => String(100_000_000_000 + (random.readUIntBE(0, 6) % 900_000_000_000))
