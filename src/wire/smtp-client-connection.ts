/**
 * One TCP connection of the SMTP client: writes lines and octets, hands out replies one by one, turns to TLS, keeps the transcript.
 *
 * Promises that every wait is bounded, that a reply is never taken for the answer to something not yet asked, that nothing which came in
 * the clear is read as if it had come under TLS, and that an abort closes the socket. Every failure is a `SessionBroken`, once and for all.
 */
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { messageOf } from '../base/errors.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import { ReplyParser } from './reply-parser.ts'
import { SessionBroken } from './session-broken.ts'
import type { Transcript } from './smtp-transcript.ts'

export interface TlsWish {
  /** Sent as SNI, and the name that the certificate must carry when it is verified. */
  readonly hostName: string
  /** `verify`: the certificate must chain to a trusted authority and carry the name. `accept`: any will do (RFC 7435). */
  readonly certificate: 'verify' | 'accept'
  /** Trusted beside nothing else when given, PEM. Absent: what Node trusts. */
  readonly ca?: string
  readonly timeoutMs: number
}

interface Waiter {
  readonly resolve: (reply: Reply) => void
  readonly reject: (broken: SessionBroken) => void
}

/** One for all sessions: every good one ends with it, and a stack trace would be its dearest part. */
const ENDED = new SessionBroken('closed', 'the session has ended')

/** SMTP over an own socket. Made on a connected or connecting socket; see `connectSocket`. */
export class SmtpClientConnection {
  readonly transcript: Transcript
  #socket: Socket
  #deafen: () => void
  #parser = new ReplyParser()
  #replies: Reply[] = []
  #waiter: Waiter | undefined
  #broken: SessionBroken | undefined
  /** Rejects waits that are not for a reply: drain and handshake. */
  #onBroken: ((broken: SessionBroken) => void) | undefined

  constructor(socket: Socket, transcript: Transcript) {
    this.#socket = socket
    this.transcript = transcript
    this.#deafen = this.#listen()
  }

  /** `TLSv1.3`; undefined in the clear. */
  get tlsVersion(): string | undefined {
    const socket: Socket & Partial<Pick<TLSSocket, 'getProtocol'>> = this.#socket
    return socket.getProtocol?.() ?? undefined
  }

  /** The next reply. @throws SessionBroken */
  readReply(timeoutMs: number): Promise<Reply> {
    const ready = this.#replies.shift()
    if (ready) return Promise.resolve(ready)
    if (this.#broken) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#break(new SessionBroken('timeout', `no answer within ${timeoutMs} ms`)), timeoutMs)
      const done = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiter = undefined
        settle()
      }
      this.#waiter = { resolve: reply => done(() => resolve(reply)), reject: broken => done(() => reject(broken)) }
    })
  }

  get hasUnasked(): boolean {
    return this.#replies.length > 0 || this.#parser.hasPartial
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
    // A 421 may come at any time (RFC 5321 §3.8) and is then the answer to whatever is asked next.
    const early = this.#replies[0]
    if ((early && early.code !== 421) || this.#parser.hasPartial) {
      const broken = new SessionBroken('protocol', 'the peer answered before it was asked')
      this.#break(broken)
      throw broken
    }
    for (const line of lines) this.transcript.add('>', line)
    this.#socket.write(`${lines.join('\r\n')}\r\n`)
  }

  /** Sends octets of a message; resolves when more may be written. @throws SessionBroken */
  async write(pieces: readonly Buffer[], timeoutMs: number): Promise<void> {
    if (this.#broken) throw this.#broken
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
    if (!this.#socket.writableNeedDrain) return
    const socket = this.#socket
    await this.#untilBroken<void>(timeoutMs, 'the peer took no more data', resolve => {
      socket.once('drain', resolve)
      return () => socket.removeListener('drain', resolve)
    })
  }

  /** Turns to TLS 1.2 or later. @throws SessionBroken, handshake; protocol when octets in the clear came after the permission */
  async startTls({ hostName, certificate, ca, timeoutMs }: TlsWish): Promise<void> {
    if (this.#broken) throw this.#broken
    const plain = this.#socket
    if (this.#replies.length > 0 || this.#parser.hasPartial || plain.readableLength > 0) {
      const broken = new SessionBroken('protocol', 'the peer sent text in the clear after it had agreed to TLS')
      this.#break(broken)
      throw broken
    }
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
      await this.#untilBroken<void>(timeoutMs, 'the TLS handshake did not end', resolve => {
        secure.once('secureConnect', resolve)
        return () => secure.removeListener('secureConnect', resolve)
      })
    } catch (thrown) {
      this.destroy()
      throw new SessionBroken('handshake', messageOf(thrown))
    }
    const proof =
      certificate === 'verify' ? 'certificate verified' : secure.authorized ? 'certificate good, not required' : 'certificate not verified'
    this.transcript.add('*', `${secure.getProtocol() ?? 'TLS'} ${secure.getCipher().name}, ${proof}`)
  }

  /** Says goodbye and lets the socket close by itself, at most `timeoutMs` later. */
  quit(timeoutMs: number): void {
    if (this.#broken) return
    this.#broken = ENDED
    this.transcript.add('>', 'QUIT')
    const socket = this.#socket
    this.#deafen()
    const timer = setTimeout(() => socket.destroy(), timeoutMs).unref()
    socket.on('close', () => clearTimeout(timer))
    socket.on('data', () => socket.end())
    socket.write('QUIT\r\n')
    socket.unref()
  }

  /** Closes at once; whatever waits is rejected with this. */
  destroy(cause: SessionBroken = new SessionBroken('closed', 'the connection was closed by us')): void {
    this.#break(cause)
  }

  /** @returns what takes our listeners off again; Node's own stay */
  #listen(): () => void {
    const socket = this.#socket
    const take = (chunk: Buffer): void => this.#take(chunk)
    const failed = (error: Error): void => this.#break(new SessionBroken('closed', describeSocketError(error)))
    const ended = (): void => this.#break(new SessionBroken('closed', 'the peer closed the connection'))
    socket.on('data', take).on('error', failed).on('end', ended).on('close', ended)
    return () => {
      // Without any listener a late error of the socket would end the process.
      socket.on('error', () => {})
      socket.off('data', take).off('error', failed).off('end', ended).off('close', ended)
    }
  }

  #take(chunk: Buffer): void {
    if (this.#broken) return
    try {
      for (const { code, lines, ...rest } of this.#parser.push(chunk)) {
        const reply = { code, lines: lines.map(line => this.transcript.conceal(line)), ...rest }
        this.transcript.add('<', replyText(reply))
        if (this.#waiter) this.#waiter.resolve(reply)
        else this.#replies.push(reply)
        if (this.#replies.length > 200) throw new SessionBroken('protocol', 'the peer sends replies without being asked')
      }
    } catch (thrown) {
      this.#break(thrown instanceof SessionBroken ? thrown : new SessionBroken('protocol', messageOf(thrown)))
    }
  }

  #break(broken: SessionBroken): void {
    if (this.#broken) return
    this.#broken = broken
    this.#socket.destroy()
    this.#waiter?.reject(broken)
    this.#onBroken?.(broken)
  }

  #untilBroken<T>(timeoutMs: number, late: string, start: (resolve: (value: T) => void) => () => void): Promise<T> {
    if (this.#broken) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#break(new SessionBroken('timeout', `${late} within ${timeoutMs} ms`)), timeoutMs)
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        this.#onBroken = undefined
        stop()
        settle()
      }
      const stop = start(value => finish(() => resolve(value)))
      this.#onBroken = broken => finish(() => reject(broken))
    })
  }
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
