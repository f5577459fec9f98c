/**
 * The client's side of an SMTP conversation, step by step: greeting, EHLO (HELO when refused), STARTTLS, AUTH, transactions, RSET, QUIT.
 * RFC 5321, 2920 (PIPELINING), 1870 (SIZE), 6152 (8BITMIME), 3207 (STARTTLS), 4954 (AUTH).
 *
 * It reports what the peer said and decides nothing about mail: which reply means what is `mail/interpret-reply.ts`. A session can carry
 * one transaction after another. It never sends AUTH in the clear, a line that was not checked for line ends, or a message whose line
 * ends are not CRLF. Refusals are replies; only a session that cannot go on throws (`SessionBroken`).
 */
import type { FinalMessage } from '../mail/body.ts'
import type { Reply } from '../mail/reply.ts'
import { DotStuffer } from './dot-stuffing.ts'
import { SessionBroken } from './session-broken.ts'
import type { SmtpClientConnection, TlsWish } from './smtp-client-connection.ts'

/** Longest wait for each step, in milliseconds. */
export interface SmtpTimeouts {
  readonly connectMs: number
  readonly handshakeMs: number
  readonly greetingMs: number
  readonly helloMs: number
  readonly authMs: number
  readonly mailMs: number
  readonly rcptMs: number
  readonly dataMs: number
  readonly blockMs: number
  readonly finalDotMs: number
  readonly quitMs: number
  /** For the whole attempt: a peer that takes one block every few minutes must not hold it for days. */
  readonly attemptMs: number
}

/** RFC 5321 §4.5.3.2 where it names a step. */
export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
  connectMs: 30_000,
  handshakeMs: 60_000,
  greetingMs: 300_000,
  helloMs: 300_000,
  authMs: 120_000,
  mailMs: 300_000,
  rcptMs: 300_000,
  dataMs: 120_000,
  blockMs: 180_000,
  finalDotMs: 600_000,
  quitMs: 2_000,
  attemptMs: 1_800_000,
}

export interface TransactionRequest {
  /** `''` is `<>`. */
  readonly from: string
  readonly recipients: readonly string[]
  readonly message: FinalMessage
  /** Declares BODY=8BITMIME; the caller has seen that the peer offers it. */
  readonly eightBit: boolean
}

/** What the peer said to each step, as far as the transaction came. A recipient without a reply was not answered for. */
export interface Transaction {
  readonly mail: Reply | undefined
  readonly recipients: readonly (Reply | undefined)[]
  /** To DATA: 354, or a refusal. Undefined when it was not sent, as after no recipient was accepted. */
  readonly data: Reply | undefined
  /** To the final dot. */
  readonly final: Reply | undefined
  /** Why it ended early. `afterDot`: the peer may have taken the message and we do not know. */
  readonly broken: { readonly cause: SessionBroken; readonly afterDot: boolean } | undefined
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** Octets of a message collected before they are written. */
const WRITE_BYTES = 64 * 1024

const accepted = (reply: Reply | undefined): boolean => reply !== undefined && reply.code >= 200 && reply.code < 300

/** Whether the address can stand between `<` and `>` in a command: printable ASCII, and neither space nor bracket outside quotes. */
export function fitsPath(address: string): boolean {
  return /^[\x20-\x7e]*$/.test(address) && !/[ <>]/.test(address.replace(/"(?:[^"\\]|\\.)*"/g, '""'))
}

export class SmtpClient {
  readonly connection: SmtpClientConnection
  readonly #timeouts: SmtpTimeouts
  /** Keyword in upper case → its parameters; empty after HELO. */
  #extensions: ReadonlyMap<string, readonly string[]> = new Map()

  constructor(connection: SmtpClientConnection, timeouts: SmtpTimeouts) {
    this.connection = connection
    this.#timeouts = timeouts
  }

  offers(keyword: string): boolean {
    return this.#extensions.has(keyword)
  }

  /** The SIZE limit in octets; undefined when none was declared. */
  get sizeLimit(): number | undefined {
    const size = this.#extensions.get('SIZE')?.[0]
    // 0 means no fixed limit (RFC 1870 §3).
    return size === undefined || !/^\d{1,15}$/.test(size) || Number(size) === 0 ? undefined : Number(size)
  }

  greeting(): Promise<Reply> {
    return this.connection.readReply(this.#timeouts.greetingMs)
  }

  /** EHLO, then HELO when EHLO is refused for good. @returns the last reply */
  async hello(name: string): Promise<Reply> {
    this.#extensions = new Map()
    const ehlo = await this.#ask(`EHLO ${name}`, this.#timeouts.helloMs)
    if (accepted(ehlo)) this.#extensions = readExtensions(ehlo)
    if (ehlo.code < 500) return ehlo
    return this.#ask(`HELO ${name}`, this.#timeouts.helloMs)
  }

  /** STARTTLS; after a 220 the session is under TLS and wants `hello` again. @returns the reply to STARTTLS */
  async startTls(wish: Omit<TlsWish, 'timeoutMs'>): Promise<Reply> {
    const reply = await this.#ask('STARTTLS', this.#timeouts.helloMs)
    if (reply.code === 220) await this.connection.startTls({ ...wish, timeoutMs: this.#timeouts.handshakeMs })
    return reply
  }

  /** PLAIN, else LOGIN. @returns the last reply; undefined when the peer offers neither, or the session is in the clear: nothing was sent then */
  async authenticate({ user, password }: Credentials): Promise<Reply | undefined> {
    if (this.connection.tlsVersion === undefined) return undefined
    const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
    const plain = base64(`\0${user}\0${password}`)
    for (const secret of [plain, base64(password), base64(user), password]) this.connection.transcript.hide(secret)
    const mechanisms = (this.#extensions.get('AUTH') ?? []).map(name => name.toUpperCase())
    const { authMs } = this.#timeouts
    if (mechanisms.includes('PLAIN')) return this.#ask(`AUTH PLAIN ${plain}`, authMs)
    if (!mechanisms.includes('LOGIN')) return undefined
    const askUser = await this.#ask('AUTH LOGIN', authMs)
    if (askUser.code !== 334) return askUser
    const askPassword = await this.#ask(base64(user), authMs)
    if (askPassword.code !== 334) return askPassword
    return this.#ask(base64(password), authMs)
  }

  /**
   * One transaction. Without any accepted recipient DATA is not sent, and the peer still waits in the transaction: `reset` or `quit`.
   * @throws what reading the message throws; the connection is then gone, and the peer has no whole message
   */
  async transact(request: TransactionRequest): Promise<Transaction> {
    const replies: { mail?: Reply; recipients: (Reply | undefined)[]; data?: Reply; final?: Reply } = {
      recipients: request.recipients.map(() => undefined),
    }
    const result = (broken?: Transaction['broken']): Transaction => ({
      mail: replies.mail,
      recipients: replies.recipients,
      data: replies.data,
      final: replies.final,
      broken,
    })
    const progress = { dotSent: false }
    try {
      await this.#envelope(request, replies)
      if (!replies.recipients.some(accepted)) return result()
      const go = await this.#ask('DATA', this.#timeouts.dataMs)
      if (go.code < 300) throw new SessionBroken('protocol', `the peer answered ${go.code} to DATA`)
      replies.data = go
      if (replies.data.code !== 354) return result()
      await this.#content(request.message, progress)
      replies.final = await this.connection.readReply(this.#timeouts.finalDotMs)
      return result()
    } catch (thrown) {
      this.connection.destroy()
      if (!(thrown instanceof SessionBroken)) throw thrown
      // What the peer said before it hung up explains more than that it did.
      const parting = replies.data?.code === 354 ? this.connection.takeUnasked() : undefined
      if (parting && parting.code >= 400) return { ...result({ cause: thrown, afterDot: progress.dotSent }), final: parting }
      return result({ cause: thrown, afterDot: progress.dotSent })
    }
  }

  /** Ends a transaction so that another can follow. */
  reset(): Promise<Reply> {
    return this.#ask('RSET', this.#timeouts.mailMs)
  }

  /** Does not wait for the answer. */
  quit(): void {
    this.connection.quit(this.#timeouts.quitMs)
  }

  async #envelope(
    { from, recipients, message, eightBit }: TransactionRequest,
    replies: { mail?: Reply; recipients: (Reply | undefined)[] },
  ): Promise<void> {
    for (const address of [from, ...recipients]) if (!fitsPath(address)) throw new Error('an address that cannot stand in an SMTP command')
    const size = this.offers('SIZE') ? ` SIZE=${message.head.length + message.body.length}` : ''
    const mail = `MAIL FROM:<${from}>${size}${eightBit && this.offers('8BITMIME') ? ' BODY=8BITMIME' : ''}`
    const rcpts = recipients.map(address => `RCPT TO:<${address}>`)
    const pipelined = this.offers('PIPELINING')
    this.connection.sendLines(pipelined ? [mail, ...rcpts] : [mail])
    replies.mail = await this.connection.readReply(this.#timeouts.mailMs)
    // After a refused MAIL the peer still answers each pipelined RCPT; those answers say nothing about the recipients.
    if (!accepted(replies.mail) && !pipelined) return
    for (const [index, rcpt] of rcpts.entries()) {
      if (!pipelined) this.connection.sendLine(rcpt)
      const reply = await this.connection.readReply(this.#timeouts.rcptMs)
      if (accepted(replies.mail)) replies.recipients[index] = reply
    }
  }

  async #content(message: FinalMessage, progress: { dotSent: boolean }): Promise<void> {
    const stuffer = new DotStuffer()
    const { blockMs } = this.#timeouts
    this.connection.transcript.add('*', `message of ${message.head.length + message.body.length} octets`)
    let pieces = stuffer.push(message.head)
    let waiting = message.head.length
    for await (const chunk of message.body.open()) {
      for (const piece of stuffer.push(chunk)) pieces.push(piece)
      waiting += chunk.length
      // A small message leaves in one write, its dot included.
      if (waiting < WRITE_BYTES) continue
      await this.connection.write(pieces, blockMs)
      if (this.connection.hasUnasked) throw new SessionBroken('protocol', 'the peer answered before the message had ended')
      pieces = []
      waiting = 0
    }
    pieces.push(stuffer.end())
    if (this.connection.hasUnasked) throw new SessionBroken('protocol', 'the peer answered before the message had ended')
    progress.dotSent = true
    await this.connection.write(pieces, blockMs)
  }

  async #ask(line: string, timeoutMs: number): Promise<Reply> {
    this.connection.sendLine(line)
    return this.connection.readReply(timeoutMs)
  }
}

/** RFC 5321 §4.1.1.1; `AUTH=PLAIN` is how very old servers wrote it. */
function readExtensions(ehlo: Reply): Map<string, string[]> {
  const extensions = new Map<string, string[]>()
  for (const line of ehlo.lines.slice(1)) {
    const [keyword = '', ...parameters] = line.replace('AUTH=', 'AUTH ').trim().split(/\s+/)
    if (/^[a-z0-9][a-z0-9-]*$/i.test(keyword))
      extensions.set(keyword.toUpperCase(), [...(extensions.get(keyword.toUpperCase()) ?? []), ...parameters])
  }
  return extensions
}
