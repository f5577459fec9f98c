/**
 * Signature version 4, as the AWS SDKs sign: what is signed, the string to sign, the key of a day, the signature. Pure; who has which secret
 * and what time it is are the caller's. SES facts: api-v2 "SigV4 check"; checked with the public test suite in `test/corpora/sigv4`.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

export interface SignedRequest {
  readonly method: string
  /** As on the request line, encoded once already; without the query. */
  readonly path: string
  /** As on the request line, without the `?`. */
  readonly query: string
  /** In the order in which they came; names may repeat. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Lower-case hexadecimal SHA-256 of the body. */
  readonly payloadHash: string
}

/** What an Authorization header says. */
export interface Claim {
  readonly accessKeyId: string
  /** `20260131` */
  readonly date: string
  readonly region: string
  readonly service: string
  /** Lower case, as listed. */
  readonly signedHeaders: readonly string[]
  /** Lower-case hexadecimal. */
  readonly signature: string
}

/** @returns undefined when it is not whole */
export function parseAuthorization(header: string): Claim | undefined {
  if (!header.startsWith(`${ALGORITHM} `)) return undefined
  const parts = new Map(
    header
      .slice(ALGORITHM.length + 1)
      .split(',')
      .map((part): [string, string] => {
        const equals = part.indexOf('=')
        return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()]
      }),
  )
  const credential = /^([^/]{1,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request$/.exec(parts.get('Credential') ?? '')
  const signedHeaders = /^[a-z0-9-]+(?:;[a-z0-9-]+)*$/.exec(parts.get('SignedHeaders') ?? '')?.[0].split(';')
  const signature = /^[0-9a-f]{64}$/.exec(parts.get('Signature') ?? '')?.[0]
  if (!credential || !signedHeaders || !signature || parts.size !== 3) return undefined
  // One that is named a thousand times would be hashed a thousand times.
  if (new Set(signedHeaders).size !== signedHeaders.length) return undefined
  const [, accessKeyId = '', date = '', region = '', service = ''] = credential
  return { accessKeyId, date, region, service, signedHeaders, signature }
}

export function canonicalRequest({ method, path, query, headers, payloadHash }: SignedRequest, signedHeaders: readonly string[]): string {
  const given = headerValues(headers)
  const values = signedHeaders.map(name => `${name}:${given.get(name)?.join(',') ?? ''}\n`).join('')
  return [method, canonicalPath(path), canonicalQuery(query), values, signedHeaders.join(';'), payloadHash].join('\n')
}

/** By name in lower case. Trimmed, inner runs of white space one space; a header that came several times has several. */
function headerValues(headers: SignedRequest['headers']): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (const [given, value] of headers) {
    const name = given.toLowerCase()
    const known = values.get(name)
    const plain = value.trim().replace(/[ \t\r\n]+/g, ' ')
    if (known === undefined) values.set(name, [plain])
    else known.push(plain)
  }
  return values
}

/** What is encoded on the request line is encoded once more; dots and empty segments are resolved first. */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encode(segment))
  }
  const isFolder = /\/\.{0,2}$/.test(path) && segments.length > 0
  return `/${segments.join('/')}${isFolder ? '/' : ''}`
}

/** By key, then by value, as they are encoded. */
function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter(pair => pair !== '')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=')
      return equals < 0 ? [recode(pair), ''] : [recode(pair.slice(0, equals)), recode(pair.slice(equals + 1))]
    })
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return pairs
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([key, value]) => `${key}=${value}`)
    .join('&')
}

function recode(text: string): string {
  try {
    return encode(decodeURIComponent(text))
  } catch {
    return encode(text)
  }
}

/** RFC 3986: everything but unreserved characters. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** @param at as `x-amz-date` has it: `20260131T093000Z` */
export const stringToSign = (
  canonical: string,
  { date, region, service }: Pick<Claim, 'date' | 'region' | 'service'>,
  at: string,
): string => [ALGORITHM, at, `${date}/${region}/${service}/aws4_request`, createHash('sha256').update(canonical).digest('hex')].join('\n')

/** Good for a day, a region and a service. */
export const signingKey = (secret: string, { date, region, service }: Pick<Claim, 'date' | 'region' | 'service'>): Buffer =>
  [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  )

export const signatureOf = (key: Buffer, toSign: string): string => createHmac('sha256', key).update(toSign).digest('hex')

/** In constant time. @param one both lower-case hexadecimal of 32 octets */
export const sameSignature = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
