/**
 * Is a request meant for this machine, and by whom? A page on the web can make a browser send requests to a loopback address, directly or by
 * a name of its own that it lets point there (DNS rebinding). So a door answers only to address literals, `localhost` and names it was
 * told, and to no page of another origin. Programs that are not browsers send no Origin. RFC 9110 §7.2, RFC 6454 §7.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

export interface Meant {
  readonly headers: IncomingHttpHeaders
  readonly isTls: boolean
}

/** @param names lower case; besides literals and localhost @returns why it is refused; undefined: it is not */
export function refusalOf({ headers, isTls }: Meant, names: ReadonlySet<string>): string | undefined {
  const host = headers.host ?? ''
  const name = hostName(host)
  if (name === undefined || !isOwn(name, names)) return 'Host: this door does not answer to that name'
  const { origin } = headers
  if (origin !== undefined && origin !== `${isTls ? 'https' : 'http'}://${host}`) return 'Origin: pages of other sites have no access'
  if (headers['sec-fetch-site'] === 'cross-site') return 'Sec-Fetch-Site: pages of other sites have no access'
  return undefined
}

const isOwn = (name: string, names: ReadonlySet<string>): boolean =>
  isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.has(name)

/** Of a Host field: lower case, without port, brackets and the dot at the end. @returns undefined when it is no host */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(host)
  const name = (match?.[1] ?? match?.[2])?.toLowerCase()
  return name?.endsWith('.') ? name.slice(0, -1) : name
}
