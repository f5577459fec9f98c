/** Name servers that behave as a test says: packets in, packets out, on a free loopback port. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import packets, { type Answer, type DecodedPacket, type Packet } from 'dns-packet'

export interface ScriptedDns {
  readonly address: string
  readonly port: number
  /** The questions that came: `udp:name TYPE` or `tcp:name TYPE`. */
  readonly asked: readonly string[]
  /** Source ports of the UDP questions. */
  readonly sources: readonly number[]
  readonly ids: readonly number[]
  close(): Promise<void>
}

export interface Behaviour {
  /** Each Buffer is sent as it is; none is silence. `count` is how many questions came so far. */
  readonly udp?: (query: DecodedPacket, count: number) => readonly Buffer[]
  /** Raw octets for the stream, frame included; undefined closes. */
  readonly tcp?: (query: DecodedPacket) => Buffer | undefined
}

/** A reply to this query, by default authoritative. */
export function reply(query: DecodedPacket, parts: Partial<Packet> & { readonly rcode?: number } = {}): Buffer {
  const { rcode = 0, flags = packets.AUTHORITATIVE_ANSWER, ...rest } = parts
  const questions = (query.questions ?? []).map(({ name, type }) => ({ name, type }))
  return packets.encode({ type: 'response', id: query.id ?? 0, questions, ...rest, flags: flags | rcode })
}

export const txtAnswer = (name: string, ...strings: string[]): Answer => ({ type: 'TXT', name, ttl: 60, class: 'IN', data: strings })

/** As TCP carries it: two octets of length first. */
export function framed(octets: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(octets.length)
  return Buffer.concat([length, octets])
}

/** One port for both, which a busy machine may refuse at first. */
async function bind(onConnection: (socket: Socket) => void): Promise<{ tcp: Server; udp: UdpSocket; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer(onConnection)
    const udp = createSocket('udp4')
    await new Promise<void>(done => tcp.listen(0, '127.0.0.1', done))
    const bound = tcp.address()
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0
    try {
      await new Promise<void>((done, fail) => udp.once('error', fail).bind(port, '127.0.0.1', done))
      return { tcp, udp, port }
    } catch (error) {
      tcp.close()
      udp.close()
      if (attempt === 20) throw error
    }
  }
}

export async function scriptedDns(behaviour: Behaviour): Promise<ScriptedDns> {
  const asked: string[] = []
  const sources: number[] = []
  const ids: number[] = []
  const note = (transport: string, query: DecodedPacket): void => {
    const question = query.questions?.[0]
    asked.push(`${transport}:${question?.name} ${question?.type}`)
    ids.push(query.id ?? -1)
  }
  const sockets = new Set<Socket>()
  const { tcp, udp, port } = await bind(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    let received = Buffer.alloc(0)
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const query = packets.decode(received.subarray(2))
      note('tcp', query)
      const octets = behaviour.tcp?.(query)
      if (octets) socket.write(octets)
      else socket.end()
    })
  })
  udp.on('message', (octets: Buffer, from: RemoteInfo) => {
    const query = packets.decode(octets)
    note('udp', query)
    sources.push(from.port)
    for (const answer of behaviour.udp?.(query, asked.length) ?? []) udp.send(answer, from.port, from.address)
  })
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await Promise.all([new Promise(done => tcp.close(done)), new Promise<void>(done => udp.close(done))])
  }
  return { address: '127.0.0.1', port, asked, sources, ids, close }
}
