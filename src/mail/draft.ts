/** A message before it is written down: what someone wants to say, to whom, with which files. Contents are handles, never open files. */
import type { Mailbox } from './address.ts'
import type { MessageBody } from './body.ts'

/** A file that goes along. */
export interface DraftPart {
  /** File name as the recipient sees it; no folders. */
  readonly name: string
  readonly content: MessageBody
  /** `type/subtype` with parameters; otherwise told by the name, then by `firstOctets`. */
  readonly type?: string
  readonly firstOctets?: Uint8Array
  /** Default: `attachment`; for an inline part `inline`. */
  readonly disposition?: 'attachment' | 'inline'
}

/** A part that the HTML shows by `cid:`. */
export interface InlinePart extends DraftPart {
  /** Without angle brackets. */
  readonly contentId: string
}

export interface Draft {
  readonly from: Mailbox
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  /** Receive the message and are not in it. */
  readonly bcc: readonly Mailbox[]
  readonly replyTo: readonly Mailbox[]
  /** Null: no Return-Path field, as in a message that is signed before it is sent. */
  readonly returnPath: Mailbox | null
  readonly subject: string
  readonly text: string | null
  readonly html: string | null
  readonly attachments: readonly DraftPart[]
  readonly inline: readonly InlinePart[]
  /** An iCalendar object; its METHOD decides what the recipient may do with it. */
  readonly calendar: string | null
  /** Further fields in order. SES fact: at most 15, printable ASCII. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** `https:` or `mailto:` URL. */
  readonly listUnsubscribe: string | null
  /** Epoch milliseconds; null leaves the Date field out. */
  readonly date: number | null
  /** `id@domain` without angle brackets; null leaves the Message-ID field out. */
  readonly messageId: string | null
  /** Letters and digits that make the boundaries of this message its own: fresh for each message, the same for the same bytes. */
  readonly boundarySeed: string
}
