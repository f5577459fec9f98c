/** The SES v1 Query API: `POST /` with a form. SES fact: api-v1. */
import type { App } from '../../operations/app.ts'
import { RequestFault } from '../faults.ts'
import { Members } from '../members.ts'
import { reportFailure } from '../report-failure.ts'
import type { HttpAnswer, HttpRequest, Route } from '../route.ts'
import type { SesOptions } from '../ses/route.ts'
import { readSignedBody } from '../signed-body.ts'
import type { QueryAction } from './action.ts'
import { ACTIONS } from './actions.ts'
import { queryFaultOf } from './faults.ts'
import { formIn, membersOf } from './form.ts'
import { answerXml, faultXml } from './xml.ts'

export function queryRoutes(app: App, options: SesOptions): Route[] {
  const { authenticate } = options

  async function run(request: HttpRequest): Promise<HttpAnswer> {
    const body = await readSignedBody(request, authenticate)
    try {
      const form = formIn(body.octets)
      const action = actionIn(form)
      const result = await action.run({
        app,
        input: new Members(membersOf(form)),
        caller: { sourceIp: request.peer, identity: body.identity },
        signal: request.signal,
        delivery: options.delivery,
      })
      return xml(200, answerXml(action.name, result, request.id))
    } finally {
      body.release()
    }
  }

  const handle = async (request: HttpRequest): Promise<HttpAnswer> => {
    try {
      return await run(request)
    } catch (thrown) {
      const { status, ...fault } = queryFaultOf(thrown)
      if (fault.isOurs && !request.signal.aborted) reportFailure({ warn: options.warn, log: app.log }, 'a Query request', thrown)
      return xml(status, faultXml(fault, request.id))
    }
  }
  return [{ method: 'POST', path: '/', name: 'Query', from: 'own', handle }]
}

/** @throws RequestFault InvalidAction */
function actionIn(form: URLSearchParams): QueryAction {
  const name = form.get('Action') ?? ''
  const found = ACTIONS.get(name)
  if (found) return found
  const shown = name.slice(0, 64).replace(/[^\w]/g, '?')
  const message = `Could not find operation ${shown} for version ${(form.get('Version') ?? 'NO_VERSION_SPECIFIED').slice(0, 32)}`
  throw new RequestFault({ status: 400, type: 'InvalidAction', message })
}

const xml = (status: number, body: string): HttpAnswer => ({ status, headers: { 'content-type': 'text/xml' }, body })
