/** How TLS went with recipient domains, counted for each day of the account's clock: what a report of RFC 8460 would be made from. */
import type { TlsPolicyType, TlsResult } from '../mail/tls-result.ts'

export interface TlsSession {
  /** The recipient domain whose policy it was. */
  readonly domain: string
  readonly policy: TlsPolicyType
  /** The mail host; `''` where none was reached. */
  readonly host: string
  readonly result: TlsResult
}

export interface CountedTls extends TlsSession {
  /** `2026-01-31`, UTC. */
  readonly day: string
  readonly count: number
}

export interface TlsReports {
  /** Counts one session; durable a few seconds later, or at `close`. */
  note(session: TlsSession): void
  /** Newest day first; of one domain when given. @throws MailctlError store-unavailable */
  counted(domain?: string): Promise<CountedTls[]>
  /** Writes what it can. */
  close(): Promise<void>
}
