/**
 * The routes of the SES v2 API: each reads its body and who signed it, runs one operation, and answers as the SDKs read it. Timestamps are
 * seconds. SES facts: api-v2 "Protocol".
 */
import type { App } from '../../operations/app.ts'
import type { Authenticate } from '../authenticate.ts'
import { parseJson } from '../body.ts'
import { faultAnswer, faultOf, serializationFault } from '../faults.ts'
import { Members } from '../members.ts'
import { reportFailure } from '../report-failure.ts'
import type { HttpAnswer, HttpRequest, Route } from '../route.ts'
import { readSignedBody } from '../signed-body.ts'
import type { Delivery, Method, SesOperation } from './operation.ts'
import { OPERATIONS } from './operations.ts'

export interface SesOptions {
  /** undefined: nobody has to sign. */
  readonly authenticate: Authenticate | undefined
  readonly delivery: Delivery
  /** Told of what failed through no fault of the client's. */
  readonly warn: (text: string) => void
}

/** Parameters that are lists however often they come. */
const LISTS = new Set(['Reason', 'TagKeys', 'BlacklistItemNames'])

export function sesRoutes(app: App, options: SesOptions): Route[] {
  const call =
    (operation: SesOperation) =>
    async (request: HttpRequest): Promise<HttpAnswer> => {
      try {
        return answerOf(await run(app, operation, { ...options, request }))
      } catch (thrown) {
        const { isOurs, ...fault } = faultOf(thrown)
        if (isOurs && !request.signal.aborted) reportFailure({ warn: options.warn, log: app.log }, operation.name, thrown)
        return faultAnswer(fault)
      }
    }
  return OPERATIONS.flatMap(operation =>
    operation.at.map((at): Route => {
      const [method = '', path = ''] = at.split(' ')
      return { method: method as Method, path: pathOf(path), name: operation.name, from: 'own', handle: call(operation) }
    }),
  )
}

/** One older SDK asks under `/v1`. */
const pathOf = (path: string): string => (path.startsWith('/v1/') ? path : `/v2/email${path}`)

interface Running extends SesOptions {
  readonly request: HttpRequest
}

async function run(app: App, operation: SesOperation, { authenticate, request, delivery }: Running): Promise<object> {
  const body = await readSignedBody(request, authenticate)
  try {
    return await operation.run({
      app,
      input: new Members({ ...membersOf(body.octets), ...parametersOf(request.query), ...request.labels }),
      caller: { sourceIp: request.peer, identity: body.identity },
      signal: request.signal,
      delivery,
    })
  } finally {
    body.release()
  }
}

function membersOf(octets: Buffer): Record<string, unknown> {
  if (octets.length === 0) return {}
  const value = parseJson(octets)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw serializationFault(Array.isArray(value) ? 'Start of list found where not expected' : 'Expected a JSON object')
}

function parametersOf(query: URLSearchParams): Record<string, unknown> {
  const parameters: Record<string, unknown> = {}
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    parameters[name] = LISTS.has(name) || values.length > 1 ? values : values[0]
  }
  return parameters
}

const answerOf = (response: object): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(response, seconds),
})

/** `JSON.stringify` has made text of a `Date` already when it asks; the object still has it. */
function seconds(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[key]
  return original instanceof Date ? original.getTime() / 1_000 : value
}
