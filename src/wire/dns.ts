/**
 * One DNS question, answered as a value. Each try is a new socket on a port the system picks with a new random id; an answer counts only from
 * the server asked, with that id and that question. A truncated answer is asked again over TCP. All servers are tried, in rounds, within
 * one total time; CNAMEs are followed inside an answer and by further questions. Never throws for what a server says or leaves unsaid.
 * RFC 1035 §4, RFC 2181, RFC 5452 (forged answers), RFC 6891 (EDNS), RFC 7766 (TCP).
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { DecodedPacket } from 'dns-packet'
import packets from 'dns-packet'
import { messageOf } from '../base/errors.ts'
import { canonicalName, type DnsAnswer, type DnsRecord, isDnsName, type RecordType } from '../mail/dns-record.ts'
import { decodePacket, decodeRecord, ednsOption, rcodeOf } from './dns-codec.ts'
import { type DnsServerAddress, exchangeOverTcp } from './dns-tcp.ts'

export type { DnsServerAddress } from './dns-tcp.ts'

export interface DnsQuery {
  readonly name: string
  readonly type: RecordType
  /** In order of preference; at least one. */
  readonly servers: readonly DnsServerAddress[]
  /** Called with every address before a socket is opened to it; what it throws is thrown by `query`. The lab passes `assertLoopback`. */
  readonly guard: (address: string) => void
  /** `recursive` asks a resolver to do the work (RD); `authoritative` takes only answers of the zone's own servers (AA). */
  readonly mode: 'recursive' | 'authoritative'
  /** Servers for the end of a CNAME that leaves the answer; the same servers when absent. */
  readonly serversFor?: (name: string) => Promise<readonly DnsServerAddress[]>
  /** For one try with one server; 1,500 when absent, doubled in each later round. */
  readonly timeoutMs?: number
  /** For everything, CNAMEs included; 10,000 when absent. */
  readonly totalMs?: number
}

const ROUNDS = 3
const MAX_CHAIN = 12

type Failure = Extract<DnsAnswer, { kind: 'failure' }>
type Exchange =
  | { readonly kind: 'packet'; readonly packet: DecodedPacket }
  | { readonly kind: 'failure'; readonly reason: Failure['reason']; readonly detail: string }

interface Try {
  readonly server: DnsServerAddress
  readonly name: string
  readonly type: RecordType
  readonly mode: DnsQuery['mode']
  readonly edns: 'with' | 'without'
  readonly timeoutMs: number
}

/** `127.0.0.1:53`, `[::1]:53`. */
export const serverText = ({ address, port }: DnsServerAddress): string => (isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`)

/** @throws whatever `guard` throws; nothing else */
export async function query(ask: DnsQuery): Promise<DnsAnswer> {
  const deadline = performance.now() + (ask.totalMs ?? 10_000)
  const chain: string[] = []
  const authenticated: boolean[] = []
  let name = canonicalName(ask.name)
  let servers = ask.servers
  const fail = (reason: Failure['reason'], detail: string, server = ''): Failure => ({ kind: 'failure', reason, detail, server })
  for (;;) {
    if (!isDnsName(name)) return fail('malformed', 'not a name that DNS can carry')
    if (servers.length === 0) return fail('timeout', `no server to ask for ${name}`)
    const reply = await askAll({ ...ask, name, servers }, deadline)
    if (reply.kind === 'failure') return reply
    const { packet, server } = reply
    authenticated.push(packet.flag_ad)
    const records = (packet.answers ?? []).map(decodeRecord).filter(record => record !== undefined)
    const passed = followChain(name, ask.type, records)
    if (passed === 'loop' || passed.some(target => target === canonicalName(ask.name) || chain.includes(target)))
      return fail('loop', `the CNAMEs of ${ask.name} go in a circle`, server)
    chain.push(...passed)
    if (chain.length > MAX_CHAIN) return fail('loop', `more than ${MAX_CHAIN} CNAMEs behind ${ask.name}`, server)
    const end = chain.at(-1) ?? name
    const found = records.filter(record => record.type === ask.type && record.name === end)
    if (found.length > 0) return { kind: 'found', records: found, chain, authenticated: authenticated.every(Boolean), server }
    const soa = (packet.authorities ?? []).map(decodeRecord).find(record => record?.type === 'SOA')
    const negative = { chain, server, ...(soa ? { soa } : {}) }
    // RFC 6604 §2.1: behind a CNAME the code speaks of the last name, so NXDOMAIN needs no further question of a resolver.
    const leftZone = passed.length > 0 && soa === undefined
    if (rcodeOf(packet) === 'NXDOMAIN' && !(leftZone && ask.mode === 'authoritative')) return { kind: 'no-name', ...negative }
    if (!leftZone) return { kind: 'no-data', ...negative }
    name = end
    if (ask.serversFor) servers = await ask.serversFor(name)
  }
}

/** The names behind `name` that the records lead to, in order. Records may come in any order. */
function followChain(name: string, type: RecordType, records: readonly DnsRecord[]): string[] | 'loop' {
  const passed: string[] = []
  if (type === 'CNAME') return passed
  const seen = new Set([name])
  for (let at = name; ; ) {
    const link = records.find(record => record.type === 'CNAME' && record.name === at)
    if (link?.type !== 'CNAME') return passed
    at = link.target
    if (seen.has(at)) return 'loop'
    seen.add(at)
    passed.push(at)
  }
}

type Reply = { readonly kind: 'answer'; readonly packet: DecodedPacket; readonly server: string } | Failure

/** Every server in turn, again after a while; the first that answers the question wins. A refusal says more than silence, so it is what remains. */
async function askAll(ask: DnsQuery, deadline: number): Promise<Reply> {
  let worst: Failure | undefined
  const refused = new Set<string>()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const server of ask.servers) {
      const key = serverText(server)
      if (refused.has(key)) continue
      const left = deadline - performance.now()
      if (left <= 0)
        return worst ?? { kind: 'failure', reason: 'timeout', detail: 'the time was up before a server was asked', server: key }
      const timeoutMs = Math.min(left, (ask.timeoutMs ?? 1_500) * 2 ** round)
      const exchange = await askOne(ask, server, timeoutMs)
      const failure = exchange.kind === 'failure' ? exchange : faultOf(exchange.packet, ask.mode)
      if (failure === undefined && exchange.kind === 'packet') return { kind: 'answer', packet: exchange.packet, server: key }
      if (failure === undefined) continue
      if (failure.reason === 'refused' || failure.reason === 'lame') refused.add(key)
      if (worst === undefined || worst.reason === 'timeout')
        worst = { kind: 'failure', reason: failure.reason, detail: failure.detail, server: key }
    }
  }
  return worst ?? { kind: 'failure', reason: 'timeout', detail: 'no answer', server: '' }
}

/** One server: UDP, without EDNS where it is not understood, TCP where the answer was cut. */
async function askOne(ask: DnsQuery, server: DnsServerAddress, timeoutMs: number): Promise<Exchange> {
  ask.guard(server.address)
  const end = performance.now() + timeoutMs
  const attempt: Try = { server, name: ask.name, type: ask.type, mode: ask.mode, edns: 'with', timeoutMs }
  let exchange = await overUdp(attempt)
  if (exchange.kind === 'packet' && ['FORMERR', 'NOTIMP', 'BADVERS'].includes(rcodeOf(exchange.packet)))
    exchange = await overUdp({ ...attempt, edns: 'without', timeoutMs: Math.max(1, end - performance.now()) })
  if (exchange.kind === 'packet' && exchange.packet.flag_tc) return overTcp({ ...attempt, timeoutMs })
  return exchange
}

/** What makes a well-formed answer no answer. RFC 8499: a lame server does not serve the zone it was asked about. */
function faultOf(
  packet: DecodedPacket,
  mode: DnsQuery['mode'],
): { readonly reason: Failure['reason']; readonly detail: string } | undefined {
  const rcode = rcodeOf(packet)
  if (rcode === 'REFUSED' || rcode === 'NOTAUTH') return { reason: 'refused', detail: `the server answered ${rcode}` }
  if (rcode === 'FORMERR') return { reason: 'malformed', detail: 'the server answered FORMERR' }
  if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return { reason: 'servfail', detail: `the server answered ${rcode}` }
  if (packet.flag_aa) return undefined
  const empty = (packet.answers ?? []).length === 0 && rcode === 'NOERROR'
  if (mode === 'authoritative' || (empty && !packet.flag_ra))
    return { reason: 'lame', detail: 'the server is not authoritative for the zone' }
  return undefined
}

function encodeQuestion({ name, type, mode, edns }: Try, id: number): Buffer {
  return packets.encode({
    type: 'query',
    id,
    // AD asks a resolver to say whether it validated, without the signatures that DO would bring. RFC 6840 §5.7.
    flags: mode === 'recursive' ? packets.RECURSION_DESIRED | packets.AUTHENTIC_DATA : 0,
    questions: [{ name, type }],
    additionals: edns === 'with' ? [ednsOption()] : [],
  })
}

/** Whether the packet answers this question: id, direction, and the question itself, letter case aside (RFC 5452 §9.1). */
function answers(packet: DecodedPacket, id: number, { name, type }: Try): boolean {
  if (packet.id !== id || !packet.flag_qr) return false
  const [question, ...others] = packet.questions ?? []
  // Servers that cannot read a question may leave it out of the refusal (RFC 1035 §4.1.1 FORMERR); never out of an answer.
  if (question === undefined) return !['NOERROR', 'NXDOMAIN'].includes(rcodeOf(packet))
  return others.length === 0 && question.type === type && question.class === 'IN' && canonicalName(question.name) === name
}

function overUdp(attempt: Try): Promise<Exchange> {
  const { server, timeoutMs } = attempt
  const id = randomInt(0x10000)
  return new Promise(resolve => {
    let strange: string | undefined
    let done = false
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
    const finish = (exchange: Exchange): void => {
      if (done) return
      done = true
      clearTimeout(timer)
      socket.close()
      resolve(exchange)
    }
    const fail = (reason: Failure['reason'], detail: string): void => finish({ kind: 'failure', reason, detail })
    const timer = setTimeout(() => {
      if (strange === undefined) fail('timeout', `no answer within ${Math.round(timeoutMs)} ms`)
      else fail('malformed', strange)
    }, timeoutMs)
    socket.on('error', error => fail('timeout', `UDP: ${messageOf(error)}`))
    socket.on('message', octets => {
      const packet = decodePacket(octets)
      if (packet !== undefined && answers(packet, id, attempt)) return finish({ kind: 'packet', packet })
      // A stranger's packet must not end the wait: the true answer may still come.
      if (packet === undefined) strange = 'the answer is not a DNS packet'
      else strange = packet.id === id ? 'the answer is to another question' : 'the answer carries another id'
    })
    // Connected: the system drops what comes from any other address, and reports a closed port at once.
    socket.connect(server.port, server.address, (error?: Error) => {
      if (done) return
      if (error) fail('timeout', `UDP: ${messageOf(error)}`)
      else socket.send(encodeQuestion(attempt, id))
    })
  })
}

async function overTcp(attempt: Try): Promise<Exchange> {
  const id = randomInt(0x10000)
  const said = await exchangeOverTcp(attempt.server, encodeQuestion(attempt, id), attempt.timeoutMs)
  if (said.kind === 'failure') return said
  const packet = decodePacket(said.octets)
  if (packet === undefined) return { kind: 'failure', reason: 'malformed', detail: 'TCP: the answer is not a DNS packet' }
  if (!answers(packet, id, attempt)) return { kind: 'failure', reason: 'malformed', detail: 'TCP: the answer is to another question' }
  return { kind: 'packet', packet }
}
