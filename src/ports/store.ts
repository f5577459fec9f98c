/**
 * The account's memory. Every method is one transaction; what it returned is durable. The port takes data only: decisions that need
 * stored state (`admit`) are applied by the adapter, synchronously, inside its own transaction.
 */
import type { Account, SendingUsage } from '../account/account.ts'
import type { AdmissionFacts } from '../account/applied-rules.ts'
import type { DeliveryOptions } from '../account/configuration-set.ts'
import type { ListManagement } from '../account/contacts.ts'
import type { Identity } from '../account/identity.ts'
import type { EventDetail, SesEvent } from '../account/ses-event.ts'
import type { Suppressed, SuppressedAddress, SuppressionReason } from '../account/suppression.ts'
import type { MessageBody } from '../mail/body.ts'
import type { Outcome, RecipientState } from '../mail/outcome.ts'
import type { ActivityLog } from './activity.ts'
import type { Breakdowns } from './breakdown.ts'
import type { ConfigurationSets } from './configuration-sets.ts'
import type { Contacts } from './contacts.ts'
import type { DedicatedIpPools } from './dedicated-ip-pools.ts'
import type { EventDestinations } from './event-destinations.ts'
import type { OtherProcesses } from './other-processes.ts'
import type { QueueFilter, QueueTools } from './queue.ts'
import type { Reports } from './reports.ts'
import type { Reputations } from './reputation.ts'
import type { SuppressionLists } from './suppression.ts'
import type { Templates } from './templates.ts'

/**
 * A body. `inline`: whole and in memory, at most 256 KB; the store puts it into a row or the spool when it takes the message, in the same
 * commit, so giving it up costs nothing. `segment`: in a file of `spool/`, as every larger one is, to be read back against `check`.
 */
export type StoredBody =
  | { readonly kind: 'inline'; readonly bytes: Buffer }
  | { readonly kind: 'segment'; readonly segment: string; readonly offset: number; readonly length: number; readonly check: Buffer }

/** A body on its way to disk. Nothing refers to it until a message does, so abandoning it loses nothing. */
export interface BodySink {
  /** Resolves when more may be written. The chunk is not to change any more. @throws MailctlError store-unavailable, disk full included */
  write(chunk: Buffer): Promise<void>
  /** What went to a segment is durable when it resolves. */
  finish(): Promise<StoredBody>
  /** Gives the space back: also after `finish`, when the message was refused for good. A body that a message has taken is left alone. */
  abort(): Promise<void>
}

/** What `why`, events and reports need to know of a message after its bytes are gone. */
export interface MessageFacts {
  /** From header address and its display form. */
  readonly source: string
  readonly fromAddress: string
  /** The identity that authorised it. */
  readonly identity: string
  readonly subject: string
  /** Header fields in order, unfolded, at most 10 KB in all. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly headersTruncated: boolean
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly replyTo: readonly string[]
  readonly headerMessageId: string
  /** As the caller gave it, before it was overwritten; null when there was none. */
  readonly callerMessageId: string | null
  readonly date: string
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly configurationSet: string | null
  /** Of the configuration set at acceptance; absent without one. */
  readonly delivery?: DeliveryOptions
  /** Likewise, where the set has its own: which reasons suppress its recipients. */
  readonly suppressedReasons?: readonly SuppressionReason[]
  /** The contact list that it is of, and the topic; absent: none. */
  readonly listManagement?: ListManagement
  readonly eightBit: boolean
  /** Selectors that signed. */
  readonly signedBy: readonly string[]
  /** Where the account stood when it was accepted; absent: mail of our own, or of a version that did not write it down. */
  readonly standing?: AdmissionFacts
}

export interface NewMessage {
  readonly id: string
  /** `report`: a delivery report of our own: no admission, no quota, no events. `notice`: other mail of our own, likewise. */
  readonly kind: 'mail' | 'report' | 'notice'
  readonly acceptedAt: number
  /** When delivery is given up. */
  readonly expiresAt: number
  /** As sent to recipients' servers; `''` is `<>`. */
  readonly envelopeFrom: string
  /** Where reports to the caller go; `''` for none. */
  readonly returnPath: string
  readonly recipients: readonly string[]
  /** Whom `admit` checks, the From address first: also Sender and return path where they differ. Not kept; empty for mail of our own. */
  readonly senders: readonly string[]
  readonly head: Buffer
  readonly body: StoredBody
  readonly facts: MessageFacts
  readonly idempotencyKey?: string
  /** It is accepted and goes nowhere: every recipient is born `rejected` with this outcome. Absent: it is sent. */
  readonly rejected?: Outcome
}

/** `type` is SES's `eventType`. */
export interface NewEvent extends EventDetail {
  readonly at: number
  readonly messageId: string
  readonly recipients: readonly string[]
}
export interface LoggedEvent {
  readonly id: number
  readonly type: string
  readonly at: number
  readonly messageId: string
  readonly recipients: readonly string[]
  /** The SES event, whole: as it was when it happened, whatever the account's settings are now. */
  readonly event: SesEvent
}

/** The answer to `accept`. `duplicateOf` is set when the idempotency key was seen: nothing new was stored. */
export interface Admission {
  readonly messageId: string
  readonly duplicateOf: string | null
  /** The recipients are held by this process, as if it had leased them: it delivers them at once. */
  readonly held: boolean
  /** Recipients that are final already, because a suppression list has them. Absent: none. */
  readonly suppressed?: readonly Suppressed[]
}

export interface AcceptOptions {
  /** Wish to hold the recipients from the first moment; absent: they wait in the queue. Milliseconds. */
  readonly leaseMs?: number
  /**
   * What is to be told of recipients that are suppressed, stored in the same commit. Called inside the transaction, where alone it is known
   * who they are: synchronous, at most twice, and it touches nothing but ids.
   */
  readonly onSuppressed?: (suppressed: readonly Suppressed[]) => {
    readonly events: readonly NewEvent[]
    readonly reports: readonly NewMessage[]
  }
}

/** An address that a bounce or a complaint of a recipient puts on the suppression lists. */
export interface NewlySuppressed extends SuppressedAddress {
  /** Of the message: see `MessageFacts`. */
  readonly setReasons?: readonly SuppressionReason[] | undefined
}

/** What was found of damage. */
export interface Integrity {
  readonly sizeBytes: number
  /** false: it is large, and was not asked to be read as a whole. */
  readonly isWhollyRead: boolean
  /** In words, at most ten; none: nothing was found. */
  readonly problems: readonly string[]
}

export interface StoredMessage extends Omit<NewMessage, 'head' | 'body' | 'recipients' | 'senders' | 'rejected'> {
  readonly sizeBytes: number
  readonly recipients: readonly StoredRecipient[]
}

export interface StoredRecipient {
  /** Position in the envelope. */
  readonly index: number
  readonly address: string
  readonly domain: string
  readonly state: RecipientState
  readonly attempts: number
  /** Epoch milliseconds; null when final or held. */
  readonly nextAttemptAt: number | null
  readonly outcome: Outcome | null
  readonly settledAt: number | null
}

/** Recipients of one message with one domain, held by this process. A lease runs in the machine's time, not the account's, as all locks do. */
export interface Leased {
  readonly message: StoredMessage
  readonly domain: string
  readonly recipients: readonly StoredRecipient[]
}

export interface AttemptRecord {
  readonly messageId: string
  readonly startedAt: number
  readonly endedAt: number
  readonly recipients: readonly string[]
  readonly host: string
  readonly address: string
  /** One line: what came of it. */
  readonly summary: string
  readonly transcript: readonly string[]
}

export interface Settlement {
  readonly messageId: string
  readonly attempts: readonly AttemptRecord[]
  readonly recipients: readonly {
    readonly index: number
    readonly state: RecipientState
    readonly nextAttemptAt: number | null
    readonly outcome: Outcome
  }[]
  /** Their time was over, and this was no try: it is not counted as one. */
  readonly untried?: true
  readonly settledAt: number
  readonly events: readonly NewEvent[]
  /** Delivery reports to the sender, queued in the same commit. */
  readonly reports: readonly NewMessage[]
  /** Goes onto the account's list where the reason is one that the account, or the set, suppresses for; bounces onto the global list too. */
  readonly suppress?: readonly (NewlySuppressed & {
    /** Position in the envelope. */
    readonly index: number
  })[]
}

export interface EventFilter {
  readonly messageId?: string
  readonly type?: string
  /** A recipient, whole, in any case. */
  readonly to?: string
  /** The From address of the message, whole, in any case. */
  readonly from?: string
  readonly configurationSet?: string
  /** Epoch milliseconds, inclusive. */
  readonly since?: number
  /** Only events with a greater id, for cursors. */
  readonly after?: number
  readonly limit?: number
  /** Of those that match the last `limit`, not the first. */
  readonly last?: true
}

export interface Store
  extends Contacts,
    ActivityLog,
    Breakdowns,
    ConfigurationSets,
    DedicatedIpPools,
    EventDestinations,
    OtherProcesses,
    QueueTools,
    Reports,
    Reputations,
    SuppressionLists,
    Templates {
  account(): Promise<Account>
  saveAccount(account: Account): Promise<void>
  /** What is not named stays as it is then: nothing that another process changed meanwhile is undone. */
  changeAccount(change: Partial<Account>): Promise<void>
  usage(now: number): Promise<SendingUsage>

  /** @throws MailctlError already-exists, limit-exceeded (10,000) */
  addIdentity(identity: Identity): Promise<void>
  identity(name: string): Promise<Identity | undefined>
  /** Those that exist among the names given, in no order. */
  identitiesNamed(names: readonly string[]): Promise<Identity[]>
  /** In order of name. */
  identities(): Promise<Identity[]>
  /** Replaces the record if it still is what the change was made from. @throws MailctlError not-found, conflict */
  saveIdentity(identity: Identity, was: Identity): Promise<void>
  /** @throws MailctlError not-found */
  deleteIdentity(name: string): Promise<void>
  /** Those whose `nextCheckAt` has come, the longest due first. */
  identitiesToCheck(ask: { readonly now: number; readonly limit: number }): Promise<Identity[]>
  /** The earliest `nextCheckAt` there is. */
  nextCheckAt(): Promise<number | undefined>

  newBody(): BodySink
  /** The commit that is the promise. Applies `account/admit` inside. @throws MailctlError as `admit` does; nothing is stored then */
  accept(message: NewMessage, events: readonly NewEvent[], options?: AcceptOptions): Promise<Admission>
  /** The id of the message that was accepted with this key. */
  idOfKey(idempotencyKey: string): Promise<string | undefined>
  message(id: string): Promise<StoredMessage | undefined>
  /** The latest accepted first. @param before only those that were accepted before this message; none when there is no such message */
  messages(limit: number, before?: string): Promise<StoredMessage[]>
  /** Head and body. Gone (undefined) once every recipient is final and nothing refers to them. @throws MailctlError store-unavailable when the spool lost it */
  content(id: string): Promise<{ readonly head: Buffer; readonly body: MessageBody } | undefined>

  /** Recipient domains with something due, in order of name, those greater than `after` (`''`: from the first). Takes nothing. */
  dueDomains(ask: { readonly now: number; readonly after: string; readonly limit: number }): Promise<readonly string[]>
  /**
   * Takes due recipients, at most `limit` groups of one message and domain, and first takes back what dead processes held, due at once. Of one domain:
   * the oldest due first. Of any: domains take turns, from call to call, so that no length of queue for one hides what is due for another.
   * They are this process's for at least `leaseMs` of the machine's time, and on as long as it takes, accepts or settles anything.
   */
  lease(ask: {
    readonly now: number
    readonly leaseMs: number
    readonly limit: number
    readonly messageId?: string
    readonly domain?: string
  }): Promise<Leased[]>
  /** The same for waiting recipients of messages whose `expiresAt` has come, the longest expired first, whenever their next attempt is. */
  leaseExpired(ask: { readonly now: number; readonly leaseMs: number; readonly limit: number }): Promise<Leased[]>
  /**
   * Takes waiting recipients that match, due or not: about `limit`, and of a message all that match. `after` goes on where a call before
   * ended, so that none is taken twice. `next` is null when nothing was left to take.
   */
  leaseMatching(ask: {
    readonly filter: QueueFilter
    readonly leaseMs: number
    readonly limit: number
    readonly after?: string
  }): Promise<{ readonly leased: readonly Leased[]; readonly next: string | null }>
  /**
   * Only recipients still held by this process change; the rest of the settlement is dropped for the others. When it fails nothing changes,
   * and the bodies of its reports are given back.
   */
  settle(settlement: Settlement): Promise<void>
  /** Gives back these groups, or everything this process holds, in their former state, and due as they were or, never tried, at once. */
  release(groups?: readonly Leased[]): Promise<void>
  /**
   * For a clock that may have been set back. Due at `now` become: what is due later than `latest`, and, when `now` is earlier than at the
   * last call of this process, or this is the first, what was accepted later than `now` and never tried. About `limit` at a call.
   * @returns whether there may be more
   */
  bringForward(ask: { readonly now: number; readonly latest: number; readonly limit: number }): Promise<boolean>
  /** Gives back disk that few waiting bodies keep from use, some of it at a call. What cannot be done is left for the next. */
  compact(): Promise<void>
  /** The earliest moment at which something waits; of one message when given. Undefined: nothing waits. */
  nextDueAt(messageId?: string): Promise<number | undefined>
  attempts(messageId: string): Promise<AttemptRecord[]>
  /** In order of id. */
  events(filter: EventFilter): Promise<LoggedEvent[]>
  /** Of the event logged last; 0 when there is none. */
  lastEventId(): Promise<number>
  /** What happened to a message after it was settled. @returns false: there is no such message */
  addEvents(messageId: string, events: readonly NewEvent[]): Promise<boolean>
  /** @param full reads a large database too: seconds a gigabyte */
  integrity(ask: { readonly full: boolean }): Promise<Integrity>
  /** Counts of events by type since a moment. */
  eventCounts(since: number): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}
