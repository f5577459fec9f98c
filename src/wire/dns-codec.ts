/**
 * Between DNS records as data and dns-packet's form of them. Decoding never trusts: records of another class, of types we do not use or
 * with names that could not be written back are left out. Encoding never guesses: what would become wrong octets is a thrown error.
 */
import type { Answer, DecodedPacket } from 'dns-packet'
import packets from 'dns-packet'
import { canonicalName, type DnsRecord, isDnsName } from '../mail/dns-record.ts'

/** What we offer and accept over UDP: fits every path without fragments. DNS flag day 2020. */
export const UDP_PAYLOAD_BYTES = 1232

/** RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6895 §2.3. */
export const RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
] as const
export type Rcode = (typeof RCODES)[number]

const EDNS: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: UDP_PAYLOAD_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/** A fresh OPT record; dns-packet writes into what it is given. */
export const ednsOption = (): Answer => ({ ...EDNS })

/** @returns the packet, or undefined when the octets are none */
export function decodePacket(octets: Buffer): DecodedPacket | undefined {
  try {
    return packets.decode(octets)
  } catch {
    return undefined
  }
}

/** The response code with the four bits of the header and the eight of OPT, as a word or as a number in text. */
export function rcodeOf(packet: DecodedPacket): Rcode | string {
  const option = packet.additionals?.find(record => record.type === 'OPT')
  const code = ((option?.type === 'OPT' ? option.extendedRcode : 0) << 4) | ((packet.flags ?? 0) & 0xf)
  return RCODES[code] ?? (code === 16 ? 'BADVERS' : `RCODE ${code}`)
}

const name = (text: string): string | undefined => {
  const canonical = canonicalName(text)
  return canonical === '' || isDnsName(canonical) ? canonical : undefined
}

/** @returns undefined for records that are not of class IN, not of a type of ours, or not well formed */
export function decodeRecord(answer: Answer): DnsRecord | undefined {
  if (answer.type === 'OPT' || answer.class !== 'IN') return undefined
  const owner = name(answer.name)
  if (owner === undefined) return undefined
  const ttl = answer.ttl ?? 0
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return { type: answer.type, name: owner, ttl, address: answer.data }
    case 'CNAME':
    case 'NS':
    case 'PTR': {
      const target = name(answer.data)
      return target === undefined ? undefined : { type: answer.type, name: owner, ttl, target }
    }
    case 'MX': {
      const exchange = name(answer.data.exchange)
      return exchange === undefined ? undefined : { type: 'MX', name: owner, ttl, preference: answer.data.preference ?? 0, exchange }
    }
    case 'TXT': {
      const strings = Array.isArray(answer.data) ? answer.data : [answer.data]
      const text = Buffer.concat(strings.map(string => (typeof string === 'string' ? Buffer.from(string) : string))).toString('latin1')
      return { type: 'TXT', name: owner, ttl, text }
    }
    case 'SOA': {
      const { mname, rname, serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0 } = answer.data
      return {
        type: 'SOA',
        name: owner,
        ttl,
        primary: canonicalName(mname),
        admin: canonicalName(rname),
        serial,
        refresh,
        retry,
        expire,
        minimum,
      }
    }
    case 'TLSA': {
      const { usage, selector, matchingType, certificate } = answer.data
      return { type: 'TLSA', name: owner, ttl, usage, selector, matching: matchingType, data: Uint8Array.from(certificate) }
    }
    default:
      return undefined
  }
}

/** The strings of a TXT record: 255 octets each, at least one. RFC 1035 §3.3.14. */
export function txtStrings(text: string): Buffer[] {
  const octets = Buffer.from(text, 'latin1')
  const strings: Buffer[] = []
  for (let at = 0; at < octets.length || at === 0; at += 255) strings.push(octets.subarray(at, at + 255))
  return strings
}

const writable = (text: string): string => {
  if (text !== '' && !isDnsName(text)) throw new RangeError(`'${text}' is not a name that DNS can carry`)
  return text === '' ? '.' : text
}

/** @throws RangeError when a name cannot be put on the wire */
export function encodeRecord(record: DnsRecord): Answer {
  const owner = { name: writable(record.name), ttl: record.ttl, class: 'IN' } as const
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { ...owner, type: record.type, data: record.address }
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { ...owner, type: record.type, data: writable(record.target) }
    case 'MX':
      return { ...owner, type: 'MX', data: { preference: record.preference, exchange: writable(record.exchange) } }
    case 'TXT':
      return { ...owner, type: 'TXT', data: txtStrings(record.text) }
    case 'SOA': {
      const { serial, refresh, retry, expire, minimum } = record
      return {
        ...owner,
        type: 'SOA',
        data: { mname: writable(record.primary), rname: record.admin, serial, refresh, retry, expire, minimum },
      }
    }
    case 'TLSA': {
      const { usage, selector, matching } = record
      return { ...owner, type: 'TLSA', data: { usage, selector, matchingType: matching, certificate: Buffer.from(record.data) } }
    }
  }
}
