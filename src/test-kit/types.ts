/**
 * What `mailctl/test` shows to tests: a sending account of their own inside the test's process. The rules, the engine, the simulated internet and
 * its receivers are those of the program; nothing listens on a port, nothing leaves the process, and time stands still unless it is advanced.
 */
import type { Agent } from 'node:http'

export interface MailAccountOptions {
  /** Domains and addresses that may send from the start. Default: `example.com`. */
  readonly verified?: readonly string[]
  /** `sandbox`: as a new account is, one recipient a second of its clock. Default: `production`, 50,000 recipients a day, as fast as a test can. */
  readonly access?: 'production' | 'sandbox'
  /** Where the clock begins. Default: 2026-01-01T00:00:00Z. */
  readonly startAt?: Date
  /** Makes ids and chance repeatable. Default: 1. */
  readonly seed?: number
}

export interface OutgoingMail {
  readonly from: string
  readonly to?: string | readonly string[]
  readonly cc?: string | readonly string[]
  readonly bcc?: string | readonly string[]
  readonly replyTo?: string | readonly string[]
  readonly subject?: string
  readonly text?: string
  readonly html?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly attachments?: readonly { readonly name: string; readonly content: string | Uint8Array; readonly type?: string }[]
  /** Names and values of SES message tags. */
  readonly tags?: Readonly<Record<string, string>>
  readonly configurationSet?: string
}

export interface SentMail {
  readonly messageId: string
}

/** All of what is given must fit. */
export interface MailMatch {
  /** A recipient of the envelope, whole, in any case. */
  readonly to?: string
  /** The address of the From field. */
  readonly from?: string
  /** A part of the subject, in any case, or a pattern. */
  readonly subject?: string | RegExp
}

export interface MailFile {
  /** `''`: it has none. */
  readonly name: string
  readonly type: string
  readonly content: Buffer
}

/** A message as a receiver took it. */
export interface ReceivedMail {
  readonly id: string
  /** Addresses of the fields, without names. */
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  /** Who it was handed over from and for. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
  readonly subject: string
  /** `''`: it has no such part. */
  readonly text: string
  readonly html: string
  /** Of the HTML, then of the text, each once, in order. */
  readonly links: readonly string[]
  readonly attachments: readonly MailFile[]
  /** The value of the first field of the name, in any case; undefined: there is none. */
  header(name: string): string | undefined
  /** What the receiver made of its origin: `pass`, `fail`, `none` and the other words of RFC 8601. */
  readonly authentication: { readonly spf: string; readonly dkim: string; readonly dmarc: string }
  readonly folder: 'inbox' | 'spam'
  readonly receivedAt: Date
  /** The whole message, with the receiver's own trace fields on top. */
  readonly raw: Buffer
}

export interface MailEvent {
  /** `Send`, `Delivery`, `Bounce`, `Complaint` and the other words of SES. */
  readonly type: string
  readonly messageId: string
  readonly at: Date
  readonly recipients: readonly string[]
  /** The event as SES tells it. */
  readonly event: Readonly<Record<string, unknown>>
}

export interface EventMatch {
  readonly type?: string
  readonly messageId?: string
  /** A recipient, whole, in any case. */
  readonly to?: string
}

export interface Inbox {
  /**
   * The oldest message that matches and was not given out yet. Delivers what is due first; never waits for time to pass.
   * @throws Error when there is none, with what there is
   */
  next(match?: MailMatch): Promise<ReceivedMail>
  /** Every message that matches, given out or not, the oldest first. */
  all(match?: MailMatch): Promise<readonly ReceivedMail[]>
  /** Forgets every message, and what receivers know of the sender. */
  clear(): Promise<void>
}

export interface MailClock {
  now(): Date
  /** Everything that falls due on the way happens, each at its own moment: retries, reports, rules. @param by `90s`, `15m`, `2h`, `14d`, or milliseconds */
  advance(by: string | number): Promise<void>
}

/** For `nodemailer.createTransport(account.transport)`. */
export interface MailTransport {
  readonly name: string
  readonly version: string
  // biome-ignore lint/suspicious/noExplicitAny: nodemailer's own types differ from version to version
  send(mail: any, callback: (error: Error | null, info?: any) => void): void
  /** There is always somebody to send to. */
  verify(callback?: (error: Error | null, success?: true) => void): Promise<true>
}

export interface RanCommand {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  /** What stdout holds as JSON. @throws SyntaxError when it holds none */
  json(): ReturnType<typeof JSON.parse>
}

export interface MailAccount {
  readonly inbox: Inbox
  readonly clock: MailClock
  /** Mail of nodemailer goes into the account as raw mail. */
  readonly transport: MailTransport
  /**
   * For `new SESv2Client(account.ses)` and `new SESClient(account.ses)`: the whole API, by HTTP inside the process. `httpAgent` serves
   * `http.request` and what is built on it.
   */
  readonly ses: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
    readonly requestHandler: { readonly httpAgent: Agent }
  }
  /** Hands in a message, as `mailctl send` does. @throws Error with SES's words when the account's rules refuse it */
  send(mail: OutgoingMail): Promise<SentMail>
  /** Everything that is due at this moment is done: deliveries, events, reports. */
  settle(): Promise<void>
  /** What happened, the oldest first. Settles before. */
  events(match?: EventMatch): Promise<readonly MailEvent[]>
  /** A domain, with DKIM, SPF and DMARC in the simulated DNS; or an address. */
  verify(identity: string): Promise<void>
  /** Any command of the terminal on this account: `run('config-set', 'create', 'receipts')`. */
  run(...argv: readonly string[]): Promise<RanCommand>
  /** Ends it and removes its files. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

interface MatcherVerdict {
  readonly pass: boolean
  message(): string
}

/** For `expect.extend(mailMatchers)` of vitest and jest. */
export type MailMatchers = {
  /** A part of the subject, or a pattern. */
  toHaveSubject(mail: ReceivedMail, wanted: string | RegExp): MatcherVerdict
  /** A recipient of the envelope, in any case. */
  toBeDeliveredTo(mail: ReceivedMail, address: string): MatcherVerdict
  /** A part of the text or of the HTML, or a pattern. */
  toContainText(mail: ReceivedMail, wanted: string | RegExp): MatcherVerdict
  /** A part of a link, or a pattern. */
  toHaveLink(mail: ReceivedMail, wanted: string | RegExp): MatcherVerdict
  /** The name of a file, or a pattern. */
  toHaveAttachment(mail: ReceivedMail, name: string | RegExp): MatcherVerdict
  /** SPF, DKIM and DMARC pass, as the receiver judged them. */
  toBeAuthenticated(mail: ReceivedMail): MatcherVerdict
}

/** For `assertMail`: all of what is given must be so, each as the matcher of that name has it. */
export interface MailExpectation {
  readonly subject?: string | RegExp
  readonly deliveredTo?: string
  readonly text?: string | RegExp
  readonly link?: string | RegExp
  readonly attachment?: string | RegExp
  readonly authenticated?: true
}

/** What `expect(mail)` has then; for the types of a runner: `interface Matchers<T> extends MailAssertions {}` in its module. */
export interface MailAssertions<R = void> {
  toHaveSubject(wanted: string | RegExp): R
  toBeDeliveredTo(address: string): R
  toContainText(wanted: string | RegExp): R
  toHaveLink(wanted: string | RegExp): R
  toHaveAttachment(name: string | RegExp): R
  toBeAuthenticated(): R
}
