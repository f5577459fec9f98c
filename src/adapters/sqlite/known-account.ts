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

/** Names without an identity that are kept: senders and recipients are asked for, and there is no end of them. */
const MOST_ABSENT = 20_000

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
  /** All that were asked for: an account has at most 10,000. */
  const identities = new Map<string, Identity>()
  const absent = new Set<string>()

  function identity(name: string): Identity | undefined {
    const known = identities.get(name)
    if (known !== undefined || absent.has(name)) return known
    const found = findIdentity(database, name)
    if (found !== undefined) identities.set(name, found)
    else {
      if (absent.size >= MOST_ABSENT) absent.clear()
      absent.add(name)
    }
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
      absent.clear()
    },
  }
}
