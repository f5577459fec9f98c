/**
 * The client's side of an SMTP session, step by step: greeting, EHLO (HELO when refused), STARTTLS, AUTH, one transaction after another
 * (`smtp-transaction.ts`), QUIT. RFC 5321, 1870 (SIZE), 3207 (STARTTLS), 4954 (AUTH).
 *
 * It reports what the peer said and decides nothing about mail: which reply means what is `mail/interpret-reply.ts`. It never sends
 * AUTH in the clear, or a line that was not checked for line ends. Refusals are replies; only a session that cannot go on throws (`SessionBroken`).
 */
import type { Reply } from '../mail/reply.ts'
import type { Errand, SmtpClientConnection, TlsWish } from './smtp-client-connection.ts'
import type { SmtpTimeouts } from './smtp-timeouts.ts'
import { isAccepted, type Transaction, type TransactionRequest, type TransactionTerms, transact } from './smtp-transaction.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export class SmtpClient {
  readonly connection: SmtpClientConnection
  readonly #timeouts: SmtpTimeouts
  /** Keyword in upper case → its parameters; empty after HELO. */
  #extensions: ReadonlyMap<string, readonly string[]> = new Map()
  #session: TransactionTerms['session'] | 'over' = 'ready'
  /** What no transcript of this session may show. */
  #secrets: readonly string[] = []

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
    if (isAccepted(ehlo)) this.#extensions = readExtensions(ehlo)
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
    this.#secrets = [plain, base64(password), base64(user), password]
    for (const secret of this.#secrets) this.connection.transcript.hide(secret)
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

  /** Whether another transaction may follow: nothing has broken, the last one came to an end that both sides know, and nothing was said unasked. */
  get canContinue(): boolean {
    return this.#session !== 'over' && !this.connection.isBroken && !this.connection.hasUnasked
  }

  /** Another errand takes over a session that has rested. */
  resume(errand: Errand): void {
    for (const secret of this.#secrets) errand.transcript.hide(secret)
    this.connection.resume(errand)
  }

  /** One transaction; afterwards `canContinue`, or `quit`. @throws what `smtp-transaction.ts` throws: the message cannot be read */
  async transact(request: TransactionRequest): Promise<Transaction> {
    if (this.#session === 'over') throw new Error('a transaction on a session that is over')
    const terms = { timeouts: this.#timeouts, pipelining: this.offers('PIPELINING'), size: this.offers('SIZE'), session: this.#session }
    this.#session = 'over'
    const transaction = await transact(this.connection, terms, { ...request, eightBit: request.eightBit && this.offers('8BITMIME') })
    this.#session = transaction.session
    return transaction
  }

  /** Does not wait for the answer. */
  quit(): void {
    this.#session = 'over'
    this.connection.quit(this.#timeouts.quitMs)
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
