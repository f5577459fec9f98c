/**
 * What a client says, command by command: syntax, order, limits, and what is asked of the session behind the listener. It holds no socket:
 * every command comes to one `Step`, which the connection takes. RFC 5321, 1870, 2034, 3207, 6152.
 */
import type { Reply } from '../mail/reply.ts'
import { type PathProblem, parseCommand, parsePathCommand, shownPath } from './smtp-command.ts'
import { type Phrases, STANDARD } from './smtp-phrases.ts'
import type { Answer, SmtpPeer, SmtpServerOptions, SmtpSession } from './smtp-session.ts'

export type Step =
  /** `end`: it is our last word. */
  | { readonly kind: 'say' | 'end'; readonly reply: Reply }
  /** What follows is a message for this session. */
  | { readonly kind: 'receive'; readonly reply: Reply; readonly session: SmtpSession }
  /** The session answers; `act` sees it before it is said. */
  | { readonly kind: 'ask'; readonly question: () => Answer; readonly act: (reply: Reply) => void }
  /** Agree to TLS and turn to it. */
  | { readonly kind: 'secure' }

/** Refused commands before we hang up. */
const MAX_ERRORS = 20
const HTTP_VERB = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)$/

const say = (reply: Reply): Step => ({ kind: 'say', reply })

export class SmtpDialogue {
  /** What the client said in EHLO or HELO; `''` before. */
  helloName = ''
  /** EHLO, not HELO. */
  extended = false
  readonly #peer: SmtpPeer
  readonly #options: SmtpServerOptions
  readonly #phrases: Phrases
  #session: SmtpSession | undefined
  #errors = 0
  #from: string | undefined
  #recipients = 0

  constructor(peer: SmtpPeer, options: SmtpServerOptions) {
    this.#peer = peer
    this.#options = options
    this.#phrases = options.phrases ?? STANDARD
  }

  /** How long the client may be silent; undefined leaves it to the listener. */
  get idleMs(): number | undefined {
    return this.#session?.idleMs
  }

  /** A sender was accepted and the message is not there yet. */
  get inTransaction(): boolean {
    return this.#from !== undefined
  }

  /** Opens the session. Comes before every command. */
  greet(): Answer {
    this.#session = this.#options.session(this.#peer)
    return this.#session.greet?.() ?? { code: 220, lines: [`${this.#options.hostname} ESMTP`] }
  }

  /** A refusal for breaking the rules of the dialogue; too many end it. */
  refuse(reply: Reply): Step {
    this.#errors += 1
    return say(this.#errors > MAX_ERRORS ? this.#phrases.tooManyErrors : reply)
  }

  /** No transaction is open any more. */
  forget(): void {
    this.#from = undefined
    this.#recipients = 0
    this.#session?.reset?.()
  }

  close(): void {
    this.#session?.close?.()
  }

  /** @param line without its CRLF and without control characters */
  obey(line: string): Step {
    const { verb, argument } = parseCommand(line)
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#hello(verb, argument)
      case 'MAIL':
        return this.#mail(argument)
      case 'RCPT':
        return this.#rcpt(argument)
      case 'DATA':
        return argument === '' ? this.#data() : this.refuse(this.#phrases.noArgument)
      case 'RSET':
        if (argument !== '') return this.refuse(this.#phrases.noArgument)
        this.forget()
        return say(this.#phrases.ok)
      case 'NOOP':
        return say(this.#phrases.ok)
      case 'QUIT':
        return argument === '' ? { kind: 'end', reply: this.#phrases.bye } : this.refuse(this.#phrases.noArgument)
      case 'STARTTLS':
        return argument === '' ? this.#startTls() : this.refuse(this.#phrases.noArgument)
      case 'VRFY':
        return say(this.#phrases.cannotVerify)
      case 'HELP':
        return say(this.#phrases.help)
      default:
        // A browser or a server tricked into talking to us: what follows its request line must never be read as commands.
        if (HTTP_VERB.test(verb)) return { kind: 'end', reply: this.#phrases.notTheWeb }
        return this.refuse(this.#phrases.unknownCommand)
    }
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): Step {
    if (!/^[!-~]{1,255}$/.test(name)) return this.refuse(this.#phrases.helloSyntax)
    this.forget()
    const { hostname, maxMessageBytes, tls } = this.#options
    const lines = [hostname]
    if (verb === 'EHLO') {
      lines.push('PIPELINING', `SIZE ${maxMessageBytes}`, '8BITMIME')
      if (this.#phrases.ok.status !== undefined) lines.push('ENHANCEDSTATUSCODES')
      if (tls?.mode === 'starttls' && this.#peer.tls === undefined) lines.push('STARTTLS')
    }
    return {
      kind: 'ask',
      question: () => this.#session?.hello?.(name) ?? { code: 250, lines },
      act: reply => {
        if (reply.code !== 250) return
        this.helloName = name
        this.extended = verb === 'EHLO'
      },
    }
  }

  #startTls(): Step {
    if (this.#options.tls?.mode !== 'starttls') return this.refuse(this.#phrases.noTls)
    if (this.#peer.tls !== undefined) return this.refuse(this.#phrases.tlsInUse)
    this.forget()
    this.helloName = ''
    return { kind: 'secure' }
  }

  #mail(argument: string): Step {
    if (this.helloName === '') return this.refuse(this.#phrases.needHello)
    if (this.#from !== undefined) return this.refuse(this.#phrases.nestedMail)
    const parsed = parsePathCommand(argument, 'FROM:', this.#options.barePaths)
    if (typeof parsed === 'string') return this.refuse(this.#pathRefusal('MAIL', parsed, argument))
    let size: number | undefined
    let body: '7BIT' | '8BITMIME' = '7BIT'
    for (const [keyword, value] of parsed.parameters) {
      if (keyword === 'SIZE') {
        if (!/^\d{1,20}$/.test(value)) return this.refuse(this.#phrases.sizeSyntax)
        size = Number(value)
        if (size > this.#options.maxMessageBytes) return say(this.#phrases.tooLarge)
      } else if (keyword === 'BODY') {
        const kind = value.toUpperCase()
        if (kind !== '7BIT' && kind !== '8BITMIME') return this.refuse(this.#phrases.bodySyntax)
        body = kind
      } else return this.refuse(this.#phrases.unknownParameter)
    }
    const from = parsed.path
    return {
      kind: 'ask',
      question: () => this.#session?.mail(from, { size, body }) ?? this.#phrases.localError,
      act: reply => {
        if (reply.code === 250) this.#from = from
      },
    }
  }

  #rcpt(argument: string): Step {
    if (this.#from === undefined) return this.refuse(this.#phrases.needMail)
    const parsed = parsePathCommand(argument, 'TO:', this.#options.barePaths)
    if (typeof parsed === 'string') return this.refuse(this.#pathRefusal('RCPT', parsed, argument))
    if (parsed.parameters.size > 0) return this.refuse(this.#phrases.unknownParameter)
    if (parsed.path === '') return this.refuse(this.#phrases.nullRecipient)
    if (this.#recipients >= (this.#options.maxRecipients ?? 100)) return say(this.#phrases.tooManyRecipients)
    return {
      kind: 'ask',
      question: () => this.#session?.rcpt(parsed.path) ?? this.#phrases.localError,
      act: reply => {
        if (reply.code === 250 || reply.code === 251) this.#recipients += 1
      },
    }
  }

  #pathRefusal(verb: 'MAIL' | 'RCPT', problem: PathProblem, argument: string): Reply {
    const { mailSyntax, rcptSyntax, parameterSyntax, eightBitAddress, badSender, badRecipient } = this.#phrases
    if (problem === 'syntax') return verb === 'MAIL' ? mailSyntax : rcptSyntax
    if (problem === 'parameters') return parameterSyntax
    const refusal = this.#options.badPath?.(verb, shownPath(argument))
    if (refusal !== undefined) return refusal
    if (problem === 'eight-bit') return eightBitAddress
    return verb === 'MAIL' ? badSender : badRecipient
  }

  #data(): Step {
    const session = this.#session
    if (session === undefined || this.#from === undefined) return this.refuse(this.#phrases.needMail)
    if (this.#recipients === 0) return this.refuse(this.#phrases.noRecipients)
    return { kind: 'receive', reply: this.#phrases.goAhead, session }
  }
}
