/**
 * Dynamic update: one message that adds and removes records of one zone, all or nothing, on conditions, signed where there is a key. What
 * the server says is a value; an answer whose signature is wrong is not believed. RFC 2136, RFC 8945.
 */
import { randomInt } from 'node:crypto'
import packets from 'dns-packet'
import type { DnsRecord, RecordType } from '../mail/dns-record.ts'
import { encodeRecord, RCODES } from './dns-codec.ts'
import { type DnsServerAddress, exchangeOverTcp } from './dns-tcp.ts'
import { sign, verify, wireName } from './tsig.ts'
import type { TsigKey } from './tsig-key.ts'

/** All records of one name and type. */
export interface RecordSet {
  readonly name: string
  readonly type: RecordType
}

export interface ZoneChange {
  readonly zone: string
  /** Must not exist when the server looks, or nothing happens. RFC 2136 §2.4.3. */
  readonly absent: readonly RecordSet[]
  readonly removeAll: readonly RecordSet[]
  readonly remove: readonly DnsRecord[]
  /** After the removals. */
  readonly add: readonly DnsRecord[]
}

export interface UpdateTarget {
  readonly server: DnsServerAddress
  readonly guard: (address: string) => void
  readonly key?: TsigKey | undefined
  /** 10,000 when absent. */
  readonly timeoutMs?: number
}

export type UpdateResult =
  | { readonly kind: 'done' }
  /** `code`: the response code, or the TSIG error where there is one. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'failure'; readonly detail: string }

const TYPE_NUMBER = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, TLSA: 52 } as const satisfies Record<
  RecordType,
  number
>
/** RFC 2136 §2.4 and §2.5: NONE and ANY say what must be absent and what goes. */
const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const
const OPCODE_UPDATE = 5

/** A record as dns-packet writes it, with another class and TTL: how updates say what to do with it. */
function recordOctets(record: DnsRecord, recordClass: keyof typeof CLASS, ttl: number): Buffer {
  const message = packets.encode({ answers: [encodeRecord(record)] })
  const octets = Buffer.from(message.subarray(12))
  const fixed = wireName(record.name).length
  octets.writeUInt16BE(CLASS[recordClass], fixed + 2)
  octets.writeUInt32BE(ttl, fixed + 4)
  return octets
}

function setOctets({ name, type }: RecordSet, recordClass: keyof typeof CLASS): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(TYPE_NUMBER[type], 0)
  fixed.writeUInt16BE(CLASS[recordClass], 2)
  return Buffer.concat([wireName(name), fixed])
}

/** @throws RangeError when a name cannot be put on the wire */
export function encodeUpdate({ zone, absent, removeAll, remove, add }: ZoneChange, id: number): Buffer {
  const conditions = absent.map(set => setOctets(set, 'NONE'))
  const updates = [
    ...removeAll.map(set => setOctets(set, 'ANY')),
    ...remove.map(record => recordOctets(record, 'NONE', 0)),
    ...add.map(record => recordOctets(record, 'IN', record.ttl)),
  ]
  const header = Buffer.alloc(12)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(OPCODE_UPDATE << 11, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(conditions.length, 6)
  header.writeUInt16BE(updates.length, 8)
  const soaIn = Buffer.from([0, TYPE_NUMBER.SOA, 0, CLASS.IN])
  return Buffer.concat([header, wireName(zone), soaIn, ...conditions, ...updates])
}

/** The machine's clock, not the account's: the server compares it with its own. */
const secondsNow = (): number => Math.floor(Date.now() / 1_000)

/** @throws whatever the guard throws; nothing for what the server says or leaves unsaid */
export async function sendUpdate(change: ZoneChange, { server, guard, key, timeoutMs = 10_000 }: UpdateTarget): Promise<UpdateResult> {
  guard(server.address)
  const id = randomInt(0x10000)
  const plain = encodeUpdate(change, id)
  const signed = key ? sign(plain, key, secondsNow()) : undefined
  const said = await exchangeOverTcp(server, signed?.octets ?? plain, timeoutMs)
  if (said.kind === 'failure') return { kind: 'failure', detail: said.detail }
  const { octets } = said
  if (octets.length < 12 || octets.readUInt16BE(0) !== id || octets.readUInt8(2) >> 3 !== (0x80 >> 3) + OPCODE_UPDATE)
    return { kind: 'failure', detail: 'the answer is not to our update' }
  const rcode = octets.readUInt8(3) & 0xf
  const code = RCODES[rcode] ?? `RCODE ${rcode}`
  if (key && signed) {
    const verdict = verify(octets, key, { requestMac: signed.mac, now: secondsNow() })
    if (verdict.kind === 'refused') return { kind: 'refused', code: verdict.error, detail: timeDifference(verdict.serverTime) }
    // A refusal may come unsigned, where the server would not look at the key at all; a success may not.
    if (verdict.kind === 'invalid' && rcode === 0) return { kind: 'failure', detail: verdict.detail }
  }
  return rcode === 0 ? { kind: 'done' } : { kind: 'refused', code, detail: '' }
}

function timeDifference(serverTime: number | undefined): string {
  if (serverTime === undefined) return ''
  const seconds = secondsNow() - serverTime
  return `this machine's clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} the server's`
}
