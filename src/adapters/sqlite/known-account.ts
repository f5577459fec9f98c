/**
 * The account's settings and its identities, parsed once and kept for as long as the rows are the same: until `forget`, which whoever
 * writes them calls, and whoever sees that another process has written the file.
 */
import type { Account } from '../../account/account.ts'
import type { Identity } from '../../account/identity.ts'
import { standingText } from '../../account/reputation.ts'
import type { Database } from '../../base/database.ts'
import { readAccount } from './account-rows.ts'
import { findIdentity } from './identity-rows.ts'
import { readStanding } from './standing-row.ts'

/** Names that are kept, those without an identity too: recipients are asked for, and there is no end of them. */
const MOST_NAMES = 10_000

export interface KnownAccount {
  account(): Account
  /** @returns undefined when there is none */
  identity(name: string): Identity | undefined
  /** Those that exist, in the order of the names. */
  identities(names: readonly string[]): Identity[]
  forget(): void
}

/** @param region that the account speaks of; absent: the one it was made with */
export function openKnownAccount(database: Database, region: string | undefined): KnownAccount {
  let account: Account | undefined
  const identities = new Map<string, Identity | undefined>()

  function identity(name: string): Identity | undefined {
    const known = identities.get(name)
    if (known !== undefined || identities.has(name)) return known
    if (identities.size >= MOST_NAMES) identities.clear()
    const found = findIdentity(database, name)
    identities.set(name, found)
    return found
  }

  function readWhole(): Account {
    const read = { ...readAccount(database), ...(region !== undefined && { region }) }
    const reason = read.enforcementStatus === 'HEALTHY' ? undefined : standingText(readStanding(database))
    return reason === undefined ? read : { ...read, enforcementReason: reason }
  }

  return {
    account() {
      account ??= readWhole()
      return account
    },
    identity,
    identities: names => names.map(identity).filter(found => found !== undefined),
    forget() {
      account = undefined
      identities.clear()
    },
  }
}
