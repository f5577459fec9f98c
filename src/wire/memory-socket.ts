/** Two ends of a connection inside one process, each to its user what a TCP socket of loopback is: ordered, with back pressure, ended by either. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class MemorySocket extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly localAddress = '127.0.0.1'
  readonly remotePort: number
  #peer: MemorySocket | undefined
  /** Of the peer, when what it wrote did not fit. */
  #goOn: (() => void) | undefined
  #hasEnded = false

  private constructor(remotePort: number, allowHalfOpen: boolean) {
    super({ allowHalfOpen })
    this.remotePort = remotePort
  }

  /** @returns the end of whoever connected to the port, and the listener's  */
  static pair(port: number): [near: MemorySocket, far: MemorySocket] {
    const near = new MemorySocket(port, false)
    const far = new MemorySocket(0, true)
    near.#peer = far
    far.#peer = near
    return [near, far]
  }

  /** For code that is written for sockets: what it uses of them is there. */
  asSocket(): Socket {
    return this as unknown as Socket
  }

  override _read(): void {
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    const peer = this.#peer
    if (peer === undefined || peer.destroyed || peer.#hasEnded) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    } else if (peer.push(chunk)) done()
    else peer.#goOn = done
  }

  override _final(done: (error?: Error | null) => void): void {
    const peer = this.#peer
    if (peer) peer.#end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const peer = this.#peer
    if (peer) peer.#end()
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
    done(error)
  }

  #end(): void {
    if (this.#hasEnded || this.destroyed) return
    this.#hasEnded = true
    this.push(null)
  }

  // A process is not kept alive by what lies in its own memory, and there is nothing to tune.
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
}
