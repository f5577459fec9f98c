/**
 * What a client says, command by command: syntax, order, limits, and what is asked of the session behind the listener. It holds no socket:
 * every command comes to one `Step`, which the connection takes. RFC 5321, 1870, 2034, 3207, 6152.
 */
import type { Readable } from 'node:stream'
import type { Reply } from '../mail/reply.ts'
import { type PathProblem, parseCommand, parsePathCommand } from './smtp-command.ts'
import { type Answer, type SmtpPeer, type SmtpServerOptions, type SmtpSession, smtpReply } from './smtp-session.ts'

export type Step =
  /** `end`: it is our last word. `receive`: what follows is the message. */
  | { readonly kind: 'say' | 'end' | 'receive'; readonly reply: Reply }
  /** The session answers; `act` sees it before it is said. */
  | { readonly kind: 'ask'; readonly question: () => Answer; readonly act: (reply: Reply) => void }
  /** Agree to TLS and turn to it. */
  | { readonly kind: 'secure' }

/** Refused commands before we hang up. */
const MAX_ERRORS = 20
const HTTP_VERB = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)$/

export const LOCAL_ERROR = smtpReply(451, '4.3.0', 'Local error, try again later')
const OK = smtpReply(250, '2.0.0', 'Ok')
const NEED_HELLO = smtpReply(503, '5.5.1', 'Say EHLO first')
const NO_ARGUMENT = smtpReply(501, '5.5.4', 'This command takes no argument')
const MAIL_SYNTAX = smtpReply(501, '5.5.4', 'Syntax: MAIL FROM:<address>')
const RCPT_SYNTAX = smtpReply(501, '5.5.4', 'Syntax: RCPT TO:<address>')
const UNKNOWN_PARAMETER = smtpReply(555, '5.5.4', 'Parameter not recognised or not offered')
const TOO_LARGE = smtpReply(552, '5.3.4', 'Message is larger than this server takes')

const problemReply = (problem: PathProblem, syntax: Reply, addressStatus: '5.1.7' | '5.1.3'): Reply => {
  if (problem === 'syntax') return syntax
  if (problem === 'parameters') return smtpReply(501, '5.5.4', 'Malformed parameters')
  if (problem === 'eight-bit') return smtpReply(553, '5.6.7', 'Addresses must be ASCII here')
  return smtpReply(553, addressStatus, 'Malformed address')
}

const say = (reply: Reply): Step => ({ kind: 'say', reply })

export class SmtpDialogue {
  /** What the client said in EHLO or HELO; `''` before. */
  helloName = ''
  /** EHLO, not HELO. */
  extended = false
  readonly #peer: SmtpPeer
  readonly #options: SmtpServerOptions
  #session: SmtpSession | undefined
  #errors = 0
  #from: string | undefined
  #recipients = 0

  constructor(peer: SmtpPeer, options: SmtpServerOptions) {
    this.#peer = peer
    this.#options = options
  }

  /** Opens the session. Comes before every command. */
  greet(): Answer {
    this.#session = this.#options.session(this.#peer)
    return this.#session.greet?.() ?? { code: 220, lines: [`${this.#options.hostname} ESMTP`] }
  }

  /** A refusal for breaking the rules of the dialogue; too many end it. */
  refuse(reply: Reply): Step {
    this.#errors += 1
    return say(this.#errors > MAX_ERRORS ? smtpReply(421, '4.7.0', 'Too many errors') : reply)
  }

  /** The session's answer to a message, after `receive`. */
  data(body: Readable): Answer {
    return this.#session?.data(body) ?? LOCAL_ERROR
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
        return argument === '' ? this.#data() : this.refuse(NO_ARGUMENT)
      case 'RSET':
        if (argument !== '') return this.refuse(NO_ARGUMENT)
        this.forget()
        return say(OK)
      case 'NOOP':
        return say(OK)
      case 'QUIT':
        return argument === '' ? { kind: 'end', reply: smtpReply(221, '2.0.0', 'Bye') } : this.refuse(NO_ARGUMENT)
      case 'STARTTLS':
        return argument === '' ? this.#startTls() : this.refuse(NO_ARGUMENT)
      case 'VRFY':
        return say(smtpReply(252, '2.1.5', 'Send mail and see'))
      case 'HELP':
        return say({ code: 214, lines: ['2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT, see RFC 5321'] })
      default:
        // A browser or a server tricked into talking to us: what follows its request line must never be read as commands.
        if (HTTP_VERB.test(verb)) return { kind: 'end', reply: smtpReply(554, '5.5.1', 'This is not a web server') }
        return this.refuse(smtpReply(500, '5.5.1', 'Command not recognised'))
    }
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): Step {
    if (!/^[!-~]{1,255}$/.test(name)) return this.refuse(smtpReply(501, '5.5.4', `Syntax: ${verb} hostname`))
    this.forget()
    const { hostname, maxMessageBytes, tls } = this.#options
    const lines = [hostname]
    if (verb === 'EHLO') {
      lines.push('PIPELINING', `SIZE ${maxMessageBytes}`, '8BITMIME', 'ENHANCEDSTATUSCODES')
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
    if (this.#options.tls?.mode !== 'starttls') return this.refuse(smtpReply(502, '5.5.1', 'TLS is not offered here'))
    if (this.#peer.tls !== undefined) return this.refuse(smtpReply(503, '5.5.1', 'TLS is already in use'))
    this.forget()
    this.helloName = ''
    return { kind: 'secure' }
  }

  #mail(argument: string): Step {
    if (this.helloName === '') return this.refuse(NEED_HELLO)
    if (this.#from !== undefined) return this.refuse(smtpReply(503, '5.5.1', 'A sender was given already'))
    const parsed = parsePathCommand(argument, 'FROM:')
    if (typeof parsed === 'string') return this.refuse(problemReply(parsed, MAIL_SYNTAX, '5.1.7'))
    let size: number | undefined
    let body: '7BIT' | '8BITMIME' = '7BIT'
    for (const [keyword, value] of parsed.parameters) {
      if (keyword === 'SIZE') {
        if (!/^\d{1,20}$/.test(value)) return this.refuse(smtpReply(501, '5.5.4', 'Malformed SIZE'))
        size = Number(value)
        if (size > this.#options.maxMessageBytes) return say(TOO_LARGE)
      } else if (keyword === 'BODY') {
        const kind = value.toUpperCase()
        if (kind !== '7BIT' && kind !== '8BITMIME') return this.refuse(smtpReply(501, '5.5.4', 'BODY is 7BIT or 8BITMIME'))
        body = kind
      } else return this.refuse(UNKNOWN_PARAMETER)
    }
    const from = parsed.path
    return {
      kind: 'ask',
      question: () => this.#session?.mail(from, { size, body }) ?? LOCAL_ERROR,
      act: reply => {
        if (reply.code === 250) this.#from = from
      },
    }
  }

  #rcpt(argument: string): Step {
    if (this.#from === undefined) return this.refuse(smtpReply(503, '5.5.1', 'Give a sender with MAIL first'))
    const parsed = parsePathCommand(argument, 'TO:')
    if (typeof parsed === 'string') return this.refuse(problemReply(parsed, RCPT_SYNTAX, '5.1.3'))
    if (parsed.parameters.size > 0) return this.refuse(UNKNOWN_PARAMETER)
    if (parsed.path === '') return this.refuse(smtpReply(553, '5.1.3', 'The null path cannot receive'))
    if (this.#recipients >= (this.#options.maxRecipients ?? 100)) return say(smtpReply(452, '4.5.3', 'Too many recipients'))
    return {
      kind: 'ask',
      question: () => this.#session?.rcpt(parsed.path) ?? LOCAL_ERROR,
      act: reply => {
        if (reply.code === 250 || reply.code === 251) this.#recipients += 1
      },
    }
  }

  #data(): Step {
    if (this.#from === undefined) return this.refuse(smtpReply(503, '5.5.1', 'Give a sender with MAIL first'))
    if (this.#recipients === 0) return this.refuse(smtpReply(554, '5.5.1', 'No valid recipients'))
    return { kind: 'receive', reply: { code: 354, lines: ['End data with <CR><LF>.<CR><LF>'] } }
  }
}
