/**
 * What a client says, command by command: syntax, order, limits, and what is asked of the session behind the listener. It holds no socket:
 * every command comes to one `Step`, which the connection takes. RFC 5321, 1870, 2034, 3030, 3207, 4954, 6152.
 */
import type { Reply } from '../mail/reply.ts'
import { beginSasl, type SaslStep } from './sasl.ts'
import { type PathProblem, parseCommand, parsePathCommand, shownPath } from './smtp-command.ts'
import { type Phrases, STANDARD } from './smtp-phrases.ts'
import type { Answer, SmtpPeer, SmtpServerOptions, SmtpSession } from './smtp-session.ts'

export type Step =
  /** `end`: it is our last word. */
  | { readonly kind: 'say' | 'end'; readonly reply: Reply }
  /** What follows is a message for this session. */
  | { readonly kind: 'receive'; readonly reply: Reply; readonly session: SmtpSession }
  /** So many octets follow, of a message for this session or, without one, to be thrown away before the reply. */
  | { readonly kind: 'chunk'; readonly octets: number; readonly isLast: boolean; readonly session: SmtpSession }
  | { readonly kind: 'skip'; readonly octets: number; readonly reply: Reply }
  /** The session answers; `act` sees it before it is said. */
  | { readonly kind: 'ask'; readonly question: () => Answer; readonly act: (reply: Reply) => void }
  /** Agree to TLS and turn to it. */
  | { readonly kind: 'secure' }

/** Refused commands before we hang up. */
const MAX_ERRORS = 20
/** Octets of a refused BDAT that we read to throw them away; who announces more is hung up on. */
const MAX_SKIPPED = 1024 * 1024
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
  #sasl: ((response: string) => SaslStep) | undefined
  #isIn = false
  #isChunked = false

  constructor(peer: SmtpPeer, options: SmtpServerOptions) {
    this.#peer = peer
    this.#options = options
    this.#phrases = options.phrases ?? STANDARD
  }

  /** How long the client may be silent; undefined leaves it to the listener. */
  get idleMs(): number | undefined {
    return this.#session?.idleMs
  }

  /** The next line is a secret. */
  get expectsSecret(): boolean {
    return this.#sasl !== undefined
  }

  /** A message is there in part, and BDAT may bring more of it. */
  get isChunked(): boolean {
    return this.#isChunked
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
    return say(this.#counted(reply))
  }

  #counted(reply: Reply): Reply {
    this.#errors += 1
    return this.#errors > MAX_ERRORS ? this.#phrases.tooManyErrors : reply
  }

  /** No transaction is open any more. */
  forget(): void {
    this.#from = undefined
    this.#recipients = 0
    this.#isChunked = false
    this.#session?.reset?.()
  }

  close(): void {
    this.#session?.close?.()
  }

  /** @param line without its CRLF and without control characters */
  obey(line: string): Step {
    if (this.#sasl !== undefined) return this.#goOn(this.#sasl(line))
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
      case 'BDAT':
        return this.#options.chunking === 'offered' ? this.#chunk(argument) : this.refuse(this.#phrases.unknownCommand)
      case 'AUTH':
        return this.#auth(argument)
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
    const { hostname, maxMessageBytes, tls, chunking, helloEnd } = this.#options
    const lines = [hostname]
    if (verb === 'EHLO') {
      lines.push('PIPELINING', `SIZE ${maxMessageBytes}`, '8BITMIME')
      if (chunking === 'offered') lines.push('CHUNKING')
      if (this.#phrases.ok.status !== undefined) lines.push('ENHANCEDSTATUSCODES')
      if (tls?.mode === 'starttls' && this.#peer.tls === undefined) lines.push('STARTTLS')
      if (this.#session?.auth !== undefined) lines.push('AUTH PLAIN LOGIN')
      if (helloEnd !== undefined) lines.push(helloEnd)
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

  #auth(argument: string): Step {
    const { noAuth, needHello, midTransaction, needTls, alreadyIn, authSyntax, unknownMechanism } = this.#phrases
    if (this.#session?.auth === undefined) return this.refuse(noAuth)
    if (this.helloName === '') return this.refuse(needHello)
    if (this.#isIn) return this.refuse(alreadyIn)
    if (this.#from !== undefined) return this.refuse(midTransaction)
    const [mechanism = '', initial = '', ...more] = argument.split(/ +/)
    if (mechanism === '' || more.length > 0) return this.refuse(authSyntax)
    const first = beginSasl(mechanism.toUpperCase(), initial)
    if (first === undefined) return this.refuse(unknownMechanism)
    if (first.kind !== 'malformed' && this.#options.tls !== undefined && this.#peer.tls === undefined) return this.refuse(needTls)
    return this.#goOn(first)
  }

  #goOn(step: SaslStep): Step {
    this.#sasl = undefined
    const { authCancelled, authSyntax, noAuth } = this.#phrases
    if (step.kind === 'challenge') {
      this.#sasl = step.next
      return say({ code: 334, lines: [step.text] })
    }
    if (step.kind !== 'login') return this.refuse(step.kind === 'cancelled' ? authCancelled : authSyntax)
    const { login } = step
    return {
      kind: 'ask',
      question: () => this.#session?.auth?.(login) ?? noAuth,
      act: reply => {
        if (reply.code === 235) this.#isIn = true
      },
    }
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
      } else if (keyword !== 'AUTH' || this.#session?.auth === undefined) return this.refuse(this.#phrases.unknownParameter)
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
    if (this.#isChunked) return this.refuse(this.#phrases.midTransaction)
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
    if (this.#isChunked) return this.refuse(this.#phrases.midTransaction)
    if (this.#recipients === 0) return this.refuse(this.#phrases.noRecipients)
    return { kind: 'receive', reply: this.#phrases.goAhead, session }
  }

  /** What was announced follows whatever we answer, and must not be taken for commands. */
  #chunk(argument: string): Step {
    const match = /^(\d{1,15})(?: +(LAST))?$/i.exec(argument)
    if (match === null) return { kind: 'end', reply: this.#phrases.chunkSyntax }
    const octets = Number(match[1])
    const session = this.#session
    const { needMail, noRecipients } = this.#phrases
    if (session !== undefined && this.#from !== undefined && this.#recipients > 0) {
      this.#isChunked = true
      return { kind: 'chunk', octets, isLast: match[2] !== undefined, session }
    }
    const reply = this.#counted(this.#from === undefined ? needMail : noRecipients)
    return octets > MAX_SKIPPED ? { kind: 'end', reply } : { kind: 'skip', octets, reply }
  }
}
