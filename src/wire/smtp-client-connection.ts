/**
 * One TCP connection of the SMTP client: writes lines and octets, hands out replies one by one, turns to TLS, keeps the transcript.
 * It may serve one errand after another, and rest in between.
 *
 * Promises that every wait is bounded, that a reply is never taken for the answer to something not yet asked, that nothing which came in
 * the clear is read as if it had come under TLS, and that a break closes the socket. Every failure is a `SessionBroken`, once and for all.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { messageOf } from '../base/errors.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import type { DeadlineClock, Timed } from './deadline-clock.ts'
import { readDirectly } from './direct-reading.ts'
import { ReplyParser } from './reply-parser.ts'
import { SessionBroken } from './session-broken.ts'
import { Transcript } from './smtp-transcript.ts'

export interface TlsWish {
  /** Sent as SNI, and the name that the certificate must carry when it is verified. */
  readonly hostName: string
  /** `verify`: the certificate must chain to a trusted authority and carry the name. `accept`: any will do (RFC 7435). Else a rule of one's own. */
  readonly certificate: 'verify' | 'accept' | CertificateCheck
  /** Trusted beside nothing else when given, PEM. Absent: what Node trusts. */
  readonly ca?: string
  readonly timeoutMs: number
}

/** @param chain as the peer sent it, its own certificate first  @returns what is wrong; undefined: the certificate is good */
export type CertificateCheck = (chain: readonly X509Certificate[]) => { readonly code: string; readonly words: string } | undefined

/** What a connection is used for at the moment. */
export interface Errand {
  readonly transcript: Transcript
  /** The errand as a whole: a peer that answers one octet every few minutes must not hold it for days. */
  readonly limitMs: number
  /** When `limitMs` is over, on the clock of `performance.now()`. */
  readonly endsAt: number
}

interface Wait<T> {
  readonly resolve: (value: T) => void
  readonly reject: (broken: SessionBroken) => void
}

/** One for all sessions: every good one ends with it, and a stack trace would be its dearest part. */
const ENDED = new SessionBroken('closed', 'the session has ended')
/** Of a resting session; nobody reads its transcript. */
const NO_ERRAND: Errand = { transcript: new Transcript(), limitMs: Number.POSITIVE_INFINITY, endsAt: Number.POSITIVE_INFINITY }
/** So many octets, or pieces, are rather joined than handed to the system one by one. */
const COPIED_BYTES = 16 * 1024
const MANY_PIECES = 64
const PEER_CLOSED = 'the peer closed the connection'

/** SMTP over an own socket. Made on a connected or connecting socket. */
export class SmtpClientConnection implements Timed {
  #errand: Errand
  #socket: Socket
  #deafen: () => void
  #parser = new ReplyParser()
  #replies: Reply[] = []
  #waitsForReply: Wait<Reply> | undefined
  /** Drain or handshake. */
  #waitsForSocket: Wait<void> | undefined
  #broken: SessionBroken | undefined
  #onceBroken: (() => void) | undefined
  /** Of the wait that goes on, for its time-out's words. */
  #awaited = ''
  deadlineAt: number

  constructor(socket: Socket, { clock, errand }: { readonly clock: DeadlineClock; readonly errand: Errand }) {
    this.#socket = socket
    this.#errand = errand
    this.deadlineAt = errand.endsAt
    this.#deafen = this.#listen()
    clock.watch(this)
    socket.once('close', () => clock.forget(this))
  }

  get transcript(): Transcript {
    return this.#errand.transcript
  }

  /** `TLSv1.3`; undefined in the clear. */
  get tlsVersion(): string | undefined {
    const socket: Socket & Partial<Pick<TLSSocket, 'getProtocol'>> = this.#socket
    return socket.getProtocol?.() ?? undefined
  }

  /** Why the certificate would not pass as `verify`, whatever was asked for; undefined when it would, and in the clear. */
  get certificateFault(): string | undefined {
    const socket: Socket & Partial<Pick<TLSSocket, 'authorized' | 'authorizationError'>> = this.#socket
    return socket.authorized === false ? String(socket.authorizationError) : undefined
  }

  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  get hasUnasked(): boolean {
    return this.#replies.length > 0 || this.#parser.hasPartial
  }

  /** Unasked, and no goodbye: a 421 may come at any time (RFC 5321 §3.8) and is then the answer to whatever is asked next. */
  get hasUnexpected(): boolean {
    const [early] = this.#replies
    return (early !== undefined && early.code !== 421) || this.#parser.hasPartial
  }

  /** Nothing is asked for a while; the process may end meanwhile. `onceBroken` is called when the session breaks before it is used again. */
  rest(onceBroken: () => void): void {
    this.#errand = NO_ERRAND
    this.deadlineAt = NO_ERRAND.endsAt
    this.#onceBroken = onceBroken
    this.#socket.unref()
  }

  /** After a rest: the session works again, for somebody else. */
  resume(errand: Errand): void {
    this.#onceBroken = undefined
    this.#errand = errand
    this.deadlineAt = errand.endsAt
    this.#socket.ref()
  }

  /** The next reply. @throws SessionBroken */
  readReply(timeoutMs: number): Promise<Reply> {
    const ready = this.#replies.shift()
    if (ready) return Promise.resolve(ready)
    if (this.#broken) return Promise.reject(this.#broken)
    this.#arm(timeoutMs, 'no answer')
    return new Promise((resolve, reject) => {
      this.#waitsForReply = { resolve, reject }
    })
  }

  /** A reply that came unasked, such as a 421 before the peer hangs up. */
  takeUnasked(): Reply | undefined {
    return this.#replies.shift()
  }

  /** Sends one command line. @throws SessionBroken, protocol when a reply came before it was asked for */
  sendLine(line: string): void {
    this.sendLines([line])
  }

  /** Sends several command lines in one write. RFC 2920. */
  sendLines(lines: readonly string[]): void {
    if (this.#broken) throw this.#broken
    if (this.hasUnexpected) this.#fail(new SessionBroken('protocol', 'the peer answered before it was asked'))
    for (const line of lines) this.transcript.add('>', line)
    this.#socket.write(`${lines.join('\r\n')}\r\n`, 'latin1')
  }

  /** Sends octets of a message, all pieces at once; resolves when more may be written. @throws SessionBroken */
  async write(pieces: readonly Buffer[], timeoutMs: number): Promise<void> {
    if (this.#broken) throw this.#broken
    if (this.#send(pieces)) return
    await this.#untilSocket('drain', timeoutMs, 'the peer took no more data')
  }

  /** Large pieces go to the system as they are: a copy of them all would be the dearest part. */
  #send(pieces: readonly Buffer[]): boolean {
    const [first] = pieces
    if (first === undefined) return true
    if (pieces.length === 1) return this.#socket.write(first)
    let octets = 0
    for (const { length } of pieces) octets += length
    if (octets <= COPIED_BYTES || pieces.length > MANY_PIECES) return this.#socket.write(Buffer.concat(pieces, octets))
    this.#socket.cork()
    let mayGoOn = true
    for (const piece of pieces) mayGoOn = this.#socket.write(piece)
    this.#socket.uncork()
    return mayGoOn
  }

  /** Turns to TLS 1.2 or later. @throws SessionBroken, handshake; protocol when octets in the clear came after the permission */
  async startTls({ hostName, certificate, ca, timeoutMs }: TlsWish): Promise<void> {
    if (this.#broken) throw this.#broken
    const plain = this.#socket
    if (this.hasUnasked || plain.readableLength > 0)
      this.#fail(new SessionBroken('protocol', 'the peer sent text in the clear after it had agreed to TLS'))
    this.#deafen()
    const options: ConnectionOptions = {
      socket: plain,
      host: hostName,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: certificate === 'verify',
    }
    if (isIP(hostName) === 0) options.servername = hostName
    if (ca !== undefined) options.ca = ca
    const secure = tlsConnect(options)
    this.#socket = secure
    this.#deafen = this.#listen()
    try {
      await this.#untilSocket('secureConnect', timeoutMs, 'the TLS handshake did not end')
    } catch (thrown) {
      this.destroy()
      throw new SessionBroken('handshake', messageOf(thrown), thrown instanceof SessionBroken ? thrown.code : undefined)
    }
    const fault = typeof certificate === 'function' ? certificate(chainOf(secure)) : undefined
    const proof =
      typeof certificate === 'function'
        ? (fault?.words ?? 'certificate as announced')
        : certificate === 'verify'
          ? 'certificate verified'
          : secure.authorized
            ? 'certificate good, not required'
            : `certificate not verified (${secure.authorizationError})`
    this.transcript.add('*', `${secure.getProtocol() ?? 'TLS'} ${secure.getCipher().name}, ${proof}${ownersOf(secure)}`)
    if (!fault) return
    const broken = new SessionBroken('handshake', fault.words, fault.code)
    this.destroy(broken)
    throw broken
  }

  /** Says goodbye and lets the socket close by itself, at most `timeoutMs` later. */
  quit(timeoutMs: number): void {
    if (this.#broken) return
    this.transcript.add('>', 'QUIT')
    this.#broken = ENDED
    this.deadlineAt = performance.now() + timeoutMs
    const socket = this.#socket
    this.#deafen()
    socket.on('data', () => socket.end())
    socket.write('QUIT\r\n', 'latin1')
    socket.unref()
  }

  /** Closes at once; whatever waits is rejected with this. */
  destroy(cause: SessionBroken = new SessionBroken('closed', 'the connection was closed by us')): void {
    this.#break(cause)
  }

  /** The clock's word that the deadline has passed. */
  expire(): void {
    if (this.#broken) {
      this.#socket.destroy()
      return
    }
    const { endsAt, limitMs } = this.#errand
    const late = endsAt <= performance.now() ? `the attempt took longer than ${limitMs} ms` : this.#awaited
    this.#break(new SessionBroken('timeout', late))
  }

  /** @returns what takes our listeners off again; Node's own stay */
  #listen(): () => void {
    const socket = this.#socket
    const take = (chunk: Buffer): void => this.#take(chunk)
    const failed = (error: NodeJS.ErrnoException): void => this.#break(new SessionBroken('closed', describeSocketError(error), error.code))
    const ended = (): void => this.#break(new SessionBroken('closed', PEER_CLOSED))
    const deafen = readDirectly(socket, take)
    socket.on('error', failed).on('end', ended).on('close', ended)
    return () => {
      // Without any listener a late error of the socket would end the process.
      socket.on('error', () => {})
      deafen()
      socket.off('error', failed).off('end', ended).off('close', ended)
    }
  }

  #take(chunk: Buffer): void {
    if (this.#broken) return
    try {
      this.#parser.push(chunk, this.#heard)
    } catch (thrown) {
      this.#break(thrown instanceof SessionBroken ? thrown : new SessionBroken('protocol', messageOf(thrown)))
      return
    }
    // Whatever is said to nobody is a goodbye, or no SMTP.
    if (this.#onceBroken && this.hasUnasked) this.#break(new SessionBroken('closed', 'the peer spoke to a resting session'))
  }

  readonly #heard = (said: Reply): void => {
    const { transcript } = this
    const reply = transcript.hasSecrets ? { ...said, lines: said.lines.map(line => transcript.conceal(line)) } : said
    transcript.add('<', replyText(reply))
    const waiter = this.#waitsForReply
    if (waiter) {
      this.#waitsForReply = undefined
      this.deadlineAt = this.#errand.endsAt
      waiter.resolve(reply)
      return
    }
    this.#replies.push(reply)
    if (this.#replies.length > 200) throw new SessionBroken('protocol', 'the peer sends replies without being asked')
  }

  #fail(broken: SessionBroken): never {
    this.#break(broken)
    throw broken
  }

  #break(broken: SessionBroken): void {
    if (this.#broken) return
    this.#broken = broken
    this.deadlineAt = Number.POSITIVE_INFINITY
    this.#socket.destroy()
    this.#waitsForReply?.reject(broken)
    this.#waitsForSocket?.reject(broken)
    this.#onceBroken?.()
  }

  #arm(timeoutMs: number, awaited: string): void {
    this.#awaited = `${awaited} within ${timeoutMs} ms`
    this.deadlineAt = Math.min(performance.now() + timeoutMs, this.#errand.endsAt)
  }

  async #untilSocket(event: 'drain' | 'secureConnect', timeoutMs: number, awaited: string): Promise<void> {
    if (this.#broken) throw this.#broken
    this.#arm(timeoutMs, awaited)
    const socket = this.#socket
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waitsForSocket = { resolve, reject }
        socket.once(event, resolve)
      })
      this.deadlineAt = this.#errand.endsAt
    } finally {
      if (this.#waitsForSocket) socket.off(event, this.#waitsForSocket.resolve)
      this.#waitsForSocket = undefined
    }
  }
}

/** Longer chains are nobody's. */
const MAX_CHAIN = 10

function chainOf(secure: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let next = secure.getPeerX509Certificate(); next && chain.length < MAX_CHAIN; next = next.issuerCertificate) chain.push(next)
  return chain
}

/** ` of CN=mx.example by CN=An Authority`: for the transcript, which takes control characters out. */
function ownersOf(secure: TLSSocket): string {
  const certificate = secure.getPeerX509Certificate()
  const name = (text: string | undefined): string => (text ?? '').replaceAll('\n', ', ')
  return certificate === undefined ? '' : `, of ${name(certificate.subject) || 'nobody named'} by ${name(certificate.issuer)}`
}

/** `ECONNRESET` and its like, and what OpenSSL says, in words. */
export function describeSocketError(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'the peer reset the connection',
    EPIPE: 'the peer closed the connection',
    ETIMEDOUT: 'no answer from the host',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    EADDRNOTAVAIL: 'no address of ours reaches that network',
  }
  // OpenSSL's own message has its source file and line in it; the reason is the part for people.
  return words[error.code ?? ''] ?? (typeof error.reason === 'string' && error.code?.startsWith('ERR_SSL') ? error.reason : error.message)
}
