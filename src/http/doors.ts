/**
 * The HTTP doors of `serve`, with and without TLS, over the same routes. Who may be let in where is decided here, before anything listens:
 * beyond loopback only with TLS and signatures.
 */
import { MailctlError } from '../base/errors.ts'
import type { App } from '../operations/app.ts'
import type { ServerTls } from '../ports/certificates.ts'
import { isLoopback } from '../wire/loopback.ts'
import type { Sockets } from '../wire/sockets.ts'
import { authenticator } from './authenticate.ts'
import { HttpMetrics } from './metrics.ts'
import { routesOf } from './routes.ts'
import { type HttpDoor, openHttpDoor } from './server.ts'
import type { Delivery } from './ses/operation.ts'

export interface DoorPlace {
  /** An IP literal. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
}

export type HttpAuth = 'sigv4' | 'none'

export interface HttpDoorsAsk {
  /** undefined: closed. */
  readonly http?: DoorPlace | undefined
  readonly https?: (DoorPlace & { readonly tls: ServerTls }) | undefined
  readonly auth: HttpAuth
  /** Who delivers what was accepted. */
  readonly delivery: Delivery
  /** Absent: TCP. */
  readonly sockets?: Sockets
  readonly version: string
  /** Told of what failed through no fault of a client's. */
  readonly warn: (text: string) => void
}

export interface HttpDoors {
  readonly http: HttpDoor | undefined
  readonly https: HttpDoor | undefined
  close(graceMs: number): Promise<void>
}

interface HttpPlaces extends Pick<HttpDoorsAsk, 'auth'> {
  readonly http?: DoorPlace | undefined
  readonly https?: DoorPlace | undefined
}

/** @throws MailctlError forbidden: a place that others reach, without TLS or signatures */
export function checkHttpDoors({ http, https, auth }: HttpPlaces): void {
  if (http && !isLoopback(http.host))
    throw new MailctlError('forbidden', `The HTTP door does not open on ${http.host}: it has no TLS`, {
      hint: 'Give --http a loopback address, or off, and open --https to others.',
    })
  if (https && !isLoopback(https.host) && auth === 'none')
    throw new MailctlError('forbidden', `The HTTPS door does not open on ${https.host} for everybody`, {
      hint: 'Give --http-auth sigv4, or a loopback address.',
    })
}

/** @throws MailctlError forbidden; unreachable: an address cannot be had */
export async function openHttpDoors(app: App, ask: HttpDoorsAsk): Promise<HttpDoors> {
  checkHttpDoors(ask)
  const { http, https, auth, delivery, sockets, version, warn } = ask
  const metrics = new HttpMetrics()
  const authenticate = auth === 'sigv4' ? authenticator({ credentials: app.credentials }) : undefined
  const shared = {
    routes: routesOf(app, { version, metrics, mayRead: isLoopback, authenticate, delivery, warn }),
    names: new Set([app.settings.hostname.toLowerCase(), new URL(app.settings.publicUrl).hostname]),
    metrics,
    log: app.log,
    warn,
    ...(sockets && { sockets }),
  }
  const plain = http && (await openHttpDoor({ ...shared, ...http }))
  try {
    const secure = https && (await openHttpDoor({ ...shared, ...https }))
    return { http: plain, https: secure, close: async graceMs => void (await Promise.all([plain?.close(graceMs), secure?.close(graceMs)])) }
  } catch (error) {
    await plain?.close(0)
    throw error
  }
}
