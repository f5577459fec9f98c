/**
 * The API's edge: every error code with the exception and the HTTP status that SES gives for it. A code without a row does not compile. Texts
 * of failures inside stay here. SES facts: api-v2 "Errors".
 */
import { type ErrorCode, MailctlError } from '../base/errors.ts'
import type { HttpAnswer } from './route.ts'

export interface Fault {
  readonly status: number
  /** The exception's name. */
  readonly type: string
  /** null: SES gives none. */
  readonly message: string | null
}

const INTERNAL = { status: 500, type: 'InternalServiceErrorException', inside: true } as const
const BAD_REQUEST = { status: 400, type: 'BadRequestException' } as const

const FAULTS = {
  usage: BAD_REQUEST,
  'bad-data': BAD_REQUEST,
  'no-input': BAD_REQUEST,
  'too-large': { status: 400, type: 'MessageRejected' },
  'not-found': { status: 404, type: 'NotFoundException' },
  'already-exists': { status: 400, type: 'AlreadyExistsException' },
  conflict: { status: 409, type: 'ConflictException' },
  'message-rejected': { status: 400, type: 'MessageRejected' },
  'not-verified': { status: 400, type: 'MessageRejected' },
  'mail-from-not-verified': { status: 400, type: 'MailFromDomainNotVerifiedException' },
  sandboxed: BAD_REQUEST,
  'sending-paused': { status: 400, type: 'SendingPausedException' },
  'quota-exceeded': { status: 400, type: 'LimitExceededException' },
  'rate-exceeded': { status: 429, type: 'TooManyRequestsException' },
  'limit-exceeded': { status: 400, type: 'LimitExceededException' },
  'timed-out': INTERNAL,
  unreachable: INTERNAL,
  'store-unavailable': INTERNAL,
  config: INTERNAL,
  forbidden: { status: 403, type: 'AccessDeniedException' },
  interrupted: INTERNAL,
} as const satisfies Record<ErrorCode, { readonly status: number; readonly type: string; readonly inside?: true }>

/** @returns the fault, and whether it is ours: then nothing but the log says why */
export function faultOf(thrown: unknown): Fault & { readonly isOurs: boolean } {
  if (thrown instanceof RequestFault) return { ...thrown.fault, isOurs: false }
  const row = thrown instanceof MailctlError ? FAULTS[thrown.code] : INTERNAL
  const isOurs = 'inside' in row
  const message = isOurs || !(thrown instanceof Error) ? 'An internal failure occurred; try again.' : thrown.message
  return { status: row.status, type: row.type, message, isOurs }
}

/** A refusal that belongs to the protocol: a body that cannot be read, a signature that is wrong. */
export class RequestFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.message ?? fault.type)
    this.fault = fault
  }
}

export const serializationFault = (message: string): RequestFault =>
  new RequestFault({ status: 400, type: 'SerializationException', message })

/** As the SDKs read it: the type in a header and in the body. */
export const faultAnswer = ({ status, type, message }: Fault): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message }),
})
