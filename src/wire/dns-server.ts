/**
 * An authoritative DNS server over UDP and TCP on one port. What it says comes from a function of the question; this file knows packets,
 * sizes and time-outs. Nothing that arrives can stop it: what is no question is dropped or answered FORMERR. It does not recurse, transfer
 * zones or take updates. RFC 1035 §4.2, RFC 6891 (EDNS), RFC 7766 (TCP: several questions a connection), RFC 8482 (no ANY).
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import type { Answer, DecodedPacket } from 'dns-packet'
import packets from 'dns-packet'
import { MailctlError, messageOf } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import { canonicalName, isDnsName } from '../mail/dns-record.ts'
import { decodePacket, ednsOption, encodeRecord, RCODES, type Rcode, UDP_PAYLOAD_BYTES } from './dns-codec.ts'
import type { DnsQuestion, ZoneAnswer } from './zone.ts'

export interface DnsServerOptions {
  /** An IP literal to listen on. */
  readonly host: string
  /** 0 picks a free port, the same for UDP and TCP. */
  readonly port: number
  /** What it throws becomes SERVFAIL. */
  readonly answer: (question: DnsQuestion) => ZoneAnswer | Promise<ZoneAnswer>
  readonly log?: Log
  /** A TCP connection without a whole question for so long is closed; 10,000 when absent. */
  readonly idleMs?: number
  /** TCP connections at once; more are closed at once. 100 when absent. */
  readonly maxConnections?: number
}

export interface DnsServer {
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

const PLAIN_UDP_BYTES = 512
/** Longer questions than any real one; bounds what a TCP client can make us keep. */
const MAX_QUESTION_BYTES = 4_096
const PORT_TRIES = 20

/** @throws MailctlError unreachable, when the address cannot be listened on */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const connections = new Set<Socket>()
  const { tcp, udp, port } = await bindBoth(options, connections)
  let closed: Promise<void> | undefined
  udp.on('message', async (octets, from) => {
    const reply = await replyTo(octets, 'udp', options)
    if (reply && closed === undefined) udp.send(reply, from.port, from.address, () => {})
  })
  const close = async (): Promise<void> => {
    for (const socket of connections) socket.destroy()
    await Promise.all([new Promise<void>(done => tcp.close(() => done())), new Promise<void>(done => udp.close(() => done()))])
  }
  return { address: options.host, port, close: () => (closed ??= close()) }
}

/** The same port for both: a free TCP port may be taken for UDP, so with port 0 another one is tried. */
async function bindBoth(options: DnsServerOptions, connections: Set<Socket>): Promise<{ tcp: Server; udp: UdpSocket; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer(socket => serveConnection(socket, options, connections))
    tcp.maxConnections = options.maxConnections ?? 100
    const udp = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4')
    try {
      await new Promise<void>((done, fail) => tcp.once('error', fail).listen(options.port, options.host, done))
      const bound = tcp.address()
      const port = bound !== null && typeof bound === 'object' ? bound.port : options.port
      await new Promise<void>((done, fail) => udp.once('error', fail).bind(port, options.host, done))
      for (const listener of [tcp, udp]) {
        listener.removeAllListeners('error')
        listener.on('error', error => options.log?.('dns', `server: ${messageOf(error)}`))
      }
      return { tcp, udp, port }
    } catch (error) {
      tcp.close()
      udp.close()
      if (options.port === 0 && attempt < PORT_TRIES && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue
      throw new MailctlError('unreachable', `cannot listen for DNS on ${options.host} port ${options.port}: ${messageOf(error)}`, {
        hint: 'Choose another address with --dns, or port 0 for any free one.',
        cause: error,
      })
    }
  }
}

function serveConnection(socket: Socket, options: DnsServerOptions, connections: Set<Socket>): void {
  connections.add(socket)
  socket.once('close', () => connections.delete(socket))
  socket.on('error', () => socket.destroy())
  void answerAll(socket, options).finally(() => socket.destroy())
}

/** Questions of one connection in order, each answered before the next is read, so that a client that does not read is not served. */
async function answerAll(socket: Socket, options: DnsServerOptions): Promise<void> {
  const idleMs = options.idleMs ?? 10_000
  let timer = setTimeout(() => socket.destroy(), idleMs)
  let pending = Buffer.alloc(0)
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 2) {
        const length = pending.readUInt16BE(0)
        if (length < 12 || length > MAX_QUESTION_BYTES) return
        if (pending.length < 2 + length) break
        const reply = await replyTo(pending.subarray(2, 2 + length), 'tcp', options)
        pending = pending.subarray(2 + length)
        if (reply === undefined) return
        const size = Buffer.alloc(2)
        size.writeUInt16BE(reply.length)
        clearTimeout(timer)
        timer = setTimeout(() => socket.destroy(), idleMs)
        if (!socket.write(Buffer.concat([size, reply]))) await new Promise(drained => socket.once('drain', drained).once('close', drained))
      }
    }
  } catch {
    // The client went away in the middle; nothing is owed to it.
  } finally {
    clearTimeout(timer)
  }
}

/** A refusal that repeats nothing but the id and what the asker said of itself. */
function bareReply(octets: Buffer, rcode: Rcode): Buffer {
  const header = Buffer.alloc(12)
  octets.copy(header, 0, 0, 2)
  // QR, and opcode and RD as they came (RFC 1035 §4.1.1).
  header.writeUInt8(0x80 | (octets.readUInt8(2) & 0x79), 2)
  header.writeUInt8(RCODES.indexOf(rcode), 3)
  return header
}

/** @returns undefined where silence is the right answer: an answer, or too little to be a question */
async function replyTo(octets: Buffer, transport: 'udp' | 'tcp', { answer, log = silent }: DnsServerOptions): Promise<Buffer | undefined> {
  if (octets.length < 12 || (octets.readUInt8(2) & 0x80) !== 0) return undefined
  if ((octets.readUInt8(2) & 0x78) !== 0) return bareReply(octets, 'NOTIMP')
  const packet = decodePacket(octets)
  const question = packet?.questions?.[0]
  if (packet === undefined || question === undefined || packet.questions?.length !== 1) return bareReply(octets, 'FORMERR')
  const name = canonicalName(question.name)
  if (name !== '' && !isDnsName(name)) return bareReply(octets, 'FORMERR')
  if (question.class !== 'IN') return bareReply(octets, 'REFUSED')
  if (['ANY', 'AXFR', 'IXFR'].includes(question.type)) return bareReply(octets, 'NOTIMP')
  try {
    const said = await answer({ name, type: question.type })
    log('dns', `${transport} ${name} ${question.type}: ${said.rcode}, ${said.answers.length} records`)
    return encodeReply(packet, said, transport)
  } catch (error) {
    log('dns', `${transport} ${name} ${question.type}: ${messageOf(error)}`)
    return bareReply(octets, 'SERVFAIL')
  }
}

function encodeReply(asked: DecodedPacket, { rcode, answers, authorities }: ZoneAnswer, transport: 'udp' | 'tcp'): Buffer {
  const edns = asked.additionals?.find(record => record.type === 'OPT')
  const offered = edns?.type === 'OPT' ? edns.udpPayloadSize : PLAIN_UDP_BYTES
  const limit = transport === 'tcp' ? 0xffff : Math.min(UDP_PAYLOAD_BYTES, Math.max(PLAIN_UDP_BYTES, offered))
  const authoritative = rcode === 'REFUSED' ? 0 : packets.AUTHORITATIVE_ANSWER
  const flags = authoritative | ((asked.flags ?? 0) & packets.RECURSION_DESIRED) | RCODES.indexOf(rcode)
  const encode = (sections: { answers: Answer[]; authorities: Answer[] }, more = 0): Buffer =>
    packets.encode({
      type: 'response',
      id: asked.id ?? 0,
      flags: flags | more,
      questions: (asked.questions ?? []).map(({ name, type }) => ({ name, type })),
      ...sections,
      additionals: edns ? [ednsOption()] : [],
    })
  const whole = encode({ answers: answers.map(encodeRecord), authorities: authorities.map(encodeRecord) })
  return whole.length <= limit ? whole : encode({ answers: [], authorities: [] }, packets.TRUNCATED_RESPONSE)
}
