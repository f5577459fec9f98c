/** An agent of `node:http` whose connections end in this process, at the door of one account. */
import { Agent, type ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Sockets } from '../wire/sockets.ts'

export class MemoryAgent extends Agent {
  readonly #sockets: Sockets
  readonly #port: number

  constructor(sockets: Sockets, port: number) {
    super({ keepAlive: true })
    this.#sockets = sockets
    this.#port = port
  }

  /** Whatever host is asked for: nobody else can be reached from here. */
  override createConnection(_: ClientRequestArgs): Duplex {
    return this.#sockets.connect({ host: '127.0.0.1', port: this.#port })
  }
}
