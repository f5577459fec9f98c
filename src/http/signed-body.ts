/** The body of a request to the API, of somebody who may ask. */
import type { Authenticate } from './authenticate.ts'
import { type Body, readBody } from './body.ts'
import { RequestFault } from './faults.ts'
import type { HttpRequest } from './route.ts'

/** Who asks without a signature. */
const NOBODY = 'api'

export interface SignedBody extends Body {
  /** The access key's id. */
  readonly identity: string
}

/**
 * @param authenticate undefined: nobody has to sign
 * @throws RequestFault: refused, or a body that cannot be read; MailctlError config, store-unavailable
 */
export async function readSignedBody(request: HttpRequest, authenticate: Authenticate | undefined): Promise<SignedBody> {
  if (authenticate === undefined) return { ...(await readBody(request)), identity: NOBODY }
  let body: Body | undefined
  const caller = await authenticate(request, async () => {
    body = await readBody(request)
    return body.sha256
  })
  if (body !== undefined && caller.kind === 'known') return { ...body, identity: caller.accessKeyId }
  body?.release()
  throw new RequestFault(caller.kind === 'refused' ? caller.fault : { status: 403, type: 'AccessDeniedException', message: null })
}
