/**
 * What stands behind an SMTP listener: one `SmtpSession` per connection decides about senders, recipients and messages. Order and syntax
 * are kept by `smtp-dialogue.ts`, time, size and TLS by `smtp-connection.ts`. Answers are replies or promises of them; a promise that rejects is
 * answered with 451 and its text is kept from the peer.
 */
import type { Readable } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { EnhancedStatus, Reply } from '../mail/reply.ts'
import type { Login } from './sasl.ts'
import type { Phrases } from './smtp-phrases.ts'
import type { Sockets } from './sockets.ts'

export type Answer = Reply | Promise<Reply>

/** The client as the connection knows it; the members change as the dialogue goes on. */
export interface SmtpPeer {
  /** An IP literal, IPv4-mapped IPv6 written as IPv4. */
  readonly address: string
  readonly port: number
  /** What it said in EHLO or HELO; `''` before. */
  readonly helloName: string
  /** EHLO, not HELO. */
  readonly extended: boolean
  /** Undefined in the clear. */
  readonly tls: { readonly version: string; readonly cipher: string } | undefined
  /** Ends the connection at once, without another word. */
  drop(): void
}

export interface MailParameters {
  /** Octets the client announced. */
  readonly size: number | undefined
  readonly body: '7BIT' | '8BITMIME'
}

export interface SmtpSession {
  /** Instead of the listener's `commandMs`; undefined leaves it so. */
  readonly idleMs?: number | undefined
  /** Another greeting than `220 <hostname> ESMTP`; any code but 220 ends the session. */
  greet?(): Answer | undefined
  /** Another answer than 250 refuses the client's name. */
  hello?(name: string): Answer | undefined
  /** Absent: AUTH is not offered. Asked under TLS only where the listener has it; any code but 235 leaves the client where it was. */
  auth?(login: Login): Answer
  /** @param from `''` is the null return path */
  mail(from: string, parameters: MailParameters): Answer
  rcpt(to: string): Answer
  /**
   * Takes one message: octets without dot stuffing, lines ending in CRLF only. The stream ends only when the message is whole and sound;
   * it is destroyed with an error when the connection is lost, the message too large or a line end bare, and the answer is then not used.
   * Answering before the end lets the rest be read and thrown away.
   */
  data(body: Readable): Answer
  /**
   * Takes a message that ended, sound, within 256 KB, without the cost of a stream; larger ones, and any while the octets collected in all
   * connections would pass 16 MB, go to `data`. Absent: all do.
   * @param longestLine octets, without CRLF; absent where they were not counted
   */
  whole?(octets: Buffer, longestLine?: number): Answer
  /** The envelope is forgotten: RSET, EHLO, STARTTLS, or a message is done. */
  reset?(): void
  /** The connection is gone. */
  close?(): void
}

export interface SmtpServerOptions {
  /** Our own name in the greeting and in EHLO. */
  readonly hostname: string
  readonly session: (peer: SmtpPeer) => SmtpSession
  /** Offered in SIZE and enforced while reading; octets. */
  readonly maxMessageBytes: number
  /** Further recipients get 452 4.5.3. RFC 5321 §4.5.3.1.8 asks for at least 100. */
  readonly maxRecipients?: number
  /** Further connections get 421. */
  readonly maxConnections?: number
  /** `starttls` offers it; `implicit` begins with it. Called once, when first needed. */
  readonly tls?: { readonly mode: 'starttls' | 'implicit'; readonly context: () => SecureContext }
  readonly timeouts?: Partial<SmtpTimeouts>
  /** Absent: TCP. */
  readonly sockets?: Sockets
  /** Absent: `STANDARD`. */
  readonly phrases?: Phrases
  /** What to answer to a malformed address; absent: the phrase `badSender` or `badRecipient`. @param path as sent, printable ASCII */
  readonly badPath?: (verb: 'MAIL' | 'RCPT', path: string) => Reply
  /** `taken`: an address without its angle brackets will do. Default: `refused`. */
  readonly barePaths?: 'taken' | 'refused'
  /** `offered`: messages may come in counted chunks, RFC 3030. Default: not. */
  readonly chunking?: 'offered'
  /** One more line at the end of the answer to EHLO. */
  readonly helloEnd?: string
  /** Dialogue lines, secrets masked. */
  readonly log?: (line: string) => void
}

/** Milliseconds of real time. RFC 5321 §4.5.3.2. */
export interface SmtpTimeouts {
  /** From our reply to the whole next command line. */
  readonly commandMs: number
  /** From one chunk of a message to the next. */
  readonly dataMs: number
  /** From 354 to the end of the message. */
  readonly messageMs: number
  readonly handshakeMs: number
}

/** A one-line reply with its enhanced status code in the text. */
export const smtpReply = (code: number, status: EnhancedStatus, text: string): Reply => ({ code, lines: [`${status} ${text}`], status })
