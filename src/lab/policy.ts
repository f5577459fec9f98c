/** How a receiver treats those who come: what it offers, whom it refuses and when. Everything not refused is taken. */
import type { Database } from '../base/database.ts'
import type { Header } from '../mail/header.ts'
import type { Reply } from '../mail/reply.ts'
import type { Returned } from './pending-reports.ts'
import type { Provider } from './provider.ts'
import type { Verdicts } from './verdicts.ts'

/** `broken` offers STARTTLS and cannot do it; `old` knows TLS 1.0 and 1.1 only. */
export type TlsStyle = 'modern' | 'none' | 'broken' | 'old'

export interface Recipient {
  /** The receiver's host name. */
  readonly receiver: string
  readonly ip: string
  readonly from: string
  readonly to: string
}

/** What receivers may use to make up their mind. */
export interface Memory {
  readonly database: Database
  /** The account's clock. */
  readonly now: () => number
}

export interface Policy {
  readonly tls: TlsStyle
  /** Connections to this host are refused. */
  readonly isDown?: (host: string) => boolean
  /** Only reachable over IPv6. */
  readonly ipv6Only?: true
  /** Real milliseconds before each reply. */
  readonly paceMs?: number
  /** Instead of 220. */
  readonly greeting?: Reply
  /** @returns a refusal, or undefined to accept */
  readonly rcpt?: (recipient: Recipient, memory: Memory) => Reply | undefined
  /** After the final dot: a refusal of the whole message, or no answer at all. */
  readonly afterData?: Reply | 'drop'
  /** The reply to a message that was taken. @param id its id in the inbox */
  readonly accepted?: (id: string) => Reply
  /** What a recipient sends back, by mail, for a message that was taken. */
  readonly returns?: (recipient: string) => Returned | undefined
  /** A look-alike, which makes up its mind as it gets to know the client. */
  readonly provider?: Provider
}

/** A client, as it comes to be known. */
export interface Visitor {
  readonly ip: string
  helo(): string
  isSecure(): boolean
}

export interface VisitedMessage {
  readonly from: string
  readonly to: readonly string[]
  readonly header: Header
  readonly verdicts: Verdicts
  /** What becomes of it was ordered: no rule stands in its way. */
  readonly isPlayed: boolean
  /** Recipients who will complain of it. */
  readonly complaints: number
}

export type VisitOutcome =
  | { readonly refusal: Reply }
  | {
      readonly refusal?: undefined
      readonly folder: 'inbox' | 'spam'
      /** Rules that put it there. */
      readonly rules: readonly string[]
      /** Notes that it was taken. Call inside the transaction that takes it. */
      took(): void
      accepted(id: string): Reply
    }

/** One session; each step may end in a refusal. */
export interface Visit {
  greeting(): Promise<Reply | undefined>
  mail(): Reply | undefined
  recipient(from: string, to: string): Promise<Reply | undefined>
  message(message: VisitedMessage): Promise<VisitOutcome>
  /** A recipient was refused because there is no such user. */
  unknown(): void
}

export const ACCEPT_ALL: Policy = { tls: 'modern' }

const HOUR = 3_600_000
/** Nobody comes back after so long; bounds the table. */
const FORGET_AFTER = 30 * 24 * HOUR

/** Whether this triple was put off before. */
export function isPutOff({ receiver, ip, from, to }: Recipient, { database }: Memory): boolean {
  return (
    database
      .prepare('SELECT 1 AS yes FROM deferral WHERE receiver = ? AND ip = ? AND sender = ? AND recipient = ?')
      .get(receiver, ip, from.toLowerCase(), to.toLowerCase()) !== undefined
  )
}

/**
 * Puts a triple off the first time it is seen. `once`: for ever after it is known. `each`: the next time it passes and is forgotten, so
 * that another message of the same sender is put off again.
 */
export function putOff(kind: 'once' | 'each', { receiver, ip, from, to }: Recipient, { database, now }: Memory): 'first' | 'later' {
  return database.transaction(() => {
    const key = [receiver, ip, from.toLowerCase(), to.toLowerCase()]
    const known = database.prepare('SELECT at FROM deferral WHERE receiver = ? AND ip = ? AND sender = ? AND recipient = ?').get(...key)
    if (known === undefined) {
      const at = now()
      database.prepare('DELETE FROM deferral WHERE at < ?').run(at - FORGET_AFTER)
      database.prepare('INSERT INTO deferral (receiver, ip, sender, recipient, at) VALUES (?, ?, ?, ?, ?)').run(...key, at)
      return 'first'
    }
    if (kind === 'each') database.prepare('DELETE FROM deferral WHERE receiver = ? AND ip = ? AND sender = ? AND recipient = ?').run(...key)
    return 'later'
  })
}
