/**
 * Who signs a request to the API: the holder of an access key of this account. Says yes with the key's id, or no in SES's words. Time is the
 * machine's, as the client's is, whatever clock the account has. SES facts: api-v2 "SigV4 check".
 */
import type { Credentials } from '../ports/credentials.ts'
import type { HttpRequest } from './route.ts'
import { type Claim, canonicalRequest, parseAuthorization, sameSignature, signatureOf, signingKey, stringToSign } from './sigv4.ts'

export interface SignatureFault {
  readonly status: 400 | 403
  readonly type: string
  readonly message: string
}

export type Caller = { readonly kind: 'known'; readonly accessKeyId: string } | { readonly kind: 'refused'; readonly fault: SignatureFault }

export interface AuthenticatorOptions {
  readonly credentials: Pick<Credentials, 'secretOf' | 'isInUse'>
  /** Epoch milliseconds, by the machine's clock. */
  readonly now?: () => number
}

/**
 * @param hashOfBody hexadecimal SHA-256 of the body as it came; asked for only when all else is in order, so that nobody's body is read who has no key
 * @throws MailctlError config, store-unavailable; what `hashOfBody` throws
 */
export type Authenticate = (request: HttpRequest, hashOfBody: () => Promise<string>) => Promise<Caller>

const SKEW_MS = 5 * 60_000
/** Keys of days: one for each access key, date and region in use. */
const MAX_DAY_KEYS = 1_000

const fault = (status: SignatureFault['status'], type: string, message: string): Caller => ({
  kind: 'refused',
  fault: { status, type, message },
})
const UNKNOWN = fault(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
const WRONG = fault(
  403,
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. ' +
    'Consult the service documentation for details.',
)
const incomplete = (message: string): Caller => fault(400, 'IncompleteSignatureException', message)

export function authenticator({ credentials, now = Date.now }: AuthenticatorOptions): Authenticate {
  const dayKeys = new DayKeys(credentials)
  return async (request, hashOfBody) => {
    const { headers } = request
    if (request.query.has('X-Amz-Signature') || request.query.has('X-Amz-Algorithm'))
      return incomplete('Presigned requests are not taken: sign with an Authorization header.')
    const { authorization } = headers
    if (authorization === undefined) return fault(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
    const claim = parseAuthorization(authorization)
    if (claim === undefined)
      return incomplete('The Authorization header must be AWS4-HMAC-SHA256 with Credential, SignedHeaders and Signature.')
    const at = signedAt(request)
    if (at === undefined) return incomplete('The request must have a valid (non-empty) X-Amz-Date header.')
    const unsigned = ['host', ...Object.keys(headers).filter(name => name.startsWith('x-amz-'))].find(
      name => !claim.signedHeaders.includes(name),
    )
    if (unsigned !== undefined) return incomplete(`'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`)
    if (claim.service !== 'ses' || claim.date !== at.text.slice(0, 8))
      return incomplete('Credential should be scoped to the service ses and to the date of X-Amz-Date.')
    // Nobody here gives out session tokens.
    if (headers['x-amz-security-token'] !== undefined) return UNKNOWN
    const late = skewFault(at, now())
    if (late) return late
    const key = await dayKeys.find(claim)
    if (key === undefined) return UNKNOWN
    const payloadHash = await hashOfBody()
    const given = headers['x-amz-content-sha256']
    if (given !== undefined && given !== payloadHash) return WRONG
    const canonical = canonicalRequest(
      { method: request.method, path: request.path, query: request.rawQuery, headers: request.rawHeaders, payloadHash },
      claim.signedHeaders,
    )
    if (!sameSignature(signatureOf(key, stringToSign(canonical, claim, at.text)), claim.signature)) return WRONG
    return { kind: 'known', accessKeyId: claim.accessKeyId }
  }
}

interface SignedAt {
  /** `20260131T093000Z` */
  readonly text: string
  readonly ms: number
}

function signedAt({ headers }: HttpRequest): SignedAt | undefined {
  const given = headers['x-amz-date']
  const text = typeof given === 'string' ? given : basicTime(Date.parse(headers.date ?? ''))
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : { text, ms }
}

/** `20260131T093000Z`; `''` for no time. */
const basicTime = (ms: number): string => (Number.isNaN(ms) ? '' : new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, ''))

function skewFault({ text, ms }: SignedAt, now: number): Caller | undefined {
  const type = 'InvalidSignatureException'
  if (ms < now - SKEW_MS)
    return fault(403, type, `Signature expired: ${text} is now earlier than ${basicTime(now - SKEW_MS)} (${basicTime(now)} - 5 min.)`)
  if (ms > now + SKEW_MS)
    return fault(
      403,
      type,
      `Signature not yet current: ${text} is still later than ${basicTime(now + SKEW_MS)} (${basicTime(now)} + 5 min.)`,
    )
  return undefined
}

/** The signing keys of days, the least used given up first. A key that was revoked meanwhile is none. */
class DayKeys {
  readonly #credentials: AuthenticatorOptions['credentials']
  readonly #keys = new Map<string, Buffer>()

  constructor(credentials: AuthenticatorOptions['credentials']) {
    this.#credentials = credentials
  }

  async find(claim: Claim): Promise<Buffer | undefined> {
    const { accessKeyId, date, region, service } = claim
    const name = `${accessKeyId}/${date}/${region}/${service}`
    const known = this.#keys.get(name)
    if (known) {
      this.#keys.delete(name)
      if (!(await this.#credentials.isInUse(accessKeyId))) return undefined
      this.#keys.set(name, known)
      return known
    }
    const found = await this.#credentials.secretOf(accessKeyId)
    if (found?.kind !== 'api') return undefined
    const key = signingKey(found.secret, claim)
    const [oldest] = this.#keys.keys()
    if (this.#keys.size >= MAX_DAY_KEYS && oldest !== undefined) this.#keys.delete(oldest)
    this.#keys.set(name, key)
    return key
  }
}
