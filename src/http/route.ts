/** What a route of the HTTP door is: a method, a path with labels, and a function from request to answer. Routes are listed in `routes.ts`. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

export interface HttpRequest {
  readonly method: string
  /** As it stood on the request line, still encoded; without the query. */
  readonly path: string
  /** As it stood, without the `?`; `''` when there was none. */
  readonly rawQuery: string
  readonly query: URLSearchParams
  /** Values of the labels of the path, decoded. */
  readonly labels: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** In the order in which they came, each as often as it came. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** The address literal of who asked. */
  readonly peer: string
  readonly isTls: boolean
  /** A uuid, which the answer's `x-amzn-RequestId` repeats. */
  readonly id: string
  /** Aborted when the client is gone, or the door was closed over it. */
  readonly signal: AbortSignal
  /** The body as it came, once. Unpacking and bounding it is the matter of `body.ts`. */
  readonly stream: Readable
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A stream is sent as it comes, and is destroyed when the client is gone. */
  readonly body?: string | Buffer | Readable
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `/v2/email/identities/{EmailIdentity}/dkim`. A label is one segment. A slash at the end makes no difference. */
  readonly path: string
  /** The name in metrics; absent: the path. */
  readonly name?: string
  /**
   * `own`: only under this machine's names and to no page of another site, which is the guard against DNS rebinding and cross-site requests.
   * `any`: a link in mail, followed from anywhere under any name; its own secret guards it.
   */
  readonly from: 'own' | 'any'
  /** What it throws is told by `faults.ts`. */
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer
}

export const text = (status: number, body: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${body}\n`,
})
