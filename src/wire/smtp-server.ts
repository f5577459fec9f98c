/**
 * An SMTP listener: takes connections, counts them, watches their time and ends them. How they go is
 * `smtp-connection.ts`, what is said in them `smtp-dialogue.ts`, what is decided in them the `SmtpSession` behind it. Never holds more than `maxConnections` sessions, but
 * for those that hear their last word; time-outs are checked by one timer.
 */
import type { Socket } from 'node:net'
import { CollectingRoom } from './smtp-collector.ts'
import { type Listener, SmtpConnection } from './smtp-connection.ts'
import { STANDARD } from './smtp-phrases.ts'
import type { SmtpServerOptions, SmtpTimeouts } from './smtp-session.ts'
import { type SocketListener, tcpSockets } from './sockets.ts'

const DEFAULT_TIMEOUTS: SmtpTimeouts = { commandMs: 300_000, dataMs: 180_000, messageMs: 3_600_000, handshakeMs: 30_000 }

/** Octets of small messages in memory, all connections together. */
const COLLECTING_BYTES = 16 * 1024 * 1024

export class SmtpServer {
  readonly #options: SmtpServerOptions
  readonly #timeouts: SmtpTimeouts
  readonly #shared: Listener
  #listener: SocketListener | undefined
  readonly #connections = new Set<SmtpConnection>()
  /** Came since the last poll, and before it. */
  #fresh: SmtpConnection[] = []
  #ripe: SmtpConnection[] = []
  #clock: NodeJS.Timeout | undefined
  #whenEmpty: (() => void) | undefined

  constructor(options: SmtpServerOptions) {
    this.#options = options
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
    this.#shared = {
      options,
      timeouts: this.#timeouts,
      room: new CollectingRoom(COLLECTING_BYTES),
      greetSoon: connection => this.#greetSoon(connection),
      closed: connection => this.#closed(connection),
    }
  }

  /** @param port 0 picks a free one  @throws the system's error when the address cannot be had */
  async listen(address: string, port: number): Promise<{ readonly address: string; readonly port: number }> {
    const { sockets = tcpSockets, log } = this.#options
    const connected = (socket: Socket): void => this.#accept(socket)
    this.#listener = await sockets.listen({ host: address, port }, connected, error => log?.(`* listener: ${error.message}`))
    return { address: this.#listener.address, port: this.#listener.port }
  }

  /** Lets the process end although the listener is open; sessions still hold it. */
  unref(): void {
    this.#listener?.unref()
  }

  /**
   * No new connections; idle sessions hear 421, a message that is being given may be finished within `graceMs`, then who is left is cut.
   * Resolves when every session was closed.
   */
  async close(graceMs = 0): Promise<void> {
    const closed = this.#listener?.close()
    for (const connection of this.#connections) connection.shutDown()
    const empty = new Promise<void>(resolve => {
      if (this.#connections.size === 0) resolve()
      else this.#whenEmpty = resolve
    })
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.drop()
    }, graceMs)
    await empty
    clearTimeout(cut)
    await closed
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= (this.#options.maxConnections ?? 1000) && !this.#makeRoom()) {
      socket.on('error', () => {})
      // To a client that begins with TLS plain words are noise.
      if (this.#options.tls?.mode === 'implicit') {
        socket.destroy()
        return
      }
      const { code, lines } = (this.#options.phrases ?? STANDARD).tooManyConnections
      socket.end(`${code} ${lines[0] ?? ''}\r\n`, () => socket.destroy())
      return
    }
    this.#connections.add(new SmtpConnection(socket, this.#shared))
    this.#clock ??= this.#startClock()
  }

  /** Whoever has overstayed most gives way, so that nobody keeps the listener for himself by being there. @returns false: nobody has */
  #makeRoom(): boolean {
    const now = performance.now()
    let [most, longest]: [number, SmtpConnection | undefined] = [0, undefined]
    for (const connection of this.#connections) {
      const overstay = connection.overstayMs(now)
      if (overstay > most) [most, longest] = [overstay, connection]
    }
    longest?.giveWay()
    return longest !== undefined
  }

  #closed(connection: SmtpConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#clock)
    this.#clock = undefined
    this.#whenEmpty?.()
  }

  #greetSoon(connection: SmtpConnection): void {
    if (this.#fresh.length === 0 && this.#ripe.length === 0) setImmediate(this.#greetRipe)
    this.#fresh.push(connection)
  }

  /** One poll lies between two of these: whoever spoke too early has been heard by then. No fixed delay. */
  readonly #greetRipe = (): void => {
    const ripe = this.#ripe
    this.#ripe = this.#fresh
    this.#fresh = []
    if (this.#ripe.length > 0) setImmediate(this.#greetRipe)
    for (const connection of ripe) connection.greet()
  }

  #startClock(): NodeJS.Timeout {
    const { commandMs, dataMs, handshakeMs } = this.#timeouts
    const everyMs = Math.max(10, Math.min(commandMs, dataMs, handshakeMs, 4000) / 4)
    return setInterval(() => {
      const now = performance.now()
      for (const connection of this.#connections) connection.checkTime(now)
    }, everyMs).unref()
  }
}
