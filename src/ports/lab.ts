/** The internet in a box, as the inside sees it: a name server, doors to receivers, and what they took. */
import type { Readable } from 'node:stream'

export interface InboxMessage {
  /** Short and typable. */
  readonly id: string
  readonly envelopeFrom: string
  readonly envelopeTo: readonly string[]
  readonly subject: string
  readonly from: string
  /** The `Message-ID` field without angle brackets, for matching with what was sent; `''` when there is none. */
  readonly headerMessageId: string
  readonly receivedAt: number
  /** The receiver's host name. */
  readonly receiver: string
  readonly sizeBytes: number
  readonly authentication: Authentication
  readonly folder: 'inbox' | 'spam'
  /** Rules of a look-alike that put it there: `gmail: one-click-unsubscribe`. */
  readonly rules: readonly string[]
}

/** Verdicts a receiver reached by itself. `result` is `pass fail softfail neutral none temperror permerror`. */
export interface Authentication {
  readonly spf: { readonly domain: string; readonly result: string }
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string; readonly detail: string }[]
  readonly dmarc: { readonly domain: string; readonly result: string; readonly policy: string }
}

export interface InboxFilter {
  readonly to?: string
  readonly from?: string
  readonly subject?: (subject: string) => boolean
  /** The `Message-ID` field, without angle brackets. */
  readonly headerMessageId?: string
  /** Only messages received at or after this moment. */
  readonly since?: number
  /** Only messages that came before the one of this id. */
  readonly before?: string
  readonly limit?: number
}

export interface Lab {
  /** The lab's name server; started by the first call. */
  dns(): Promise<{ readonly address: string; readonly port: number }>
  /** The loopback door of the receiver behind this host name; opened by the first call. */
  door(hostName: string, address: string): Promise<{ readonly address: string; readonly port: number }>
  readonly inbox: {
    list(filter: InboxFilter): Promise<InboxMessage[]>
    get(id: string): Promise<InboxMessage | undefined>
    /** The message as the receiver stored it, with its own trace fields on top. */
    open(id: string): Promise<Readable>
    /** @returns how many were removed */
    clear(): Promise<number>
    /** Receivers know no sender any more: what was put off, how much came, what was complained of. */
    forgetSenders(): Promise<void>
  }
  /** What receivers mail back for messages they took. None of it opens a lab where there is none yet. */
  readonly reports: {
    /** The earliest moment at which one is sent; of one return path when given. Undefined: none waits. */
    nextDueAt(returnPath?: string): Promise<number | undefined>
    /** Has those of one return path sent so long after their message was taken, in milliseconds. */
    setDelay(returnPath: string, ms: number): Promise<void>
    /** Mails what is due. @returns how many were taken, or refused for good */
    sendDue(): Promise<number>
  }
  /** Orders what the receiver of one message is to do with one recipient. @throws MailctlError usage: no such provider */
  play(ask: PlayAsk): Promise<void>
  /** An address at a provider that has look-alikes here. @throws MailctlError usage: no such provider */
  addressAt(isp: string): Promise<string>
  close(): Promise<void>
}

/** `bounce` refuses for good and `delay` once, both at RCPT; the others take the message, and mail a complaint or an automatic answer back. */
export interface PlayAsk {
  readonly recipient: string
  /** The envelope sender of the message it is for. */
  readonly returnPath: string
  readonly outcome: 'success' | 'bounce' | 'delay' | 'complaint' | 'ooto'
  /** Whose words are spoken: `gmail`, `outlook`, `yahoo`, `gmx`. Absent: those of the recipient's domain, if it looks like one of them. */
  readonly isp?: string
  /** Instead of what those words have. */
  readonly code?: number
  readonly status?: string
  readonly text?: string
}
