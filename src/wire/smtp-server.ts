/**
 * An SMTP listener: takes connections, counts them, watches their time and ends them. How they go is
 * `smtp-connection.ts`, what is said in them `smtp-dialogue.ts`, what is decided in them the `SmtpSession` behind it. Never holds more than `maxConnections` sessions; time-outs are checked by one timer.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { SmtpConnection } from './smtp-connection.ts'
import type { SmtpServerOptions, SmtpTimeouts } from './smtp-session.ts'

const DEFAULT_TIMEOUTS: SmtpTimeouts = { commandMs: 300_000, dataMs: 180_000, messageMs: 3_600_000, handshakeMs: 30_000 }

export class SmtpServer {
  readonly #options: SmtpServerOptions
  readonly #timeouts: SmtpTimeouts
  readonly #server: Server
  readonly #connections = new Set<SmtpConnection>()
  #clock: NodeJS.Timeout | undefined
  #whenEmpty: (() => void) | undefined

  constructor(options: SmtpServerOptions) {
    this.#options = options
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, socket => this.#accept(socket))
  }

  /** @param port 0 picks a free one  @throws the system's error when the address cannot be had */
  async listen(address: string, port: number): Promise<{ readonly address: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: address, port }, () => {
        this.#server.off('error', reject)
        this.#server.on('error', error => this.#options.log?.(`* listener: ${error.message}`))
        resolve()
      })
    })
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new TypeError('an SMTP listener has an address and a port')
    return { address: bound.address, port: bound.port }
  }

  /** Lets the process end although the listener is open; sessions still hold it. */
  unref(): void {
    this.#server.unref()
  }

  /** No new connections; idle sessions hear 421, busy ones may finish what they are at within `graceMs`, then they are cut. */
  async close(graceMs = 0): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const connection of this.#connections) if (connection.isIdle) connection.shutDown()
    if (this.#connections.size > 0 && graceMs > 0) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, graceMs)
        this.#whenEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const connection of this.#connections) connection.drop()
    await closed
    clearInterval(this.#clock)
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= (this.#options.maxConnections ?? 1000)) {
      socket.on('error', () => {})
      socket.end(`421 4.7.0 ${this.#options.hostname} Too many concurrent SMTP connections\r\n`, () => socket.destroy())
      return
    }
    const connection = new SmtpConnection(socket, this.#options, this.#timeouts, () => {
      this.#connections.delete(connection)
      if (this.#connections.size > 0) return
      clearInterval(this.#clock)
      this.#clock = undefined
      this.#whenEmpty?.()
    })
    this.#connections.add(connection)
    this.#clock ??= this.#startClock()
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
