/**
 * A strict DKIM verifier: RFC 6376 §6, with RFC 8301 (no rsa-sha1, RSA keys of 1024 bits or more) and RFC 8463 (Ed25519). One verdict for
 * each signature; the body is read once, whatever the signatures ask for. Work is bounded: so many signatures, one DNS question and a few
 * key records for each. It never throws for what a message or a DNS server says.
 */
import { createHash, verify } from 'node:crypto'
import { messageOf } from '../base/errors.ts'
import {
  type BodyHash,
  BodyHasher,
  type BodyHashOptions,
  type Canonicalization,
  type HeaderField,
  headerFields,
  selectFields,
  signedData,
} from './dkim-canonical.ts'
import { type UsableKey, usableKey } from './dkim-key.ts'
import { type DkimResult, parseBase64, parseTags, parseWords, Refused, withoutSignature } from './dkim-tags.ts'
import type { DnsAnswer } from './dns-record.ts'
import { isSigningName } from './sign.ts'

export interface DkimVerdict {
  /** `d=` and `s=`; `''` when they are no DNS names. */
  readonly domain: string
  readonly selector: string
  readonly result: DkimResult
  /** Why, in our own words; for a pass what it rests on. */
  readonly detail: string
}

/** What is asked of a signature beyond arithmetic. */
export interface DkimRules {
  /** RFC 8301 §3.2: 1024. */
  readonly minRsaBits: number
  /** RFC 8301 §3.1: false. */
  readonly allowSha1: boolean
  /** The drafts before RFC 4871 had no `v=` or `v=0.5`, and `q=dns`: false. */
  readonly allowDrafts: boolean
  readonly maxSignatures: number
}

export const DKIM_RULES: DkimRules = { minRsaBits: 1024, allowSha1: false, allowDrafts: false, maxSignatures: 10 }

export interface DkimQuestion {
  /** The header block, with or without its closing empty line. */
  readonly head: Buffer
  /** What follows the empty line; not read when no signature needs it. */
  readonly body: AsyncIterable<Uint8Array>
  readonly lookup: (name: string, type: 'TXT') => Promise<DnsAnswer>
  /** Epoch milliseconds, for `x=`. */
  readonly now: number
  readonly rules?: DkimRules
}

/** Several records at one name: any may be the key. RFC 6376 §6.1.2. */
const MAX_KEY_RECORDS = 4

interface Signature {
  readonly field: HeaderField
  readonly keyType: 'rsa' | 'ed25519'
  readonly hash: 'sha256' | 'sha1'
  readonly domain: string
  readonly selector: string
  readonly identityDomain: string
  readonly headerCanonicalization: Canonicalization
  readonly body: BodyHashOptions
  readonly bodyHash: Buffer
  readonly signature: Buffer
  readonly names: readonly string[]
}

/** @returns a verdict for each signature, from the top; none for an unsigned message  @throws only what reading `body` throws */
export async function verifyDkim({ head, body, lookup, now, rules = DKIM_RULES }: DkimQuestion): Promise<DkimVerdict[]> {
  const fields = headerFields(head)
  const found = fields.filter(({ name }) => name === 'dkim-signature')
  const read = found.slice(0, rules.maxSignatures).map(field => readSignature(field, now, rules))
  const hashes = await hashBody(
    read.flatMap(({ signature }) => (signature ? [signature.body] : [])),
    body,
  )
  const verdicts = await Promise.all(
    read.map(async ({ signature, verdict }) => {
      if (!signature) return verdict
      const bodyHash = hashes.get(hashKey(signature.body))
      if (!bodyHash) return verdict
      return verdictOf(verdict, () => evaluate(signature, fields, bodyHash, lookup, rules))
    }),
  )
  const left = found.length - read.length
  if (left > 0) verdicts.push({ domain: '', selector: '', result: 'policy', detail: `${left} more signatures were not looked at` })
  return verdicts
}

async function verdictOf(verdict: DkimVerdict, attempt: () => Promise<string>): Promise<DkimVerdict> {
  try {
    return { ...verdict, result: 'pass', detail: await attempt() }
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown
    return { ...verdict, result: thrown.result, detail: thrown.message }
  }
}

function readSignature(
  field: HeaderField,
  now: number,
  rules: DkimRules,
): { readonly signature?: Signature; readonly verdict: DkimVerdict } {
  let named = { domain: '', selector: '' }
  try {
    const tags = parseTags(field.text.slice(field.text.indexOf(':') + 1), 'the signature')
    const name = (tag: string): string => (isSigningName(tags.get(tag) ?? '') ? (tags.get(tag) ?? '').toLowerCase() : '')
    named = { domain: name('d'), selector: name('s') }
    return { signature: signatureOf(field, tags, now, rules), verdict: { ...named, result: 'neutral', detail: '' } }
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown
    return { verdict: { ...named, result: thrown.result, detail: thrown.message } }
  }
}

/** RFC 6376 §6.1.1: the signature by itself. */
function signatureOf(field: HeaderField, tags: ReadonlyMap<string, string>, now: number, rules: DkimRules): Signature {
  const need = (tag: string): string => {
    const value = tags.get(tag)
    if (value === undefined || value === '') throw new Refused('permerror', `the signature has no ${tag}=`)
    return value
  }
  const octets = (tag: string): Buffer => {
    const value = parseBase64(need(tag))
    if (!value) throw new Refused('permerror', `${tag}= is not base64`)
    return value
  }
  const dnsName = (tag: string): string => {
    const value = need(tag)
    if (!isSigningName(value)) throw new Refused('permerror', `${tag}= is no DNS name`)
    return value.toLowerCase()
  }
  const isDraft = rules.allowDrafts && (tags.get('v') ?? '0.5') === '0.5'
  if (!isDraft && need('v') !== '1') throw new Refused('neutral', 'the signature is not of version 1')
  const algorithm = /^(?:(rsa)-(sha1|sha256)|(ed25519)-(sha256))$/.exec(need('a').toLowerCase())
  if (!algorithm) throw new Refused('neutral', 'the algorithm is unknown')
  const hash = (algorithm[2] ?? algorithm[4]) as 'sha1' | 'sha256'
  if (hash === 'sha1' && !rules.allowSha1) throw new Refused('policy', 'rsa-sha1 must not be used (RFC 8301)')
  const [header, body] = canonicalizationOf(tags.get('c') ?? 'simple/simple')
  const methods = parseWords(tags.get('q') ?? 'dns/txt')
  if (!methods.includes('dns/txt') && !(isDraft && methods.includes('dns')))
    throw new Refused('neutral', 'the key cannot be asked for: q= is unknown')
  const names = parseWords(need('h'))
  if (!names.every(name => /^[!-9<-~]+$/.test(name))) throw new Refused('permerror', 'h= is no list of field names')
  if (!names.includes('from')) throw new Refused('permerror', 'h= leaves out From')
  const domain = dnsName('d')
  const limit = numberOf(tags, 'l', 76)
  checkTimes(tags, now)
  return {
    field,
    keyType: algorithm[1] === 'rsa' ? 'rsa' : 'ed25519',
    hash,
    domain,
    selector: dnsName('s'),
    identityDomain: identityDomain(tags.get('i') ?? `@${domain}`, domain),
    headerCanonicalization: header,
    body: { canonicalization: body, algorithm: hash, ...(limit === undefined ? {} : { limit }) },
    bodyHash: octets('bh'),
    signature: octets('b'),
    names,
  }
}

function canonicalizationOf(value: string): [Canonicalization, Canonicalization] {
  const match = /^(simple|relaxed)(?:\/(simple|relaxed))?$/.exec(value.toLowerCase())
  if (!match) throw new Refused('permerror', 'c= is unknown')
  return [match[1] as Canonicalization, (match[2] ?? 'simple') as Canonicalization]
}

function numberOf(tags: ReadonlyMap<string, string>, tag: string, digits: number): number | undefined {
  const value = tags.get(tag)
  if (value === undefined) return undefined
  if (value.length > digits || !/^\d+$/.test(value)) throw new Refused('permerror', `${tag}= is no number`)
  return Number(value)
}

function checkTimes(tags: ReadonlyMap<string, string>, now: number): void {
  const signedAt = numberOf(tags, 't', 12)
  const expiresAt = numberOf(tags, 'x', 12)
  if (expiresAt === undefined) return
  if (signedAt !== undefined && expiresAt <= signedAt) throw new Refused('permerror', 'x= is not after t=')
  if (now > expiresAt * 1000) throw new Refused('fail', `the signature expired at ${new Date(expiresAt * 1000).toISOString()}`)
}

/** `i=` may be quoted-printable (RFC 6376 §2.11) and must stand in `d=` or below it. */
function identityDomain(identity: string, domain: string): string {
  const decoded = identity
    .replace(/[ \t]+/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const at = decoded.lastIndexOf('@')
  const own = decoded.slice(at + 1).toLowerCase()
  if (at < 0 || (own !== domain && !own.endsWith(`.${domain}`))) throw new Refused('permerror', 'i= is not within d=')
  return own
}

const hashKey = ({ canonicalization, algorithm, limit }: BodyHashOptions): string => `${canonicalization} ${algorithm} ${limit ?? 'all'}`

async function hashBody(wanted: readonly BodyHashOptions[], body: AsyncIterable<Uint8Array>): Promise<Map<string, BodyHash>> {
  const hashers = new Map(wanted.map(options => [hashKey(options), new BodyHasher(options)]))
  if (hashers.size > 0) for await (const chunk of body) for (const hasher of hashers.values()) hasher.update(chunk)
  return new Map([...hashers].map(([key, hasher]) => [key, hasher.digest()]))
}

/** RFC 6376 §6.1.2 and §6.1.3. @returns what a pass rests on  @throws Refused */
async function evaluate(
  signature: Signature,
  fields: readonly HeaderField[],
  body: BodyHash,
  lookup: DkimQuestion['lookup'],
  rules: DkimRules,
): Promise<string> {
  const records = await keyRecords(`${signature.selector}._domainkey.${signature.domain}`, lookup)
  const selected = selectFields(
    fields.filter(field => field !== signature.field),
    signature.names,
  )
  const data = signedData(selected, withoutSignature(signature.field.text), signature.headerCanonicalization)
  let refusal = new Refused('permerror', 'there is no key record')
  for (const record of records) {
    try {
      const key = usableKey(record, { ...signature, minRsaBits: rules.minRsaBits })
      checkBody(signature, body)
      if (await isSignedBy(key, signature, data)) return passDetail(signature, key, body)
      refusal = new Refused('fail', 'the signature does not fit the signed fields and the key')
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
      refusal = thrown
    }
  }
  throw refusal
}

function checkBody({ body: { limit }, bodyHash }: Signature, body: BodyHash): void {
  if (limit !== undefined && limit > body.canonicalBytes) throw new Refused('fail', 'l= is longer than the body')
  if (!body.hash.equals(bodyHash)) throw new Refused('fail', 'the body was changed after it was signed')
}

async function keyRecords(name: string, lookup: DkimQuestion['lookup']): Promise<string[]> {
  const answer = await lookup(name, 'TXT').catch((thrown: unknown) => {
    throw new Refused('temperror', `the key could not be asked for: ${messageOf(thrown)}`)
  })
  if (answer.kind === 'failure') throw new Refused('temperror', `the key could not be asked for: ${answer.reason}`)
  if (answer.kind !== 'found') throw new Refused('permerror', `there is no key at ${name}`)
  return answer.records.flatMap(record => (record.type === 'TXT' ? [record.text] : [])).slice(0, MAX_KEY_RECORDS)
}

function isSignedBy({ publicKey }: UsableKey, { keyType, hash, signature }: Signature, data: Buffer): Promise<boolean> {
  const [digest, input] = keyType === 'rsa' ? [hash, data] : [null, createHash('sha256').update(data).digest()]
  return new Promise(resolve => {
    verify(digest, input, publicKey, signature, (error, isValid) => resolve(!error && isValid))
  })
}

function passDetail({ keyType, hash, body: { limit } }: Signature, { isTesting, publicKey }: UsableKey, body: BodyHash): string {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength
  const notes = [`${keyType}-${hash}${bits === undefined ? '' : `, ${bits} bits`}`]
  if (limit !== undefined && limit < body.canonicalBytes) notes.push(`l= covers only ${limit} of ${body.canonicalBytes} octets of the body`)
  if (isTesting) notes.push('the domain tests DKIM')
  return notes.join('; ')
}
