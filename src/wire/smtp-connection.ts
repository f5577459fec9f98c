/**
 * One connection of a client: the socket, time-outs, TLS and the flow of message octets. What a line means and is answered with is
 * `smtp-dialogue.ts`. RFC 5321, 2920, 3030, 3207.
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
import { readDirectly } from './direct-reading.ts'
import type { CollectingRoom } from './smtp-collector.ts'
import { SmtpDialogue, type Step } from './smtp-dialogue.ts'
import { IncomingMessage } from './smtp-incoming.ts'
import { LineReader } from './smtp-lines.ts'
import { type Phrases, STANDARD } from './smtp-phrases.ts'
import type { Answer, SmtpPeer, SmtpServerOptions, SmtpSession, SmtpTimeouts } from './smtp-session.ts'

const BUFFERED = 64 * 1024
/** How long a client may take to close after our last word. */
const LINGER_MS = 2000
/** For so long a client may be there without a message, idle or in the middle of one, when the listener is full and another waits. */
const IDLE_SHARE_MS = 10_000
const BUSY_SHARE_MS = 60_000
const EMPTY = Buffer.alloc(0)

/** What the connections of a listener share. */
export interface Listener {
  readonly options: SmtpServerOptions
  readonly timeouts: SmtpTimeouts
  readonly room: CollectingRoom
  /** Calls `greet` after the sockets were polled once more, so that an early talker has shown himself. */
  greetSoon(connection: SmtpConnection): void
  closed(connection: SmtpConnection): void
}

export class SmtpConnection implements SmtpPeer {
  readonly address: string
  readonly port: number
  tls: SmtpPeer['tls']

  readonly #listener: Listener
  readonly #options: SmtpServerOptions
  readonly #phrases: Phrases
  #socket: Socket
  readonly #dialogue: SmtpDialogue
  readonly #lines = new LineReader()
  /** `closing`: the last reply is to be sent; `ending`: it was, and the client may go. */
  #phase: 'greeting' | 'open' | 'closing' | 'ending' | 'closed' = 'greeting'
  /** A handler or a handshake is awaited; no command is begun. */
  #waiting = true
  /** A slow reader of replies is awaited, likewise. */
  #choked = false
  /** To be closed as soon as nothing would be lost. */
  #leaving = false
  #deadline: number
  #isSecuring = false
  #pending: Buffer = EMPTY
  #replies = ''
  #clientEnded = false
  #hasQuit = false
  #incoming: IncomingMessage | undefined
  /** A message that BDAT brings; between its chunks it is not `#incoming`. */
  #chunked: IncomingMessage | undefined
  /** Octets of a refused BDAT that are still to come and go. */
  #skipped = 0
  #skipReply: Reply | undefined
  /** When the message must have ended. */
  #messageUntil = 0
  /** When the connection began, or its last message ended. */
  #since = performance.now()

  constructor(socket: Socket, listener: Listener) {
    const { options, timeouts } = listener
    this.#socket = socket
    this.#listener = listener
    this.#options = options
    this.#phrases = options.phrases ?? STANDARD
    this.#dialogue = new SmtpDialogue(this, options)
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
    this.port = socket.remotePort ?? 0
    this.#deadline = performance.now() + timeouts.handshakeMs
    socket.on('error', this.#onError).on('close', this.#onClose)
    if (options.tls?.mode === 'implicit') this.#secure(() => listener.greetSoon(this))
    else {
      this.#listen()
      listener.greetSoon(this)
    }
  }

  get helloName(): string {
    return this.#dialogue.helloName
  }

  get extended(): boolean {
    return this.#dialogue.extended
  }

  /** Whether nobody would lose anything by closing now. */
  get #isIdle(): boolean {
    return !this.#waiting && this.#incoming === undefined && !this.#dialogue.inTransaction
  }

  drop(): void {
    this.#socket.destroy()
  }

  /** Says 421 and hangs up: now, or when the message that is being given is done. */
  shutDown(): void {
    this.#leaving = true
    if (this.#isIdle) this.#hangUp(this.#phrases.shuttingDown)
  }

  /** By how much it has been here too long where room is scarce. @param now `performance.now()` @returns 0 or less: it has not */
  overstayMs(now: number): number {
    const isOurs = (this.#waiting && this.#phase === 'open' && !this.#isSecuring) || this.#incoming?.isFull === true
    if (isOurs || this.#phase === 'closing' || this.#phase === 'ending') return 0
    return now - this.#since - (this.#isIdle || this.#waiting ? IDLE_SHARE_MS : BUSY_SHARE_MS)
  }

  giveWay(): void {
    if (this.#phase === 'open' && !this.#waiting && !this.#choked) this.#hangUp(this.#phrases.tooManyConnections)
    else this.drop()
  }

  /** Called now and then by the listener. @param now `performance.now()` */
  checkTime(now: number): void {
    if (now < this.#deadline) return
    const canSpeak = this.#phase === 'open' && !this.#choked
    if (canSpeak) this.#hangUp(this.#phrases.timeOut)
    else this.drop()
  }

  // --- the socket ---

  #deafen = (): void => {}
  readonly #onData = (chunk: Buffer): void => this.#received(chunk)
  readonly #onEnd = (): void => {
    this.#clientEnded = true
    this.#pump()
  }
  readonly #onDrain = (): void => {
    this.#choked = false
    this.#pump()
  }
  readonly #onError = (): void => this.drop()
  readonly #onClose = (): void => this.#closed()

  #listen(): void {
    this.#deafen = readDirectly(this.#socket, this.#onData)
    this.#socket.on('end', this.#onEnd).on('drain', this.#onDrain)
  }

  #secure(ready: () => void): void {
    this.#waiting = true
    this.#deadline = performance.now() + this.#listener.timeouts.handshakeMs
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
    const left = (): void => failed(new Error('The client left before TLS was agreed on'))
    secure.on('error', failed).on('_tlsError', failed).on('end', left)
    secure.once('close', this.#onClose)
    secure.once('secure', () => {
      this.#isSecuring = false
      secure.off('end', left)
      this.tls = { version: secure.getProtocol() ?? '', cipher: secure.getCipher().name }
      this.#options.log?.(`* ${this.tls.version} ${this.tls.cipher}`)
      this.#listen()
      ready()
    })
  }

  #received(chunk: Buffer): void {
    if (this.#phase === 'greeting') {
      this.#hangUp(this.#phrases.earlyTalker)
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
    for (const message of [this.#incoming, this.#chunked]) message?.abandon('The connection was lost before the message was whole')
    this.#dialogue.close()
    this.#listener.closed(this)
  }

  /** Reads on when there is room, and sends what is to be said. */
  #flow(): void {
    if (this.#phase === 'ending' || this.#phase === 'closed') return
    const socket = this.#socket
    if (this.#replies !== '') {
      if (!socket.write(this.#replies, 'latin1')) this.#choked = true
      this.#replies = ''
    }
    if (this.#phase === 'closing') {
      this.#end()
      return
    }
    // The octets of a handshake are for TLS alone: the socket stays paused until it has it.
    if (this.#isSecuring) return
    if (this.#incoming?.isFull === true || (this.#waiting && this.#pending.length >= BUFFERED) || this.#choked) socket.pause()
    else if (socket.isPaused()) socket.resume()
  }

  #end(): void {
    this.#phase = 'ending'
    const socket = this.#socket
    // After QUIT nothing more can come: with our last word in the system's hands the socket may go, which spares both ends a round.
    if (this.#hasQuit && this.tls === undefined && this.#pending.length === 0 && socket.writableLength === 0) {
      socket.destroy()
      return
    }
    this.#pending = EMPTY
    this.#deadline = performance.now() + LINGER_MS
    socket.end()
    socket.resume()
  }

  #pump(): void {
    while (!this.#waiting && this.#phase === 'open' && this.#pending.length > 0 && !this.#choked) {
      if (!(this.#incoming === undefined ? this.#takeNext() : this.#takeData(this.#incoming))) break
    }
    if (this.#clientEnded && this.#phase === 'open' && !this.#waiting && !this.#choked && this.#incoming?.isFull !== true) {
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

  /** Says the answer when it is there; `then` acts on it first. */
  #reply(answer: Answer, then?: (reply: Reply) => void): void {
    if (!(answer instanceof Promise)) {
      then?.(answer)
      this.#say(answer)
      this.#expectCommand()
      return
    }
    this.#waiting = true
    this.#deadline = Number.POSITIVE_INFINITY
    answer
      .catch((thrown: unknown) => {
        this.#options.log?.(`* handler failed: ${messageOf(thrown)}`)
        return this.#phrases.localError
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
      answer = this.#phrases.localError
    }
    this.#reply(answer, then)
  }

  /** Called once by the listener, see `greetSoon`. */
  greet(): void {
    if (this.#phase !== 'greeting') return
    if (this.#leaving) {
      this.#hangUp(this.#phrases.shuttingDown)
      return
    }
    this.#waiting = false
    this.#ask(
      () => this.#dialogue.greet(),
      reply => {
        if (this.#phase === 'greeting') this.#phase = reply.code === 220 ? 'open' : 'closing'
      },
    )
    if (!this.#waiting) this.#pump()
  }

  /** From our reply on the client has so long for its next command. */
  #expectCommand(): void {
    this.#deadline = performance.now() + (this.#dialogue.idleMs ?? this.#listener.timeouts.commandMs)
    if (this.#leaving && this.#phase === 'open' && this.#isIdle) {
      this.#say(this.#phrases.shuttingDown)
      this.#phase = 'closing'
    }
  }

  // --- commands ---

  /** A command, or what is to be thrown away before the next one. @returns false when more must come first */
  #takeNext(): boolean {
    const reply = this.#skipReply
    if (reply === undefined) return this.#takeLine()
    const octets = this.#pending
    const skipped = Math.min(this.#skipped, octets.length)
    this.#skipped -= skipped
    this.#pending = skipped === octets.length ? EMPTY : octets.subarray(skipped)
    if (this.#skipped > 0) return false
    this.#skipReply = undefined
    this.#say(reply)
    this.#expectCommand()
    return true
  }

  /** @returns false when no whole line is there */
  #takeLine(): boolean {
    const octets = this.#pending
    const read = this.#lines.read(octets)
    if (read === undefined) return false
    this.#pending = read.used === octets.length ? EMPTY : octets.subarray(read.used)
    switch (read.kind) {
      case 'line':
        this.#options.log?.(this.#dialogue.expectsSecret ? '> ***' : `> ${printable(redactSmtpCommand(read.line))}`)
        this.#take(this.#dialogue.obey(read.line))
        return true
      case 'problem':
        this.#take(this.#dialogue.refuse(this.#phrases[read.phrase]))
        return true
      case 'endless':
        this.#hangUp(this.#phrases.endlessLine)
        return false
      default:
        return false
    }
  }

  #take(step: Step): void {
    if (step.kind === 'ask') this.#ask(step.question, step.act)
    else if (step.kind === 'secure') this.#startTls()
    else if (step.kind === 'chunk') this.#receiveChunk(step)
    else if (step.kind === 'skip') this.#skip(step.octets, step.reply)
    else {
      if (step.kind === 'end') {
        this.#phase = 'closing'
        this.#hasQuit = step.reply.code === 221
      }
      this.#say(step.reply)
      if (step.kind === 'receive') this.#receive(step.session)
      else this.#expectCommand()
    }
    if (this.#chunked !== undefined && !this.#dialogue.isChunked) {
      this.#chunked.abandon('The client gave up the message')
      this.#chunked = undefined
    }
  }

  #startTls(): void {
    // What a stranger on the path put behind the command in the clear is gone from here on: RFC 3207 §6, "command injection".
    this.#pending = EMPTY
    this.#waiting = true
    this.#isSecuring = true
    const socket = this.#socket
    this.#deafen()
    socket.off('end', this.#onEnd).off('drain', this.#onDrain)
    socket.pause()
    this.#say(this.#phrases.startTls)
    const ready = this.#replies
    this.#replies = ''
    socket.write(ready, 'latin1', () => {
      if (this.#phase !== 'open') return
      this.#secure(() => {
        this.#waiting = false
        this.#expectCommand()
        this.#flow()
      })
    })
  }

  // --- messages ---

  /** Everything from here to the end of the message is the message. */
  #receive(session: SmtpSession, chunked?: true): IncomingMessage {
    const { timeouts, room } = this.#listener
    const now = performance.now()
    this.#messageUntil = now + timeouts.messageMs
    this.#deadline = now + timeouts.dataMs
    this.#incoming = new IncomingMessage(session, {
      maxBytes: this.#options.maxMessageBytes,
      phrases: this.#phrases,
      room,
      onRoom: () => {
        this.#deadline = Math.min(performance.now() + timeouts.dataMs, this.#messageUntil)
        if (this.#incoming?.betweenChunks === true) this.#endChunk(this.#incoming)
        this.#pump()
      },
      ...(chunked && { chunked }),
    })
    return this.#incoming
  }

  #receiveChunk({ octets, isLast, session }: Extract<Step, { kind: 'chunk' }>): void {
    this.#chunked ??= this.#receive(session, true)
    this.#incoming = this.#chunked
    this.#incoming.beginChunk(octets, isLast)
    this.#deadline = Math.min(performance.now() + this.#listener.timeouts.dataMs, this.#messageUntil)
    if (octets === 0) this.#takeData(this.#incoming)
  }

  /** The next command may come. A message that broke a rule is over: what else comes of it is refused. */
  #endChunk(incoming: IncomingMessage): void {
    this.#incoming = undefined
    const { refusal } = incoming
    if (refusal !== undefined) {
      this.#chunked = undefined
      this.#dialogue.forget()
    }
    this.#say(refusal ?? this.#phrases.ok)
    this.#expectCommand()
  }

  #skip(octets: number, reply: Reply): void {
    this.#skipped = octets
    this.#skipReply = reply
    this.#deadline = performance.now() + (this.#dialogue.idleMs ?? this.#listener.timeouts.dataMs)
    if (octets === 0) this.#takeNext()
  }

  /** @returns false when the reader must catch up first */
  #takeData(incoming: IncomingMessage): boolean {
    const chunk = this.#pending
    const taken = incoming.take(chunk)
    this.#pending = taken === chunk.length ? EMPTY : chunk.subarray(taken)
    if (incoming.hasEnded) {
      this.#ask(
        () => incoming.answer(),
        () => {
          this.#incoming = undefined
          this.#chunked = undefined
          this.#since = performance.now()
          this.#dialogue.forget()
        },
      )
      return true
    }
    if (incoming.isEndless) {
      this.#hangUp(incoming.refusal ?? this.#phrases.tooLarge)
      return false
    }
    if (incoming.betweenChunks && !incoming.isFull) {
      this.#endChunk(incoming)
      return true
    }
    // A slow reader is our own affair, not the client's.
    this.#deadline = incoming.isFull ? this.#messageUntil : Math.min(performance.now() + this.#listener.timeouts.dataMs, this.#messageUntil)
    return !incoming.isFull
  }
}
