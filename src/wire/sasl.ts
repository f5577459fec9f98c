/**
 * Logins as SMTP clients give them: the server's side of SASL PLAIN (RFC 4616) and of LOGIN, which has no RFC and which every client knows.
 * Responses are base64; what is none, or holds more than it should, is malformed and never guessed at.
 */

export interface Login {
  readonly user: string
  readonly password: string
}

export type SaslStep =
  /** Say 334 and this, and give the client's next line to `next`. */
  | { readonly kind: 'challenge'; readonly text: string; readonly next: (response: string) => SaslStep }
  | { readonly kind: 'login'; readonly login: Login }
  | { readonly kind: 'cancelled' | 'malformed' }

const MALFORMED: SaslStep = { kind: 'malformed' }
const ASK_USER = Buffer.from('Username:').toString('base64')
const ASK_PASSWORD = Buffer.from('Password:').toString('base64')

/** @param initial what stood behind the mechanism, `''` for nothing  @returns undefined for a mechanism that is not offered */
export function beginSasl(mechanism: string, initial: string): SaslStep | undefined {
  const first = mechanism === 'PLAIN' ? plain : mechanism === 'LOGIN' ? loginUser : undefined
  if (first === undefined) return undefined
  if (initial !== '') return first(initial)
  return { kind: 'challenge', text: mechanism === 'PLAIN' ? '' : ASK_USER, next: first }
}

/** `authorise \0 user \0 password`; to act for somebody else than the user is not offered. */
const plain = (response: string): SaslStep =>
  decoded(response, text => {
    const [authorise = '', user = '', password, ...rest] = text.split('\0')
    if (password === undefined || rest.length > 0 || user === '' || (authorise !== '' && authorise !== user)) return MALFORMED
    return { kind: 'login', login: { user, password } }
  })

const loginUser = (response: string): SaslStep =>
  decoded(response, user => ({
    kind: 'challenge',
    text: ASK_PASSWORD,
    next: answer => decoded(answer, password => ({ kind: 'login', login: { user, password } })),
  }))

/** `*` gives up, `=` is the empty text. RFC 4954 §4 */
function decoded(response: string, use: (text: string) => SaslStep): SaslStep {
  if (response === '*') return { kind: 'cancelled' }
  const octets = Buffer.from(response === '=' ? '' : response, 'base64')
  if (response !== '=' && octets.toString('base64') !== response) return MALFORMED
  return use(octets.toString('utf8'))
}
