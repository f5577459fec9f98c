/**
 * The one home of the package mailauth: SPF (RFC 7208), DMARC (RFC 7489), ARC (RFC 8617) and, for the lab's receivers, a DKIM verifier that
 * is not ours. Imported only when a message is judged. Every name goes through the caller's `lookup`, never to the system's DNS, and
 * nothing is printed. Where mailauth 4.13.3 is known to be wrong it is put right here; docs/decisions/002-signer.md lists the cases.
 */
import { pipeline, type Readable } from 'node:stream'
import { type DnsAnswer, type DnsRecord, isDnsName, type RecordType } from './dns-record.ts'

export type Lookup = (name: string, type: RecordType) => Promise<DnsAnswer>

/** What the receiving server knows of the client. */
export interface Client {
  readonly ip: string
  readonly helo?: string
  /** `''` or absent: SPF uses the HELO name. RFC 7208 §2.4. */
  readonly mailFrom?: string
}

export interface SpfVerdict {
  readonly domain: string
  /** `pass fail softfail neutral none temperror permerror` */
  readonly result: string
  readonly detail: string
}

export interface DmarcVerdict {
  /** The domain of From; `''` when there is not exactly one author. */
  readonly domain: string
  /** `pass fail none temperror permerror` */
  readonly result: string
  /** `none quarantine reject` as the domain asks for this message; `''` when it has no record. */
  readonly policy: string
}

export async function checkSpf({ ip, helo, mailFrom }: Client, lookup: Lookup): Promise<SpfVerdict> {
  const sender = mailFrom || (helo ? `postmaster@${helo}` : '')
  const domain = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase()
  if (sender === '') return { domain, result: 'none', detail: 'neither a return path nor a HELO name is known' }
  const { spf } = await import('mailauth/lib/spf/index.js')
  const { status } = await spf({ sender, ip, ...(helo ? { helo } : {}), mta: MTA, resolver: resolverOver(lookup) })
  return { domain, result: status.result, detail: (status.comment || '').replace(`${MTA}: `, '') }
}

/**
 * @param from the domain of the one author in From; anything else than exactly one is a permanent error (RFC 7489 §6.6.1)
 * @param passed domains for which SPF and DKIM passed
 */
export async function checkDmarc(
  from: string | undefined,
  passed: { readonly spf: readonly string[]; readonly dkim: readonly string[] },
  lookup: Lookup,
): Promise<DmarcVerdict> {
  if (from === undefined || !isDnsName(from)) return { domain: '', result: 'permerror', policy: '' }
  const domain = from.toLowerCase()
  const { dmarc } = await import('mailauth/lib/dmarc/index.js')
  const found = await dmarc({
    headerFrom: `author@${domain}`,
    spfDomains: [...passed.spf],
    dkimDomains: passed.dkim.map(each => ({ domain: each })),
    resolver: resolverOver(lookup),
  })
  if (!found) return { domain, result: 'permerror', policy: '' }
  if (found.status.result === 'none' || found.status.result === 'temperror') return { domain, result: found.status.result, policy: '' }
  const policy = (found.policy || '').toLowerCase()
  if (!['none', 'quarantine', 'reject'].includes(policy)) return { domain, result: 'permerror', policy: '' }
  // mailauth falls back to relaxed alignment where the record asks for strict.
  const aligns = (domains: readonly string[], alignment: { readonly result?: unknown; readonly strict?: unknown } | undefined): boolean =>
    alignment?.strict ? domains.some(each => each.toLowerCase() === domain) : Boolean(alignment?.result)
  const isAligned = aligns(passed.spf, found.alignment?.spf) || aligns(passed.dkim, found.alignment?.dkim)
  return { domain, result: isAligned ? 'pass' : 'fail', policy }
}

export interface MailauthReading {
  /** `result` is `pass fail neutral policy permerror temperror`. */
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string; readonly detail: string }[]
  /** Addresses in all From fields. */
  readonly headerFrom: readonly string[]
  readonly arc: { readonly result: string; readonly detail: string }
}

/**
 * DKIM and ARC as mailauth sees them, in one pass over the whole message.
 * @param at epoch milliseconds, for `x=`
 */
export async function readWithMailauth(message: Readable, lookup: Lookup, at: number): Promise<MailauthReading> {
  const [{ DkimVerifier }, { arc }] = await Promise.all([import('mailauth/lib/dkim/dkim-verifier.js'), import('mailauth/lib/arc/index.js')])
  /** With `l=` as a number mailauth writes debug lines to stdout; as text it does everything but that. */
  class SilentVerifier extends DkimVerifier {
    override async messageHeaders(headers: unknown): Promise<void> {
      await super.messageHeaders(headers)
      for (const header of this.signatureHeaders) header.maxBodyLength = String(header.maxBodyLength ?? '')
    }
  }
  const resolver = resolverOver(lookup)
  const verifier = new SilentVerifier({ resolver, curTime: new Date(at), minBitLength: 1024 })
  await new Promise<void>((resolve, reject) => {
    pipeline(message, wholeLines, verifier, error => (error ? reject(error) : resolve()))
  })
  const signed = verifier.results.filter(({ status }) => status.result !== 'none')
  const chain = verifier.arc.chain ? await arc(verifier.arc, { resolver, minBitLength: 1024 }) : undefined
  return {
    dkim: signed.map(({ signingDomain, selector, status }) => ({
      domain: signingDomain ?? '',
      selector: selector ?? '',
      result: status.result,
      detail: status.comment || '',
    })),
    headerFrom: verifier.headerFrom,
    arc: chain
      ? { result: chain.status.result, detail: chain.status.comment || '' }
      : { result: verifier.arc.error ? 'fail' : 'none', detail: '' },
  }
}

/** A line longer than this is handed on in pieces. */
const MAX_CARRIED = 4 * 1024
const LF = 0x0a

/**
 * The same octets, cut after line ends where there are any. mailauth joins what stood after a chunk's last line end to the whole next
 * chunk; so cut, it has nothing to join, and a large message costs one copy less.
 */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let carried: Buffer = Buffer.alloc(0)
  for await (let chunk of chunks) {
    if (carried.length > 0) {
      const end = chunk.indexOf(LF) + 1 || chunk.length
      carried = Buffer.concat([carried, chunk.subarray(0, end)])
      chunk = chunk.subarray(end)
      if (carried.at(-1) !== LF && carried.length < MAX_CARRIED) continue
      yield carried
      carried = Buffer.alloc(0)
    }
    const end = chunk.lastIndexOf(LF) + 1 || chunk.length
    if (end > 0) yield chunk.subarray(0, end)
    // A copy, so that a few octets do not keep the whole chunk.
    if (end < chunk.length) carried = Buffer.from(chunk.subarray(end))
  }
  if (carried.length > 0) yield carried
}

/** Stands where mailauth would put the machine's host name. */
const MTA = 'receiver'

/** mailauth asks as `dns.promises.resolve` would be asked, and tells failures apart by the codes of Node. */
function resolverOver(lookup: Lookup): (name: string, type: string) => Promise<string[] | string[][]> {
  return async (name, type) => {
    // A domain without an organizational one is asked for as the word "null".
    if (!isDnsName(name) || name === '_dmarc.null') throw dnsError('ENOTFOUND', name)
    const answer = await lookup(name.toLowerCase(), type as RecordType)
    if (answer.kind === 'no-name') throw dnsError('ENOTFOUND', name)
    if (answer.kind === 'no-data') throw dnsError('ENODATA', name)
    if (answer.kind === 'failure') throw dnsError(answer.reason === 'timeout' ? 'ETIMEOUT' : 'ESERVFAIL', name)
    // The declared type leaves out the objects that MX answers are.
    return answer.records.map(dataOf) as string[] | string[][]
  }
}

function dataOf(record: DnsRecord): unknown {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address
    case 'MX':
      return { priority: record.preference, exchange: record.exchange }
    case 'TXT':
      return [record.text]
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return record.target
    default:
      return ''
  }
}

const dnsError = (code: string, name: string): Error => Object.assign(new Error(`${code} ${name}`), { code })
