/**
 * The `Store` port on SQLite. Safe with several processes on one home: every decision is made under BEGIN IMMEDIATE on what the rows say
 * then, and nothing read is kept for the next one. Writes of one turn share a commit (`group-commit.ts`).
 */
import { join } from 'node:path'
import type { Account } from '../../account/account.ts'
import { admit, namesToLoad, type ProofScope } from '../../account/admit.ts'
import type { Database } from '../../base/database.ts'
import { isSimulatorAddress } from '../../mail/mailbox-simulator.ts'
import type { AcceptOptions, Admission, Leased, NewEvent, NewMessage, Store } from '../../ports/store.ts'
import { makePrivateFolder } from '../private-files.ts'
import { readAccount, readUsage, takeUsage, writeAccount, writeUsage } from './account-rows.ts'
import { configurationSetRows } from './configuration-set-rows.ts'
import { dueDomains, expired } from './due.ts'
import { countEvents, findAttempts, findEvents, insertEvents } from './event-rows.ts'
import { groupCommit } from './group-commit.ts'
import * as identityRows from './identity-rows.ts'
import { dropContentWhenFinal, findMessage, idOfKey, insertMessage, newestMessages, readContent } from './message-rows.ts'
import { openOwner, type Processes, systemProcesses } from './owner.ts'
import { countQueue, earliestDue, type LeaseTerms, leaseDue, leaseGroups, listQueue, makeAllDue, settleHeld } from './queue.ts'
import { openSpool } from './spool.ts'

export interface StoreOptions {
  /** The account's folder; it exists. */
  readonly home: string
  /** Which proofs of identities count. */
  readonly network: ProofScope
  /** The region that the account speaks of; absent: the one it was made with. */
  readonly region?: string
  /** Real time in epoch milliseconds and the processes of this machine, for leases. Tests replace them. */
  readonly machineNow?: () => number
  readonly processes?: Processes
}

/** How often dead processes are looked for. */
const LOOK_FOR_DEAD_MS = 1_000

/** @param database with the account's schema; closed by `close` */
export function openStore(database: Database, options: StoreOptions): Store {
  const { home, network, region, machineNow = Date.now, processes = systemProcesses } = options
  const spoolFolder = join(home, 'spool')
  makePrivateFolder(spoolFolder)
  const owner = openOwner(database, processes)
  const spool = openSpool(spoolFolder, database, owner)
  const commit = groupCommit(database)
  let lookedForDeadAt: number | undefined
  let closed = false
  const account = (): Account => {
    const stored = readAccount(database)
    return region === undefined ? stored : { ...stored, region }
  }

  function admitMessage(message: NewMessage): void {
    const { recipients, senders, acceptedAt } = message
    const usage = admit(
      {
        account: account(),
        network,
        senders,
        recipients,
        identities: identityRows.findIdentities(database, namesToLoad(senders, recipients)),
        usage: takeUsage(database, acceptedAt),
      },
      acceptedAt,
    )
    writeUsage(database, usage, recipients.filter(address => !isSimulatorAddress(address)).length)
  }

  function acceptOne(message: NewMessage, events: readonly NewEvent[], { leaseMs }: AcceptOptions): Admission {
    const known = message.idempotencyKey === undefined ? undefined : idOfKey(database, message.idempotencyKey)
    if (known !== undefined) return { messageId: known, duplicateOf: known, held: false }
    spool.claim(message.body)
    if (message.kind === 'mail') admitMessage(message)
    const held = leaseMs !== undefined
    if (held) owner.hold(machineNow(), leaseMs)
    const seq = insertMessage(database, message, account(), held ? owner.id() : null)
    insertEvents(database, seq, events)
    return { messageId: message.id, duplicateOf: null, held }
  }

  /** What dead processes and lapsed leases held is free again. @returns segments to unlink after the commit */
  function takeBack(): string[] {
    const now = machineNow()
    owner.takeBackLapsed(now)
    if (lookedForDeadAt !== undefined && now - lookedForDeadAt < LOOK_FOR_DEAD_MS) return []
    if (lookedForDeadAt === undefined) spool.sweep()
    lookedForDeadAt = now
    owner.takeBackFromDead()
    return spool.collectAbandoned()
  }

  /** Where the round over the domains stands. */
  const turn = { domain: '' }

  async function lease(
    { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
    take: (terms: LeaseTerms) => Leased[],
  ): Promise<Leased[]> {
    const terms = { owner: owner.id(), now }
    const { leased } = await commit(
      () => {
        owner.forget()
        owner.hold(machineNow(), leaseMs)
        const unneeded = takeBack()
        return { leased: take(terms), unneeded }
      },
      ({ unneeded }) => spool.unlink(unneeded),
    )
    return leased
  }

  return {
    account: async () => account(),
    saveAccount: account => commit(() => writeAccount(database, account)),
    usage: async now => readUsage(database, now),

    addIdentity: identity => commit(() => identityRows.insertIdentity(database, identity)),
    identity: async name => identityRows.findIdentity(database, name),
    identitiesNamed: async names => identityRows.findIdentities(database, names),
    identities: async () => identityRows.allIdentities(database),
    saveIdentity: identity => commit(() => identityRows.replaceIdentity(database, identity)),
    deleteIdentity: name => commit(() => identityRows.removeIdentity(database, name)),

    ...configurationSetRows(database, commit),

    newBody: () => spool.newBody(),
    async accept(message, events, options = {}) {
      if (options.leaseMs !== undefined) owner.id()
      const admission = await commit(
        () => acceptOne(message, events, options),
        ({ duplicateOf }) => {
          if (duplicateOf === null) spool.claimed(message.body)
        },
      )
      if (admission.duplicateOf !== null) await spool.discard(message.body)
      return admission
    },
    idOfKey: async key => idOfKey(database, key),
    message: async id => findMessage(database, id),
    messages: async limit => newestMessages(database, limit),
    async content(id) {
      const content = readContent(database, id)
      return content && { head: content.head, body: await spool.read(content.body) }
    },

    dueDomains: async ask => dueDomains(database, ask),
    lease: ({ now, leaseMs, ...ask }) => lease({ now, leaseMs }, terms => leaseDue(database, ask, { terms, turn })),
    leaseExpired: ({ now, leaseMs, limit }) =>
      lease({ now, leaseMs }, terms => leaseGroups(database, expired(database, { now, limit }), terms)),
    async settle(settlement) {
      const id = owner.id()
      const giveBack = async (): Promise<void> => {
        for (const { body } of settlement.reports) await spool.discard(body)
      }
      const { settled } = await commit(
        () => {
          for (const { body } of settlement.reports) spool.claim(body)
          const seq = settleHeld(database, settlement, { owner: id, account: account() })
          const segment = seq === undefined ? undefined : dropContentWhenFinal(database, seq)
          return { settled: seq !== undefined, unneeded: segment === undefined ? [] : spool.collect([segment]) }
        },
        ({ settled, unneeded }) => {
          if (settled) for (const { body } of settlement.reports) spool.claimed(body)
          spool.unlink(unneeded)
        },
      ).catch(async (error: unknown) => {
        await giveBack()
        throw error
      })
      if (!settled) await giveBack()
    },
    async release(groups) {
      await commit(() => (groups === undefined ? owner.releaseAll() : owner.release(groups)))
    },
    nextDueAt: async messageId => earliestDue(database, messageId),
    makeDue: (now, messageId) => commit(() => makeAllDue(database, now, messageId)),
    queue: async limit => listQueue(database, limit),
    queueStats: async () => countQueue(database),

    attempts: async messageId => findAttempts(database, messageId),
    events: async filter => findEvents(database, filter),
    eventCounts: async since => countEvents(database, since),
    async close() {
      if (closed) return
      closed = true
      try {
        if (owner.exists()) {
          await commit(() => undefined) // after every write that is still on its way
          await spool.close(() => {
            owner.releaseAll()
            owner.remove()
          })
        }
      } finally {
        database.close()
      }
    },
  }
}
