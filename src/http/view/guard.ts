/**
 * Who may see the web view: programs of this machine, and where the door asks for signatures, the holder of an access key. Mail is shown
 * here, so it is stricter than the rest of the door: the connection comes from loopback, by a loopback name, through no proxy that says so,
 * and for no page of another port. What a browser cannot sign it can still prove: key and secret as name and password, RFC 7617.
 */
import { isIP } from 'node:net'
import type { App } from '../../operations/app.ts'
import { checkAccessKey } from '../../operations/credentials.ts'
import { isLoopback } from '../../wire/loopback.ts'
import { hostName } from '../own-names.ts'
import { type HttpAnswer, type HttpRequest, text } from '../route.ts'

export interface GuardOptions {
  /** Whether requests to the API are to be signed. */
  readonly asksForKey: boolean
}

/** Fields that proxies add: who asks through one is somewhere else. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

const ASK: HttpAnswer = {
  ...text(401, 'Log in with an access key: its id as the name, its secret as the password. mailctl keys create makes one.'),
}

/** @returns the answer to who may not see it; undefined: he may  @throws MailctlError config (master key), store-unavailable */
export async function refusedView(
  app: Pick<App, 'credentials'>,
  request: HttpRequest,
  { asksForKey }: GuardOptions,
): Promise<HttpAnswer | undefined> {
  const { headers, peer } = request
  const host = hostName(headers.host ?? '') ?? ''
  if (!isLoopback(peer) || !isOwnName(host) || FORWARDED.some(name => headers[name] !== undefined))
    return text(403, 'The web view is seen from this machine alone, by a loopback address or localhost, and not through a proxy.')
  if (!isOwnPage(request)) return text(403, 'The web view is for its own pages.')
  if (!asksForKey) return undefined
  const [id, secret] = basicLogin(headers.authorization)
  if (id !== undefined && secret !== undefined && (await checkAccessKey(app, id, secret))) return undefined
  return { ...ASK, headers: { ...ASK.headers, 'www-authenticate': 'Basic realm="mailctl", charset="UTF-8"' } }
}

const isOwnName = (host: string): boolean => (isIP(host) === 0 ? host === 'localhost' || host.endsWith('.localhost') : isLoopback(host))

/** Pages of other ports of this machine are other pages: they may lead to the view, and see nothing of it. Fetch Metadata §2.2. */
function isOwnPage({ headers, path }: HttpRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'none' || site === 'same-origin') return true
  return site === 'same-site' && path === '/' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

function basicLogin(authorization: string | undefined): readonly (string | undefined)[] {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]{1,400}={0,2})$/i.exec(authorization ?? '') ?? []
  const [, id, secret] = encoded === undefined ? [] : (/^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [])
  return [id, secret]
}
