/** One DNS message there and one back over a connection of its own. RFC 1035 §4.2.2, RFC 7766. Never throws. */
import { createConnection } from 'node:net'
import { messageOf } from '../base/errors.ts'

export interface DnsServerAddress {
  /** An IP literal. */
  readonly address: string
  readonly port: number
}

export type TcpExchange =
  | { readonly kind: 'octets'; readonly octets: Buffer }
  | { readonly kind: 'failure'; readonly reason: 'timeout' | 'malformed'; readonly detail: string }

/** The caller has passed the address through its guard. */
export function exchangeOverTcp(server: DnsServerAddress, message: Buffer, timeoutMs: number): Promise<TcpExchange> {
  return new Promise(resolve => {
    // At most 65,537 octets: the length stands first.
    let received = Buffer.alloc(0)
    const socket = createConnection({ host: server.address, port: server.port })
    const finish = (exchange: TcpExchange): void => {
      clearTimeout(timer)
      socket.removeAllListeners('data')
      socket.removeAllListeners('close')
      socket.destroy()
      resolve(exchange)
    }
    const fail = (reason: 'timeout' | 'malformed', detail: string): void => finish({ kind: 'failure', reason, detail: `TCP: ${detail}` })
    const timer = setTimeout(() => fail('timeout', `no answer within ${Math.round(timeoutMs)} ms`), timeoutMs)
    socket.on('error', error => fail('timeout', messageOf(error)))
    socket.once('close', () => fail('malformed', 'the server closed before the answer was whole'))
    socket.once('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(message.length)
      socket.write(Buffer.concat([length, message]))
    })
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      finish({ kind: 'octets', octets: Buffer.from(received.subarray(2, 2 + received.readUInt16BE(0))) })
    })
  })
}
