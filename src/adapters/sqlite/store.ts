/**
 * The `Store` port on SQLite. Safe with several processes on one home: every decision is made under BEGIN IMMEDIATE on what the rows say
 * then. What is kept of them in memory (settings, identities, counters, the own lease) is believed only while `PRAGMA data_version` says
 * that nobody else has written. Writes of one turn share a commit (`group-commit.ts`).
 */
import { join } from 'node:path'
import type { SendingUsage } from '../../account/account.ts'
import { admit, namesToLoad, type ProofScope } from '../../account/admit.ts'
import { isSubscribed, newContact } from '../../account/contacts.ts'
import { listAsked, type Suppressed, suppressedAmong, suppressionKey, unsubscribedRecipient } from '../../account/suppression.ts'
import type { Database } from '../../base/database.ts'
import { isSimulatorAddress } from '../../mail/mailbox-simulator.ts'
import type { AcceptOptions, Admission, NewEvent, NewMessage, Settlement, Store } from '../../ports/store.ts'
import { makePrivateFolder } from '../private-files.ts'
import { readAccount, writeAccount } from './account-rows.ts'
import { activitySpans, openActivityLedger } from './activity-ledger.ts'
import { readBreakdown } from './breakdown-rows.ts'
import { openCompaction } from './compaction.ts'
import { configurationSetRows } from './configuration-set-rows.ts'
import { contactRows, findContact, findContactList, putContact } from './contact-rows.ts'
import { dedicatedIpPoolRows } from './dedicated-ip-pool-rows.ts'
import { dueDomains, expired } from './due.ts'
import { eventDestinations } from './event-destinations.ts'
import { countEvents, findAttempts, findEvents, insertEvents, lastEventId } from './event-rows.ts'
import { groupCommit } from './group-commit.ts'
import * as identityRows from './identity-rows.ts'
import { openInHand } from './in-hand.ts'
import { integrityOf } from './integrity.ts'
import { openKnownAccount } from './known-account.ts'
import { type LeaseTerms, leaseDue, leaseGroups, leaseMatching } from './lease.ts'
import { dropContent, findMessage, idOfKey, insertMessage, isOver, newestMessages, readContent, sequenceOf } from './message-rows.ts'
import { watchOthers } from './other-writers.ts'
import { openOwner, type Processes, systemProcesses } from './owner.ts'
import { earliestDue, settleHeld } from './queue.ts'
import { queueTools } from './queue-tools.ts'
import { reportRows } from './report-rows.ts'
import { reputations } from './reputations.ts'
import { ROW_BYTES } from './segment.ts'
import { setBack } from './set-back.ts'
import { openSpool } from './spool.ts'
import { suppressionLists } from './suppression-lists.ts'
import { openSuppressionRows } from './suppression-rows.ts'
import { templateRows } from './template-rows.ts'
import { openUsageLedger } from './usage-ledger.ts'

export interface StoreOptions {
  /** The account's folder; it exists. */
  readonly home: string
  /** Which proofs of identities count. */
  readonly network: ProofScope
  /** The region that the account speaks of; absent: the one it was made with. */
  readonly region?: string
  /** The account's time, asked when messages overtake each other; absent: the machine's. */
  readonly accountNow?: () => number
  /** Real time in epoch milliseconds and the processes of this machine, for leases. Tests replace them. */
  readonly machineNow?: () => number
  readonly processes?: Processes
}

/** How often dead processes are looked for. */
const LOOK_FOR_DEAD_MS = 1_000

const NOBODY: readonly Suppressed[] = []

/** @param database with the account's schema; closed by `close` */
export function openStore(database: Database, options: StoreOptions): Store {
  const { home, network, region, accountNow = Date.now, machineNow = Date.now, processes = systemProcesses } = options
  const spoolFolder = join(home, 'spool')
  makePrivateFolder(spoolFolder)
  const owner = openOwner(database, processes)
  const spool = openSpool(spoolFolder, database, owner)
  const known = openKnownAccount(database, region)
  const usage = openUsageLedger(database)
  const activity = openActivityLedger(database)
  const lists = openSuppressionRows(database)
  const inHand = openInHand()
  const othersWrote = watchOthers(database)
  const commit = groupCommit(database, {
    begun() {
      if (othersWrote()) forget()
      owner.stay(machineNow())
    },
    ending() {
      usage.write()
      activity.write()
    },
    undone: forget,
  })
  let lookedForDeadAt: number | undefined
  let closed = false

  function forget(): void {
    known.forget()
    usage.forget()
    activity.forget()
    lists.forget()
    owner.forget()
    inHand.forget()
  }

  let looked = false
  /** For reading outside a group: what is known, if nobody else has written it. Looked for once in a turn of the loop. */
  function fresh<T>(read: () => T): T {
    if (!looked) {
      looked = true
      setImmediate(() => {
        looked = false
      })
      if (othersWrote()) forget()
    }
    return read()
  }

  /** Writes an identity, or the account's settings, of which something may be known. */
  const commitSettings = (write: () => void): Promise<void> =>
    commit(() => {
      known.forget()
      write()
    })

  /**
   * One that was made before another and committed after it, in another process or across a jump of the clock, counts with the other: what
   * had left the window then is no longer known. When the clock itself was set back, its time is the moment.
   */
  const momentOf = ({ acceptedAt }: NewMessage, { tokensAt }: SendingUsage): number =>
    acceptedAt >= tokensAt ? acceptedAt : Math.max(acceptedAt, Math.min(tokensAt, accountNow()))

  /** @returns the usage with this message */
  function admitMessage(message: NewMessage, before: SendingUsage): SendingUsage {
    const { recipients, senders } = message
    const account = known.account()
    const identities = known.identities(namesToLoad(senders, account.productionAccess ? [] : recipients))
    return admit({ account, network, senders, recipients, identities, usage: before }, momentOf(message, before))
  }

  /** Whom the lists stop. What is simulated is told apart by the caller, who has looked at every address already. */
  function suppressedOf({ recipients, facts, acceptedAt }: NewMessage, anySimulated: boolean): readonly Suppressed[] {
    const settings = { account: known.account().suppressedReasons, set: facts.suppressedReasons }
    const list = listAsked(settings)
    if (!anySimulated && (list === 'none' || lists.isEmpty(list))) return NOBODY
    return suppressedAmong({
      recipients,
      settings,
      onAccountList: lists.reasonOf,
      onGlobalList: key => lists.isOnGlobalList(key, acceptedAt),
    })
  }

  /** Who of the list does not want this message; who is new to it is on it from now on. Inside the transaction. */
  function unsubscribedOf({ recipients, facts, acceptedAt }: NewMessage, others: readonly Suppressed[]): readonly Suppressed[] {
    const list = facts.listManagement && findContactList(database)
    if (!list || facts.listManagement?.list !== list.name) return NOBODY
    const { topic } = facts.listManagement
    return recipients.flatMap((address, index): Suppressed[] => {
      const key = suppressionKey(address)
      const contact = findContact(database, key)
      if (!contact) putContact(database, newContact(key, acceptedAt))
      if (others.some(one => one.index === index) || isSubscribed(list, contact, topic)) return []
      return [unsubscribedRecipient(index, address)]
    })
  }

  const insert = (message: NewMessage, holder: number | null, suppressed: readonly Suppressed[] = NOBODY): number =>
    insertMessage(database, message, known.account(), { owner: holder, suppressed })

  function acceptOne(message: NewMessage, events: readonly NewEvent[], { leaseMs, onSuppressed }: AcceptOptions): Admission {
    const earlier = message.idempotencyKey === undefined ? undefined : idOfKey(database, message.idempotencyKey)
    if (earlier !== undefined) return { messageId: earlier, duplicateOf: earlier, held: false }
    spool.claim(message.body)
    const spent = message.kind === 'mail' ? admitMessage(message, usage.take(message.acceptedAt)) : undefined
    const real = spent ? message.recipients.filter(address => !isSimulatorAddress(address)).length : 0
    const listed = spent && !message.rejected ? suppressedOf(message, real < message.recipients.length) : NOBODY
    const unsubscribed = message.facts.listManagement && !message.rejected ? unsubscribedOf(message, listed) : NOBODY
    const suppressed = unsubscribed.length === 0 ? listed : [...listed, ...unsubscribed]
    const open = message.rejected ? 0 : message.recipients.length - suppressed.length
    const held = leaseMs !== undefined && open > 0
    if (held) owner.hold(machineNow(), leaseMs)
    const seq = insert(message, held ? owner.id() : null, suppressed)
    insertEvents({ database, activity }, seq, events)
    if (suppressed.length > 0) tellSuppressed(seq, onSuppressed?.(suppressed))
    if (open === 0) dropContent(database, seq)
    // In memory last: what was written before is undone with the rows, and these are counted only with them.
    if (spent) {
      const { recipients, head, body, acceptedAt } = message
      // SES fact: what is rejected counts, wherever it was to go.
      const counted = message.rejected ? recipients.length : real
      usage.spend({ ...spent, sentLast24Hours: spent.sentLast24Hours + counted - real }, counted)
      const octets = recipients.length * (head.length + (body.kind === 'inline' ? body.bytes.length : body.length))
      activity.count('Send', acceptedAt, { recipients: recipients.length, octets })
    }
    if (held) inHand.took(message.id, seq, open)
    return { messageId: message.id, duplicateOf: null, held, ...(suppressed.length > 0 && { suppressed }) }
  }

  function tellSuppressed(seq: number, told: ReturnType<NonNullable<AcceptOptions['onSuppressed']>> = { events: [], reports: [] }): void {
    insertEvents({ database, activity }, seq, told.events)
    for (const report of told.reports) insert(report, null)
  }

  /** A clock that was set back is no reason to wait until it has come so far again. */
  const isTimeToLook = (now: number): boolean => lookedForDeadAt === undefined || Math.abs(now - lookedForDeadAt) >= LOOK_FOR_DEAD_MS

  /** What dead processes and lapsed leases held is free again. @returns segments to unlink after the commit */
  function takeBack(now: number): string[] {
    owner.takeBackLapsed(now)
    if (!isTimeToLook(now)) return []
    if (lookedForDeadAt === undefined) spool.sweep()
    owner.takeBackFromDead()
    return spool.collectAbandoned()
  }

  /** Where the round over the domains stands. */
  const turn = { domain: '' }

  async function lease<T>(leaseMs: number, take: (terms: LeaseTerms) => T): Promise<T> {
    const terms = { owner: owner.id() }
    const at = machineNow()
    const { leased } = await commit(
      () => {
        owner.hold(at, leaseMs)
        const unneeded = takeBack(at)
        return { leased: take(terms), unneeded }
      },
      {
        afterCommit({ unneeded }) {
          if (isTimeToLook(at)) lookedForDeadAt = at
          spool.unlink(unneeded)
        },
      },
    )
    return leased
  }

  async function accept(message: NewMessage, events: readonly NewEvent[], options: AcceptOptions): Promise<Admission> {
    const { body, head } = message
    if (options.leaseMs !== undefined) owner.id() // the first call commits it by itself
    const admission = await commit(() => acceptOne(message, events, options), {
      bytes: head.length + (body.kind === 'inline' ? body.bytes.length : 0),
      afterCommit({ duplicateOf }) {
        if (duplicateOf === null) spool.claimed(body)
      },
    })
    if (admission.duplicateOf !== null) await spool.discard(body)
    else if (body.kind === 'segment' && (message.rejected || admission.suppressed?.length === message.recipients.length))
      await collect(body.segment).catch(() => [])
    return admission
  }

  /** Nothing refers to a body in it any more. The message is accepted: what fails here costs but space, until the next start. */
  const collect = (segment: string): Promise<string[]> =>
    commit(() => spool.collect([segment]), { afterCommit: unneeded => spool.unlink(unneeded) })

  /** A body that is not in a row has to be on the disk before the row that refers to it. */
  async function acceptLarge(message: NewMessage, events: readonly NewEvent[], options: AcceptOptions): Promise<Admission> {
    // Most refusals come before an octet is written; what was accepted before, which its key says, is no matter of quota.
    if (message.kind === 'mail' && message.idempotencyKey === undefined) fresh(() => admitMessage(message, usage.read(message.acceptedAt)))
    const large = await stored(message)
    return await accept(large, events, options).catch(async (error: unknown) => {
      await spool.discard(large.body)
      throw error
    })
  }

  const stored = async (message: NewMessage): Promise<NewMessage> => ({ ...message, body: await spool.store(message.body) })

  async function settle(given: Settlement): Promise<void> {
    const settlement = given.reports.length === 0 ? given : { ...given, reports: await Promise.all(given.reports.map(stored)) }
    const { reports } = settlement
    const settler = { owner: owner.id(), inHand, activity, insert: (report: NewMessage) => insert(report, null) }
    const giveBack = (): Promise<unknown> => Promise.all(reports.map(({ body }) => spool.discard(body)))
    const { settled } = await commit(
      () => {
        for (const { body } of reports) spool.claim(body)
        const settled = settleHeld(database, settlement, settler)
        if (!settled) return { settled: false, unneeded: [] }
        if (settlement.suppress) {
          const moved = settled.moved
          lists.learn(
            settlement.suppress.filter(({ index }) => moved.some(one => one.index === index)),
            known.account(),
          )
        }
        const segment = (settled.isOver ?? isOver(database, settled.seq)) ? dropContent(database, settled.seq) : undefined
        return { settled: true, unneeded: segment === undefined ? [] : spool.collect([segment]) }
      },
      {
        afterCommit({ settled, unneeded }) {
          if (settled) for (const { body } of reports) spool.claimed(body)
          spool.unlink(unneeded)
        },
      },
    ).catch(async (error: unknown) => {
      await giveBack()
      throw error
    })
    if (!settled) await giveBack()
  }

  return {
    account: async () => fresh(known.account),
    saveAccount: account => commitSettings(() => writeAccount(database, account)),
    changeAccount: change => commitSettings(() => writeAccount(database, { ...readAccount(database), ...change })),
    usage: async now => fresh(() => usage.read(now)),

    addIdentity: identity => commitSettings(() => identityRows.insertIdentity(database, identity)),
    identity: async name => fresh(() => known.identity(name)),
    identitiesNamed: async names => fresh(() => known.identities(names)),
    identities: async () => identityRows.allIdentities(database),
    saveIdentity: (identity, was) => commitSettings(() => identityRows.replaceIdentity(database, identity, was)),
    deleteIdentity: name => commitSettings(() => identityRows.removeIdentity(database, name)),
    identitiesToCheck: async ask => identityRows.identitiesToCheck(database, ask),
    nextCheckAt: async () => identityRows.nextCheckAt(database),

    ...configurationSetRows(database, commit),
    ...reputations(database, { commit, known, network }),
    ...suppressionLists(database, { commit, rows: lists }),
    ...reportRows(database, { commit, activity, lists, known, insert: message => insert(message, null) }),
    ...templateRows(database, commit),
    ...dedicatedIpPoolRows(database, commit),
    ...contactRows({ database, activity }, commit),
    ...eventDestinations(database, { commit, owner, machineNow }),

    newBody: () => spool.newBody(),
    accept: (message, events, options = {}) =>
      message.body.kind === 'inline' && message.body.bytes.length > ROW_BYTES
        ? acceptLarge(message, events, options)
        : accept(message, events, options),
    idOfKey: async key => idOfKey(database, key),
    message: async id => findMessage(database, id),
    messages: async (limit, before) => newestMessages(database, limit, before),
    async content(id) {
      const content = readContent(database, id)
      return content && { head: content.head, body: await spool.read(content.body) }
    },

    dueDomains: async ask => dueDomains(database, ask),
    lease: ({ leaseMs, ...ask }) => lease(leaseMs, terms => leaseDue(database, ask, { terms, turn })),
    leaseExpired: ({ now, leaseMs, limit }) => lease(leaseMs, terms => leaseGroups(database, expired(database, { now, limit }), terms)),
    leaseMatching: ({ leaseMs, ...ask }) => lease(leaseMs, terms => leaseMatching(database, ask, terms)),
    settle,
    async release(groups) {
      await commit(() => {
        inHand.forget()
        if (groups === undefined) owner.releaseAll()
        else owner.release(groups)
      })
    },
    nextDueAt: async messageId => earliestDue(database, messageId),
    ...setBack(database, commit),
    ...queueTools(database, { commit, spool }),
    compact: openCompaction(database, { commit, spool }),

    attempts: async messageId => findAttempts(database, messageId),
    events: async filter => findEvents(database, filter),
    lastEventId: async () => lastEventId(database),
    watchOthers: () => watchOthers(database),
    othersAtWork: async () => owner.hasOthers(),
    activity: async ask => activitySpans(database, ask),
    breakdown: async ask => readBreakdown(database, ask),
    addEvents: (messageId, events) =>
      commit(() => {
        const seq = sequenceOf(database, messageId)
        if (seq !== undefined) insertEvents({ database, activity }, seq, events)
        return seq !== undefined
      }),
    integrity: async ({ full }) => integrityOf(database, { spool: spoolFolder, full }),
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
