/**
 * One connection of a client: order of commands, syntax, limits, time-outs, STARTTLS and the flow of message octets. RFC 5321, 1870, 2034,
 * 2920, 3207, 6152.
 *
 * Memory is bounded by the line limit, one socket chunk and the body stream's buffer: while a handler thinks or a reader lags, nothing
 * more is read. Replies of pipelined commands leave in one write. A client that speaks before the greeting is refused, and what was sent
 * in the clear behind STARTTLS is thrown away, never obeyed.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { messageOf } from '../base/errors.ts'
import { printable, redactSmtpCommand } from '../base/redact.ts'
import type { Reply } from '../mail/reply.ts'
import { type PathProblem, parseCommand, parsePathCommand } from './smtp-command.ts'
import { IncomingMessage } from './smtp-incoming.ts'
import { type Answer, type SmtpPeer, type SmtpServerOptions, type SmtpSession, type SmtpTimeouts, smtpReply } from './smtp-session.ts'

/** Longest command line, CRLF included. RFC 5321 §4.5.3.1.4 asks for 512 and what extensions add. */
const MAX_LINE = 2048
/** A line this long is no mistake any more. */
const MAX_NONSENSE = 64 * 1024
/** Refused commands before we hang up. */
const MAX_ERRORS = 20
const BUFFERED = 64 * 1024
/** How long a client may take to close after our last word. */
const LINGER_MS = 2000
const LF = 0x0a
const CR = 0x0d
const EMPTY = Buffer.alloc(0)
const HTTP_VERB = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)$/

const OK = smtpReply(250, '2.0.0', 'Ok')
const LINE_TOO_LONG = smtpReply(500, '5.5.2', 'Line too long')
const NEED_HELLO = smtpReply(503, '5.5.1', 'Say EHLO first')
const NO_ARGUMENT = smtpReply(501, '5.5.4', 'This command takes no argument')
const MAIL_SYNTAX = smtpReply(501, '5.5.4', 'Syntax: MAIL FROM:<address>')
const RCPT_SYNTAX = smtpReply(501, '5.5.4', 'Syntax: RCPT TO:<address>')
const UNKNOWN_PARAMETER = smtpReply(555, '5.5.4', 'Parameter not recognised or not offered')
const TOO_LARGE = smtpReply(552, '5.3.4', 'Message is larger than this server takes')
const LOCAL_ERROR = smtpReply(451, '4.3.0', 'Local error, try again later')

const problemReply = (problem: PathProblem, syntax: Reply, addressStatus: '5.1.7' | '5.1.3'): Reply => {
  if (problem === 'syntax') return syntax
  if (problem === 'parameters') return smtpReply(501, '5.5.4', 'Malformed parameters')
  if (problem === 'eight-bit') return smtpReply(553, '5.6.7', 'Addresses must be ASCII here')
  return smtpReply(553, addressStatus, 'Malformed address')
}

export class SmtpConnection implements SmtpPeer {
  readonly address: string
  readonly port: number
  helloName = ''
  extended = false
  tls: SmtpPeer['tls']

  readonly #options: SmtpServerOptions
  readonly #timeouts: SmtpTimeouts
  readonly #onClosed: () => void
  #socket: Socket
  #session: SmtpSession | undefined
  /** `closing`: the last reply is to be sent; `ending`: it was, and the client may go. */
  #phase: 'greeting' | 'open' | 'closing' | 'ending' | 'closed' = 'greeting'
  /** A handler, a handshake or a slow reader of replies is awaited; no command is begun. */
  #waiting = true
  #deadline: number
  #isSecuring = false
  #pending: Buffer = EMPTY
  /** Octets of an over-long line already thrown away. */
  #nonsense = 0
  #replies = ''
  #errors = 0
  #clientEnded = false
  #from: string | undefined
  #recipients = 0
  #incoming: IncomingMessage | undefined
  /** When the message must have ended. */
  #messageUntil = 0

  constructor(socket: Socket, options: SmtpServerOptions, timeouts: SmtpTimeouts, onClosed: () => void) {
    this.#socket = socket
    this.#options = options
    this.#timeouts = timeouts
    this.#onClosed = onClosed
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
    this.port = socket.remotePort ?? 0
    this.#deadline = performance.now() + timeouts.handshakeMs
    socket.setNoDelay(true)
    socket.on('error', () => this.drop())
    socket.once('close', () => this.#closed())
    if (options.tls?.mode === 'implicit') this.#secure(() => this.#greet())
    else {
      this.#listen()
      this.#greet()
    }
  }

  /** Whether nobody would lose anything by closing now. */
  get isIdle(): boolean {
    return !this.#waiting && this.#incoming === undefined
  }

  drop(): void {
    this.#socket.destroy()
  }

  /** Says 421 and hangs up. */
  shutDown(): void {
    this.#hangUp(smtpReply(421, '4.3.2', 'Shutting down'))
  }

  /** Called now and then by the listener. @param now `performance.now()` */
  checkTime(now: number): void {
    if (now < this.#deadline) return
    const canSpeak = this.#phase === 'open' && !this.#socket.writableNeedDrain
    if (canSpeak) this.#hangUp(smtpReply(421, '4.4.2', 'Timeout waiting for data from client'))
    else this.drop()
  }

  // --- the socket ---

  readonly #onData = (chunk: Buffer): void => this.#received(chunk)
  readonly #onEnd = (): void => {
    this.#clientEnded = true
    this.#pump()
  }
  readonly #onDrain = (): void => this.#pump()

  #listen(): void {
    this.#socket.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain)
  }

  #secure(ready: () => void): void {
    this.#waiting = true
    this.#deadline = performance.now() + this.#timeouts.handshakeMs
    let secure: TLSSocket
    try {
      const context = this.#options.tls?.context()
      secure = new TLSSocket(this.#socket, { isServer: true, ...(context && { secureContext: context }) })
    } catch (thrown) {
      this.#options.log?.(`* TLS is unusable: ${messageOf(thrown)}`)
      this.drop()
      return
    }
    this.#socket = secure
    const failed = (error: Error): void => {
      this.#options.log?.(`* ${printable(error.message)}`)
      this.drop()
    }
    secure.on('error', failed).on('_tlsError', failed)
    secure.once('close', () => this.#closed())
    secure.once('secure', () => {
      this.#isSecuring = false
      this.tls = { version: secure.getProtocol() ?? '', cipher: secure.getCipher().name }
      this.#options.log?.(`* ${this.tls.version} ${this.tls.cipher}`)
      this.#listen()
      ready()
    })
  }

  #received(chunk: Buffer): void {
    if (this.#phase === 'greeting') {
      this.#hangUp(smtpReply(554, '5.5.1', 'Protocol error: you spoke before the greeting'))
      return
    }
    if (this.#phase !== 'open') return
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pump()
  }

  #closed(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#pending = EMPTY
    this.#incoming?.abandon('The connection was lost before the message was whole')
    this.#session?.close?.()
    this.#onClosed()
  }

  /** Reads on when there is room, and sends what is to be said. */
  #flow(): void {
    if (this.#phase === 'ending' || this.#phase === 'closed') return
    if (this.#replies !== '') {
      this.#socket.write(this.#replies, 'latin1')
      this.#replies = ''
    }
    if (this.#phase === 'closing') {
      this.#phase = 'ending'
      this.#pending = EMPTY
      this.#deadline = performance.now() + LINGER_MS
      this.#socket.end()
      this.#socket.resume()
      return
    }
    // The octets of a handshake are for TLS alone: the socket stays paused until it has it.
    if (this.#isSecuring) return
    if (this.#incoming?.isFull === true || (this.#waiting && this.#pending.length >= BUFFERED) || this.#socket.writableNeedDrain)
      this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #pump(): void {
    while (!this.#waiting && this.#phase === 'open' && this.#pending.length > 0 && !this.#socket.writableNeedDrain) {
      if (!(this.#incoming === undefined ? this.#takeLine() : this.#takeData(this.#incoming))) break
    }
    if (
      this.#clientEnded &&
      this.#phase === 'open' &&
      !this.#waiting &&
      !this.#socket.writableNeedDrain &&
      this.#incoming?.isFull !== true
    ) {
      if (this.#incoming !== undefined) this.drop()
      else this.#phase = 'closing'
    }
    this.#flow()
  }

  // --- replies ---

  #say({ code, lines }: Reply): void {
    const last = lines.length - 1
    for (let i = 0; i < last; i += 1) this.#replies += `${code}-${lines[i]}\r\n`
    this.#replies += `${code} ${lines[last] ?? ''}\r\n`
    if (this.#options.log !== undefined) for (const line of lines) this.#options.log(`< ${code} ${printable(line)}`)
    if (code === 421) this.#phase = 'closing'
  }

  #hangUp(reply: Reply): void {
    if (this.#phase !== 'greeting' && this.#phase !== 'open') return
    this.#say(reply)
    this.#phase = 'closing'
    this.#flow()
  }

  /** A refusal for breaking the rules of the dialogue; too many end it. */
  #refuse(reply: Reply): Reply {
    this.#errors += 1
    return this.#errors > MAX_ERRORS ? smtpReply(421, '4.7.0', 'Too many errors') : reply
  }

  /** Says the answer when it is there; `then` acts on it first. */
  #reply(answer: Answer, then?: (reply: Reply) => void): void {
    if (!(answer instanceof Promise)) {
      then?.(answer)
      this.#say(answer)
      this.#deadline = performance.now() + this.#timeouts.commandMs
      return
    }
    this.#waiting = true
    this.#deadline = Number.POSITIVE_INFINITY
    answer
      .catch((thrown: unknown) => {
        this.#options.log?.(`* handler failed: ${messageOf(thrown)}`)
        return LOCAL_ERROR
      })
      .then(reply => {
        if (this.#phase !== 'greeting' && this.#phase !== 'open') return
        this.#waiting = false
        this.#reply(reply, then)
        this.#pump()
      })
  }

  #ask(question: () => Answer, then?: (reply: Reply) => void): void {
    let answer: Answer
    try {
      answer = question()
    } catch (thrown) {
      this.#options.log?.(`* handler failed: ${messageOf(thrown)}`)
      answer = LOCAL_ERROR
    }
    this.#reply(answer, then)
  }

  /** Two turns of the loop pass before the greeting: one poll, in which an early talker shows itself; no fixed delay. */
  #greet(): void {
    setImmediate(() =>
      setImmediate(() => {
        if (this.#phase !== 'greeting') return
        this.#waiting = false
        this.#ask(
          () => {
            const session = this.#options.session(this)
            this.#session = session
            return session.greet?.() ?? { code: 220, lines: [`${this.#options.hostname} ESMTP`] }
          },
          reply => {
            if (this.#phase === 'greeting') this.#phase = reply.code === 220 ? 'open' : 'closing'
          },
        )
        if (!this.#waiting) this.#pump()
      }),
    )
  }

  // --- commands ---

  /** @returns false when no whole line is there */
  #takeLine(): boolean {
    const lf = this.#pending.indexOf(LF)
    if (lf === -1) {
      if (this.#pending.length > MAX_LINE) {
        this.#nonsense += this.#pending.length
        this.#pending = EMPTY
        if (this.#nonsense > MAX_NONSENSE) this.#hangUp(smtpReply(421, '4.7.0', 'Line too long'))
      }
      return false
    }
    const raw = this.#pending
    this.#pending = lf + 1 === raw.length ? EMPTY : raw.subarray(lf + 1)
    const wasTooLong = this.#nonsense > 0 || lf >= MAX_LINE
    this.#nonsense = 0
    const reply = wasTooLong ? this.#refuse(LINE_TOO_LONG) : this.#readLine(raw, lf)
    if (reply !== undefined) this.#say(reply)
    if (!this.#waiting && this.#incoming === undefined) this.#deadline = performance.now() + this.#timeouts.commandMs
    return true
  }

  #readLine(raw: Buffer, lf: number): Reply | undefined {
    if (lf === 0 || raw[lf - 1] !== CR) return this.#refuse(smtpReply(500, '5.5.2', 'Commands must end in CRLF'))
    const line = raw.toString('latin1', 0, lf - 1)
    this.#options.log?.(`> ${printable(redactSmtpCommand(line))}`)
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(line)) return this.#refuse(smtpReply(500, '5.5.2', 'Control characters in the command'))
    return this.#obey(line)
  }

  /** @returns the reply, or undefined when it is said later */
  #obey(line: string): Reply | undefined {
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
        return argument === '' ? this.#data() : this.#refuse(NO_ARGUMENT)
      case 'RSET':
        if (argument !== '') return this.#refuse(NO_ARGUMENT)
        this.#forget()
        return OK
      case 'NOOP':
        return OK
      case 'QUIT':
        if (argument !== '') return this.#refuse(NO_ARGUMENT)
        this.#phase = 'closing'
        return smtpReply(221, '2.0.0', 'Bye')
      case 'STARTTLS':
        return argument === '' ? this.#startTls() : this.#refuse(NO_ARGUMENT)
      case 'VRFY':
        return smtpReply(252, '2.1.5', 'Send mail and see')
      case 'HELP':
        return { code: 214, lines: ['2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT, see RFC 5321'] }
      default:
        // A browser or a server tricked into talking to us: what follows its request line must never be read as commands.
        if (HTTP_VERB.test(verb)) {
          this.#phase = 'closing'
          return smtpReply(554, '5.5.1', 'This is not a web server')
        }
        return this.#refuse(smtpReply(500, '5.5.1', 'Command not recognised'))
    }
  }

  #forget(): void {
    this.#from = undefined
    this.#recipients = 0
    this.#session?.reset?.()
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): Reply | undefined {
    if (!/^[!-~]{1,255}$/.test(name)) return this.#refuse(smtpReply(501, '5.5.4', `Syntax: ${verb} hostname`))
    this.#forget()
    const { hostname, maxMessageBytes, tls } = this.#options
    const lines = [hostname]
    if (verb === 'EHLO') {
      lines.push('PIPELINING', `SIZE ${maxMessageBytes}`, '8BITMIME', 'ENHANCEDSTATUSCODES')
      if (tls?.mode === 'starttls' && this.tls === undefined) lines.push('STARTTLS')
    }
    this.#ask(
      () => this.#session?.hello?.(name) ?? { code: 250, lines },
      reply => {
        if (reply.code !== 250) return
        this.helloName = name
        this.extended = verb === 'EHLO'
      },
    )
  }

  #startTls(): Reply | undefined {
    if (this.#options.tls?.mode !== 'starttls') return this.#refuse(smtpReply(502, '5.5.1', 'TLS is not offered here'))
    if (this.tls !== undefined) return this.#refuse(smtpReply(503, '5.5.1', 'TLS is already in use'))
    // What a stranger on the path put behind the command in the clear is gone from here on: RFC 3207 §6, "command injection".
    this.#pending = EMPTY
    this.#waiting = true
    this.#isSecuring = true
    this.#forget()
    this.helloName = ''
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    socket.pause()
    this.#options.log?.('< 220 2.0.0 Ready to start TLS')
    const ready = `${this.#replies}220 2.0.0 Ready to start TLS\r\n`
    this.#replies = ''
    socket.write(ready, 'latin1', () => {
      if (this.#phase !== 'open') return
      this.#secure(() => {
        this.#waiting = false
        this.#deadline = performance.now() + this.#timeouts.commandMs
        this.#flow()
      })
    })
  }

  #mail(argument: string): Reply | undefined {
    if (this.helloName === '') return this.#refuse(NEED_HELLO)
    if (this.#from !== undefined) return this.#refuse(smtpReply(503, '5.5.1', 'A sender was given already'))
    const parsed = parsePathCommand(argument, 'FROM:')
    if (typeof parsed === 'string') return this.#refuse(problemReply(parsed, MAIL_SYNTAX, '5.1.7'))
    let size: number | undefined
    let body: '7BIT' | '8BITMIME' = '7BIT'
    for (const [keyword, value] of parsed.parameters) {
      if (keyword === 'SIZE') {
        if (!/^\d{1,20}$/.test(value)) return this.#refuse(smtpReply(501, '5.5.4', 'Malformed SIZE'))
        size = Number(value)
        if (size > this.#options.maxMessageBytes) return TOO_LARGE
      } else if (keyword === 'BODY') {
        const kind = value.toUpperCase()
        if (kind !== '7BIT' && kind !== '8BITMIME') return this.#refuse(smtpReply(501, '5.5.4', 'BODY is 7BIT or 8BITMIME'))
        body = kind
      } else return this.#refuse(UNKNOWN_PARAMETER)
    }
    const from = parsed.path
    this.#ask(
      () => this.#session?.mail(from, { size, body }) ?? LOCAL_ERROR,
      reply => {
        if (reply.code === 250) this.#from = from
      },
    )
  }

  #rcpt(argument: string): Reply | undefined {
    if (this.#from === undefined) return this.#refuse(smtpReply(503, '5.5.1', 'Give a sender with MAIL first'))
    const parsed = parsePathCommand(argument, 'TO:')
    if (typeof parsed === 'string') return this.#refuse(problemReply(parsed, RCPT_SYNTAX, '5.1.3'))
    if (parsed.parameters.size > 0) return this.#refuse(UNKNOWN_PARAMETER)
    if (parsed.path === '') return this.#refuse(smtpReply(553, '5.1.3', 'The null path cannot receive'))
    if (this.#recipients >= (this.#options.maxRecipients ?? 100)) return smtpReply(452, '4.5.3', 'Too many recipients')
    this.#ask(
      () => this.#session?.rcpt(parsed.path) ?? LOCAL_ERROR,
      reply => {
        if (reply.code === 250 || reply.code === 251) this.#recipients += 1
      },
    )
  }

  // --- messages ---

  #data(): Reply | undefined {
    if (this.#from === undefined) return this.#refuse(smtpReply(503, '5.5.1', 'Give a sender with MAIL first'))
    if (this.#recipients === 0) return this.#refuse(smtpReply(554, '5.5.1', 'No valid recipients'))
    const session = this.#session
    const now = performance.now()
    this.#messageUntil = now + this.#timeouts.messageMs
    this.#deadline = now + this.#timeouts.dataMs
    this.#incoming = new IncomingMessage(
      body => session?.data(body) ?? LOCAL_ERROR,
      this.#options.maxMessageBytes,
      () => {
        this.#deadline = Math.min(performance.now() + this.#timeouts.dataMs, this.#messageUntil)
        this.#pump()
      },
    )
    return { code: 354, lines: ['End data with <CR><LF>.<CR><LF>'] }
  }

  /** @returns false when the reader must catch up first */
  #takeData(incoming: IncomingMessage): boolean {
    const chunk = this.#pending
    const taken = incoming.take(chunk)
    this.#pending = taken === chunk.length ? EMPTY : chunk.subarray(taken)
    if (incoming.hasEnded) {
      this.#reply(incoming.answer(), () => {
        this.#incoming = undefined
        this.#forget()
      })
      return true
    }
    // A slow reader is our own affair, not the client's.
    this.#deadline = incoming.isFull ? this.#messageUntil : Math.min(performance.now() + this.#timeouts.dataMs, this.#messageUntil)
    return !incoming.isFull
  }
}
