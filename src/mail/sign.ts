/**
 * The engine's DKIM signer: RFC 6376 with rsa-sha256 (RFC 8301), RFC 8463 for Ed25519, always relaxed/relaxed. The body is hashed once while
 * it streams by; any number of signatures can then be made from that hash, each on libuv's pool so that the event loop stays free.
 * A signature is made or an error is thrown: nothing leaves unsigned by accident. Why not a package: docs/decisions/002-signer.md.
 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { MailctlError } from '../base/errors.ts'
import { BodyHasher, type HeaderField, headerFields, selectFields, signedData } from './dkim-canonical.ts'

/** What a later `send --raw` rewrites or removes, so that a signature made by `compose --sign` must not cover it. */
export const REWRITTEN_BY_SEND: readonly string[] = ['Date', 'Message-ID', 'Return-Path']

/** Signed as often as present. RFC 6376 §5.4.1; RFC 8058 §3.1 asks for the List-Unsubscribe fields. `Content-*` is added by name. */
const SIGNED_FIELDS = [
  'From',
  'To',
  'Cc',
  'Subject',
  'Reply-To',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
]

const MIN_RSA_BITS = 1024
const LINE_LENGTH = 76

export interface SignatureRequest {
  /** The header block as it will be sent, with or without its closing empty line. */
  readonly head: Buffer
  /** From `bodyHasher`. */
  readonly bodyHash: Buffer
  /** `d=`, A-labels. */
  readonly domain: string
  /** `s=`. */
  readonly selector: string
  /** A private RSA key of 1024 bits or more, or an Ed25519 one. */
  readonly key: KeyObject
  /** `t=`, in seconds since the epoch. */
  readonly at: number
  /** Field names to leave out of the signature, in any case; From cannot be left out. */
  readonly exclude?: readonly string[]
}

/** SHA-256 over the relaxed body of a message whose line ends are CRLF. `update` takes it in any chunks, `digest` gives the 32 octets once. */
export function bodyHasher(): { update(chunk: Uint8Array): void; digest(): Buffer } {
  const hasher = new BodyHasher({ canonicalization: 'relaxed', algorithm: 'sha256', lineEnds: 'crlf' })
  return { update: chunk => hasher.update(chunk), digest: () => hasher.digest().hash }
}

/**
 * @returns the folded field `DKIM-Signature: …\r\n`, to be put above the header block
 * @throws MailctlError bad-data: unusable domain, selector or key, or a header block with bare CR or LF
 */
export async function signHeader({ head, bodyHash, domain, selector, key, at, exclude = [] }: SignatureRequest): Promise<Buffer> {
  checkSigningName(domain, selector)
  const algorithm = algorithmOf(key)
  checkLineEnds(head)
  if (bodyHash.length !== 32) throw new MailctlError('bad-data', `a SHA-256 body hash has 32 octets, this one ${bodyHash.length}`)
  if (!Number.isSafeInteger(at) || at < 0) throw new MailctlError('bad-data', `"${at}" is no time in whole seconds since 1970`)

  const fields = headerFields(head)
  const names = signedNames(fields, exclude)
  const unsigned = foldTags([
    ['v=1;', `a=${algorithm};`, 'c=relaxed/relaxed;', `d=${domain};`, `s=${selector};`, `t=${at};`],
    names.map((name, i) => `${i === 0 ? 'h=' : ''}${name}${i === names.length - 1 ? ';' : ':'}`),
    [`bh=${bodyHash.toString('base64')};`],
    ['b='],
  ])
  const data = signedData(selectFields(fields, names), unsigned, 'relaxed')
  const signature = await signatureOf(data, algorithm, key)
  return Buffer.from(`${appendFolded(unsigned, signature.toString('base64'))}\r\n`, 'latin1')
}

/**
 * Both go into the header and into a DNS name, so anything but labels of letters, digits, hyphen and underscore is refused.
 * @throws MailctlError bad-data
 */
export function checkSigningName(domain: string, selector: string): void {
  if (!isSigningName(domain)) throw new MailctlError('bad-data', `${JSON.stringify(domain)} is no domain that can sign`)
  if (!isSigningName(selector)) {
    throw new MailctlError('bad-data', `${JSON.stringify(selector)} is no DKIM selector`, {
      hint: 'A selector is one or more DNS labels of letters, digits and hyphens.',
    })
  }
  const name = `${selector}._domainkey.${domain}`
  if (name.length > 253) throw new MailctlError('bad-data', `the key name ${name} is longer than 253 characters`)
}

/** Labels of letters, digits, hyphen and underscore, 1 to 63 long, 253 in all. */
export const isSigningName = (name: string): boolean =>
  name.length <= 253 && name.split('.').every(label => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))

function algorithmOf(key: KeyObject): 'rsa-sha256' | 'ed25519-sha256' {
  const hint = 'Use an RSA key of 2048 bits.'
  if (key.type !== 'private') throw new MailctlError('bad-data', 'DKIM signs with a private key, this is none', { hint })
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519-sha256'
  if (key.asymmetricKeyType !== 'rsa') {
    throw new MailctlError('bad-data', `DKIM signs with RSA or Ed25519, not with a key of type ${key.asymmetricKeyType}`, { hint })
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MIN_RSA_BITS) throw new MailctlError('bad-data', `an RSA key of ${bits} bits is too weak to sign (RFC 8301)`, { hint })
  return 'rsa-sha256'
}

/** The next hop may turn a bare CR or LF into a line end, which would change the fields after they were signed. */
function checkLineEnds(head: Buffer): void {
  if (!/\r(?!\n)|(?<!\r)\n/.test(head.toString('latin1'))) return
  throw new MailctlError('bad-data', 'the header block has a bare CR or LF and cannot be signed', { hint: 'End every line with CRLF.' })
}

/** In lower case → as written. */
const SIGNED_NAMES: ReadonlyMap<string, string> = new Map(SIGNED_FIELDS.map(name => [name.toLowerCase(), name]))

/** `h=`: From once more than present, so that a second From breaks the signature. */
function signedNames(fields: readonly HeaderField[], exclude: readonly string[]): string[] {
  const excluded = new Set(exclude.map(name => name.toLowerCase()))
  const counts = new Map<string, number>()
  for (const { name } of fields) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names: string[] = []
  const add = (name: string, lower: string): void => {
    if (name !== 'From' && excluded.has(lower)) return
    const times = (counts.get(lower) ?? 0) + (name === 'From' ? 1 : 0)
    for (let i = 0; i < times; i += 1) names.push(name)
  }
  for (const [lower, name] of SIGNED_NAMES) add(name, lower)
  for (const name of counts.keys()) if (!SIGNED_NAMES.has(name) && isContentField(name)) add(name, name)
  return names
}

/** Only names that may stand in `h=`: RFC 5322 field names without the semicolon that would end the tag. */
const isContentField = (name: string): boolean => /^content-[!-9<-~]+$/.test(name)

/** Joins the groups' words into one folded field: a group's words stand together (`h=` without spaces), lines stay within 76 octets. */
function foldTags([tags = [], ...groups]: string[][]): string {
  const lines: string[] = []
  let line = 'DKIM-Signature:'
  const put = (word: string, separator: string): void => {
    if (line.length + separator.length + word.length <= LINE_LENGTH) {
      line += separator + word
      return
    }
    lines.push(line)
    line = ` ${word}`
  }
  for (const tag of tags) put(tag, ' ')
  for (const group of groups) group.forEach((word, i) => void put(word, i === 0 ? ' ' : ''))
  return [...lines, line].join('\r\n')
}

/** Puts base64 after `b=`, breaking it wherever a line is full. */
function appendFolded(field: string, base64: string): string {
  const room = LINE_LENGTH - (field.length - field.lastIndexOf('\n') - 1)
  const rest = base64.slice(room).match(/.{1,75}/g) ?? []
  return [field + base64.slice(0, room), ...rest].join('\r\n ')
}

/**
 * libuv's threads also sync files to disk and resolve names. One is always left to them: a sync that queued behind signatures would keep
 * everything waiting that is to be acknowledged.
 */
const SIGNING_AT_ONCE = Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) - 1)
let signing = 0
const queued: (() => void)[] = []

function signNext(): void {
  signing -= 1
  queued.shift()?.()
}

/** RFC 8463 §3: Ed25519 signs the SHA-256 of the data, RSA hashes by itself (PKCS#1 v1.5). */
function signatureOf(data: Buffer, algorithm: 'rsa-sha256' | 'ed25519-sha256', key: KeyObject): Promise<Buffer> {
  const [digest, input] =
    algorithm === 'rsa-sha256' ? (['sha256', data] as const) : ([null, createHash('sha256').update(data).digest()] as const)
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(new MailctlError('bad-data', `the DKIM key cannot sign: ${cause.message}`, { cause }))
    const start = (): void => {
      signing += 1
      sign(digest, input, key, (error, signature) => {
        signNext()
        if (error) refuse(error)
        else resolve(signature)
      })
    }
    if (signing < SIGNING_AT_ONCE) start()
    else queued.push(start)
  })
}
