/**
 * One client of the submission door: hears who it is, takes an envelope and a message, calls `submit` once at the end of DATA and says in
 * SES's words what came of it. It decides nothing about mail or accounts; that a message was accepted is said only when `submit` has resolved.
 */
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Outage } from '../base/outage.ts'
import { parseAddress } from '../mail/address.ts'
import { MAX_RECIPIENTS } from '../mail/envelope.ts'
import { findFields } from '../mail/header.ts'
import type { Reply } from '../mail/reply.ts'
import { splitMessage, splitWhole } from '../mail/split.ts'
import type { Content } from '../operations/submit-message.ts'
import type { Login } from '../wire/sasl.ts'
import type { SmtpPeer, SmtpSession } from '../wire/smtp-session.ts'
import { INVALID, type Logins } from './logins.ts'
import { PHRASES } from './phrases.ts'
import { replyTo, TEMPORARY_FAILURE, transactionFailed } from './replies.ts'

/** One message with its envelope, as a client gave it. */
export interface Submitted {
  /** MAIL FROM. */
  readonly from: string
  /** RCPT TO, each once, in order: 1 to 50. */
  readonly recipients: readonly string[]
  /** In memory up to 256 KB, else a stream that is to be read to its end. */
  readonly content: Content
  /** Aborted when the door was closed and nobody waits for an answer any more. A client that is lost before breaks off a streamed body. */
  readonly signal: AbortSignal
  readonly peer: SmtpPeer
  /** As whom the client has logged in; undefined: it is trusted for its address. */
  readonly user: string | undefined
}

/**
 * Resolves, with the message's id, when it is durable.
 * @throws MailctlError to refuse it; anything else is answered 451 and logged
 */
export type Submit = (message: Submitted) => Promise<string>

export interface SubmissionOptions {
  readonly submit: Submit
  readonly logins: Logins
  readonly log: Log
  /** Told of what is answered 451 through no fault of the client's, and of what is accepted. */
  readonly outage: Pick<Outage, 'failed' | 'worked'>
  /** Of the door, one for all: a signal for each message would cost more than reading it. */
  readonly signal: AbortSignal
}

/** Before a login: between two commands, and in all. SES facts: smtp, "Local defaults". */
const STRANGER_IDLE_MS = 10_000
const STRANGER_MS = 60_000
/** Logins that one connection may try. */
const MAX_TRIES = 3
const NOT_YOU: Reply = { code: 530, lines: ['Authentication required'] }
/** Beyond so many hosts it is a loop. RFC 5321 §6.3 */
const MAX_HOPS = 100
const OK: Reply = { code: 250, lines: ['Ok'] }
const TOO_MANY_RECIPIENTS = transactionFailed(`Recipient count exceeds ${MAX_RECIPIENTS}.`)
const NO_DOMAIN = "Missing final '@domain'"

export class SubmissionSession implements SmtpSession {
  readonly #peer: SmtpPeer
  readonly #options: SubmissionOptions
  readonly #recipients = new Set<string>()
  #from = ''
  #user: string | undefined
  #tries = 0
  /** Whoever is not known yet must be by then; undefined for one who may send. */
  #knownBy: number | undefined

  /** @param isTrusted may send without a login */
  constructor(peer: SmtpPeer, isTrusted: boolean, options: SubmissionOptions) {
    this.#peer = peer
    this.#options = options
    if (!isTrusted) this.#knownBy = performance.now() + STRANGER_MS
  }

  get idleMs(): number | undefined {
    return this.#knownBy === undefined ? undefined : Math.min(STRANGER_IDLE_MS, Math.max(0, this.#knownBy - performance.now()))
  }

  greet(): Reply | undefined {
    if (this.#knownBy === undefined || this.#options.logins.enter(this.#peer)) return undefined
    return PHRASES.tooManyConnections
  }

  close(): void {
    this.#options.logins.leave(this.#peer)
  }

  async auth(login: Login): Promise<Reply> {
    this.#tries += 1
    if (this.#tries > MAX_TRIES) return PHRASES.tooManyErrors
    const { logins } = this.#options
    const reply = await logins.login(this.#peer, login)
    if (reply.code !== 235) return reply
    this.#user = login.user
    this.#knownBy = undefined
    logins.leave(this.#peer)
    return reply
  }

  mail(from: string): Reply | Promise<Reply> {
    if (this.#knownBy !== undefined) return this.#peer.tls === undefined ? PHRASES.needTls : NOT_YOU
    this.#from = from
    return this.#user === undefined ? OK : this.#stillIn(this.#user)
  }

  async #stillIn(user: string): Promise<Reply> {
    if (await this.#options.logins.isInUse(user)) return OK
    this.#knownBy = performance.now()
    return INVALID
  }

  /** The recipients are checked with the message, as SES does. */
  rcpt(to: string): Reply {
    this.#recipients.add(to)
    return OK
  }

  reset(): void {
    this.#from = ''
    this.#recipients.clear()
  }

  whole(octets: Buffer, longestLine?: number): Reply | Promise<Reply> {
    if (this.#recipients.size > MAX_RECIPIENTS) return TOO_MANY_RECIPIENTS
    try {
      return this.#submit(splitWhole(octets, longestLine === undefined ? {} : { longestLine })).catch((thrown: unknown) =>
        this.#refuse(thrown),
      )
    } catch (thrown) {
      return this.#refuse(thrown)
    }
  }

  async data(body: Parameters<SmtpSession['data']>[0]): Promise<Reply> {
    if (this.#recipients.size > MAX_RECIPIENTS) return TOO_MANY_RECIPIENTS
    try {
      return await this.#submit(await splitMessage(body))
    } catch (thrown) {
      // A message that never came whole has had, or needs, no answer from here.
      return body.errored === null ? this.#refuse(thrown) : replyTo(thrown)
    }
  }

  async #submit(content: Content): Promise<Reply> {
    if (isLooping(content)) return transactionFailed('Too many hops, this message is going round in circles')
    const { submit, signal } = this.#options
    const messageId = await submit({
      from: addressOf(this.#from),
      recipients: [...this.#recipients].map(addressOf),
      content,
      signal,
      peer: this.#peer,
      user: this.#user,
    })
    this.#options.outage.worked()
    return { code: 250, lines: [`Ok ${messageId}`] }
  }

  #refuse(thrown: unknown): Reply {
    const reply = replyTo(thrown)
    const { log, outage, signal } = this.#options
    if (!(thrown instanceof MailctlError)) log('smtp', `* submission failed: ${messageOf(thrown)}`)
    if (reply === TEMPORARY_FAILURE && !signal.aborted) outage.failed(messageOf(thrown))
    return reply
  }
}

function isLooping({ header }: Content): boolean {
  return header.length > MAX_HOPS && findFields(header, 'Received').length > MAX_HOPS
}

/** In the one form that the account knows. The null path and a lone postmaster have no domain, and SES wants one of everybody. */
function addressOf(path: string): string {
  if (!path.includes('@')) throw new MailctlError('bad-data', NO_DOMAIN)
  return parseAddress(path).address
}
