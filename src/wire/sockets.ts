/** How connections come about: by TCP, or inside this process, where nothing listens on any port. */
import net, { type Socket } from 'node:net'
import { MemorySocket } from './memory-socket.ts'

export interface SocketPlace {
  /** An IP literal. */
  readonly host: string
  /** To listen: 0 picks a free one. */
  readonly port: number
}

export interface SocketListener {
  readonly address: string
  readonly port: number
  /** Lets the process end although the listener is open. */
  unref(): void
  /** No new connections. Resolves when those there are have closed. */
  close(): Promise<void>
}

export interface Sockets {
  /** A socket that emits `connect`, or `error`. @param localAddress where to dial from; absent: the system chooses */
  connect(to: SocketPlace & { readonly localAddress?: string }): Socket
  /**
   * Both directions of a connection end on their own.
   * @param failed told of what befalls the listener later  @throws the system's error when the place cannot be had
   */
  listen(at: SocketPlace, connected: (socket: Socket) => void, failed?: (error: Error) => void): Promise<SocketListener>
}

export const tcpSockets: Sockets = {
  connect: to => net.connect({ ...to, noDelay: true }),
  async listen({ host, port }, connected, failed = () => {}) {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, connected)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject).on('error', failed)
        resolve()
      })
    })
    const bound = server.address()
    if (bound === null || typeof bound === 'string') throw new TypeError('a listener has an address and a port')
    return {
      address: bound.address,
      port: bound.port,
      unref: () => void server.unref(),
      close: () => new Promise(resolve => server.close(() => resolve())),
    }
  },
}

/** Ports are numbers of this object's own: two of them know nothing of each other. */
export function memorySockets(): Sockets {
  const listeners = new Map<number, (socket: Socket) => void>()
  let last = 0
  return {
    connect({ port }) {
      const [near, far] = MemorySocket.pair(port)
      queueMicrotask(() => {
        const connected = listeners.get(port)
        if (connected === undefined) {
          near.destroy(Object.assign(new Error(`connect ECONNREFUSED port ${port}`), { code: 'ECONNREFUSED' }))
          return
        }
        near.emit('connect')
        connected(far.asSocket())
      })
      return near.asSocket()
    },
    async listen({ host, port }, connected) {
      if (port === 0) last += 1
      const own = port === 0 ? last : port
      const open = new Set<Socket>()
      let whenEmpty: (() => void) | undefined
      listeners.set(own, socket => {
        open.add(socket)
        socket.once('close', () => {
          open.delete(socket)
          if (open.size === 0) whenEmpty?.()
        })
        connected(socket)
      })
      return {
        address: host,
        port: own,
        unref: () => {},
        close() {
          listeners.delete(own)
          return new Promise(resolve => {
            if (open.size === 0) resolve()
            else whenEmpty = resolve
          })
        },
      }
    },
  }
}
