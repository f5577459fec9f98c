/**
 * The HTTP door: a listener that nothing sent to it can stop, fill or hold. Headers, requests and idle connections have their time; what is
 * open at once is bounded, and idle connections give way to new ones. What a request means is the matter of its route.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type Duplex, pipeline, Readable } from 'node:stream'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ServerTls } from '../ports/certificates.ts'
import type { Sockets } from '../wire/sockets.ts'
import type { RequestMetrics } from './metrics.ts'
import { refusalOf } from './own-names.ts'
import { reportFailure } from './report-failure.ts'
import { type HttpAnswer, type HttpRequest, type Route, text } from './route.ts'
import { router } from './router.ts'

export interface HttpDoorOptions {
  /** An IP literal. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** PEM; absent: no TLS. */
  readonly tls?: ServerTls
  /** Absent: TCP. Without TLS only. */
  readonly sockets?: Sockets
  readonly routes: readonly Route[]
  /** Names it answers to besides address literals and localhost, lower case. */
  readonly names: ReadonlySet<string>
  readonly metrics: RequestMetrics
  readonly log: Log
  /** Told of what failed through no fault of the client's. */
  readonly warn: (text: string) => void
  /** Milliseconds in which nothing moves; tests make it short. */
  readonly stalledMs?: number
}

export interface HttpDoor {
  readonly address: string
  readonly port: number
  /** No new connections; what is being answered may end within `graceMs`. Resolves when all are gone. */
  close(graceMs: number): Promise<void>
}

const MAX_CONNECTIONS = 1_000
const MAX_HEADER_BYTES = 32 * 1024
const HEADERS_MS = 10_000
/** The whole request; 56 MB at 1.5 Mbit/s. */
const REQUEST_MS = 300_000
const KEEP_ALIVE_MS = 30_000
/** Neither side has sent an octet: the peer takes no answer. More than a request may wait for its turn. */
const STALLED_MS = 120_000
/** For so long what comes behind our last word is thrown away. */
const LINGER_MS = 2_000
const MAX_HEADERS = 200
const MAX_URL_CHARS = 8 * 1024

/** @throws MailctlError unreachable: the address cannot be had */
export async function openHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const { host, port, tls } = options
  const closed = new AbortController()
  const find = router(options.routes)
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 2_000,
    noDelay: true,
  }
  const server: Server = tls ? createTlsServer({ ...limits, ...tls, handshakeTimeout: HEADERS_MS }) : createServer(limits)
  // Node would leave out what is too many without a word.
  server.maxHeadersCount = 0
  server.setTimeout(options.stalledMs ?? STALLED_MS)
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => admit(server, open, socket, tls !== undefined))
  server.on('clientError', answerBroken)
  server.on('connect', (_, socket: Duplex) => socket.destroy())
  server.on('request', (incoming, response) => {
    const startedAt = performance.now()
    const request = requestOf(incoming, { response, isTls: tls !== undefined, closed: closed.signal })
    let route = 'none'
    response.on('close', () => {
      const seconds = (performance.now() - startedAt) / 1_000
      options.metrics.answered({ method: request.method, route, status: response.writableFinished ? response.statusCode : 499, seconds })
      options.log('http', `${request.peer} ${request.method} ${request.path} ${response.statusCode} ${Math.round(seconds * 1_000)}ms`)
    })
    answer(request)
      .then(({ answer: made, name }) => {
        route = name
        send(incoming, response, { ...made, headers: { 'x-amzn-requestid': request.id, ...made.headers } }, thrown => {
          // A client that went away is no failure; the answer ends short, which the other one sees.
          if (thrown && !request.signal.aborted) reportFailure(options, `${request.method} ${name}`, thrown)
        })
      })
      .catch((thrown: unknown) => {
        options.warn(`the answer to an HTTP request failed: ${messageOf(thrown)}`)
        response.destroy()
      })
  })
  const listener = options.sockets && (await options.sockets.listen({ host, port }, socket => void server.emit('connection', socket)))
  if (!listener) await listening(server, options)
  return {
    address: host,
    port: listener?.port ?? (server.address() as AddressInfo).port ?? port,
    async close(graceMs) {
      const gone = new Promise<void>(done => server.close(() => done()))
      server.closeIdleConnections()
      const late = setTimeout(() => {
        closed.abort()
        server.closeAllConnections()
        for (const socket of open) socket.destroy()
      }, graceMs)
      await Promise.all([gone, listener?.close()])
      clearTimeout(late)
    },
  }

  async function answer(request: HttpRequest): Promise<{ readonly answer: HttpAnswer; readonly name: string }> {
    if (request.rawHeaders.length > MAX_HEADERS) return { answer: text(431, `More than ${MAX_HEADERS} header fields`), name: 'none' }
    const isTooLong = request.path.length + request.rawQuery.length > MAX_URL_CHARS
    const found = isTooLong ? undefined : find(request.method === 'HEAD' ? 'GET' : request.method, request.path)
    if (found === undefined) return { answer: text(414, 'URI too long'), name: 'none' }
    if (found.kind !== 'route' || found.route.from === 'own') {
      const refusal = refusalOf(request, options.names)
      if (refusal !== undefined) return { answer: text(403, refusal), name: 'none' }
    }
    if (found.kind === 'none') return { answer: notFound(request), name: 'none' }
    if (found.kind === 'method')
      return { answer: { ...text(405, 'Method not allowed'), headers: { allow: found.allowed.join(', ') } }, name: 'none' }
    const name = found.route.name ?? found.route.path
    try {
      return { answer: await found.route.handle({ ...request, labels: found.labels }), name }
    } catch (thrown) {
      if (request.signal.aborted) return { answer: text(503, 'Closing'), name }
      reportFailure(options, `${request.method} ${name}`, thrown)
      return { answer: text(500, 'Internal failure'), name }
    }
  }
}

/** SES answers what it does not know as its SDKs read it. */
const notFound = ({ path }: HttpRequest): HttpAnswer =>
  /^\/v[12]\/email\//.test(path)
    ? {
        status: 404,
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'UnknownOperationException' },
        body: '{"__type":"UnknownOperationException","message":"UnknownOperationException"}',
      }
    : text(404, 'Not found')

function requestOf(
  incoming: IncomingMessage,
  { response, isTls, closed }: { readonly response: ServerResponse; readonly isTls: boolean; readonly closed: AbortSignal },
): HttpRequest {
  const url = incoming.url ?? '/'
  const mark = url.indexOf('?')
  const rawQuery = mark < 0 ? '' : url.slice(mark + 1)
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  if (closed.aborted) gone.abort()
  return {
    method: incoming.method ?? '',
    path: mark < 0 ? url : url.slice(0, mark),
    rawQuery,
    get query() {
      return new URLSearchParams(rawQuery)
    },
    labels: {},
    headers: incoming.headers,
    get rawHeaders() {
      const { rawHeaders: flat } = incoming
      return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? ''] as const)
    },
    peer: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''),
    isTls,
    id: randomUUID(),
    signal: gone.signal,
    stream: incoming,
  }
}

function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, headers, body = '' }: HttpAnswer,
  failed: (thrown: Error | null) => void,
): void {
  const isStream = body instanceof Readable
  // Node goes on with what a lost connection had sent, and breaks over answers that are written to it.
  if (response.destroyed || incoming.socket.destroyed) {
    if (isStream) body.destroy()
    return
  }
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...(!isStream && { 'content-length': String(Buffer.byteLength(body)) }),
    // A body that nobody read to its end would stand before the next request.
    ...(!incoming.complete && { connection: 'close' }),
  })
  if (isStream && incoming.method !== 'HEAD') pipeline(body, response, failed)
  else {
    if (isStream) body.destroy()
    endWhenHeard(incoming, response, isStream || incoming.method === 'HEAD' ? '' : body)
  }
}

/** Hanging up over octets that are on their way would take the answer with it: for a moment they are read and thrown away. */
function endWhenHeard(incoming: IncomingMessage, response: ServerResponse, content: string | Buffer): void {
  if (incoming.complete) {
    response.end(content)
    return
  }
  if (content.length > 0) response.write(content)
  else response.flushHeaders()
  const end = (): void => {
    clearTimeout(late)
    if (!incoming.socket.destroyed) response.end()
  }
  const late = setTimeout(end, LINGER_MS)
  incoming.once('end', end).once('close', end).resume()
}

/** One too many: idle ones give way; where none is idle the newcomer hears 503. */
function admit(server: Server, open: Set<Socket>, socket: Socket, isTls: boolean): void {
  if (open.size >= MAX_CONNECTIONS) server.closeIdleConnections()
  if (open.size >= MAX_CONNECTIONS) {
    if (isTls) socket.destroy()
    else {
      socket.on('error', () => {})
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n')
      socket.destroySoon()
    }
    return
  }
  open.add(socket)
  socket.on('close', () => open.delete(socket))
}

const BROKEN: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** What is no HTTP, or too slow. */
function answerBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  // More of what was answered.
  if (socket.writableEnded && !socket.destroyed) return
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  socket.end(`HTTP/1.1 ${BROKEN[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  const late = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(late))
}

async function listening(server: Server, { host, port, tls }: HttpDoorOptions): Promise<void> {
  const door = tls ? 'HTTPS' : 'HTTP'
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, host, done)).catch((cause: unknown) => {
    throw new MailctlError('unreachable', `The ${door} door cannot listen on ${host} port ${port}: ${messageOf(cause)}`, {
      hint: `Another program may have the port: give --${door.toLowerCase()} another one, or port 0.`,
      cause,
    })
  })
  server.removeAllListeners('error')
  server.on('error', () => {})
}
