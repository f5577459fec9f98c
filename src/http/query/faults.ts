/**
 * The Query protocol's names for what went wrong: every error code has a row, and what is not found or there already is told by SES's own
 * sentence about it. SES fact: api-v1, table of wire codes.
 */
import { type ErrorCode, MailctlError } from '../../base/errors.ts'
import { faultOf, RequestFault } from '../faults.ts'
import type { QueryFault } from './xml.ts'

const INVALID = 'InvalidParameterValue'
const CODES = {
  usage: INVALID,
  'bad-data': INVALID,
  'no-input': INVALID,
  'too-large': INVALID,
  'not-found': INVALID,
  'already-exists': 'AlreadyExists',
  conflict: INVALID,
  'message-rejected': 'MessageRejected',
  'not-verified': 'MessageRejected',
  'mail-from-not-verified': 'MailFromDomainNotVerifiedException',
  sandboxed: 'ProductionAccessNotGranted',
  'sending-paused': 'AccountSendingPausedException',
  'quota-exceeded': 'Throttling',
  'rate-exceeded': 'Throttling',
  'limit-exceeded': 'LimitExceeded',
  'timed-out': 'InternalFailure',
  unreachable: 'InternalFailure',
  'store-unavailable': 'InternalFailure',
  config: 'InternalFailure',
  forbidden: 'AccessDenied',
  interrupted: 'InternalFailure',
} as const satisfies Record<ErrorCode, string>

/** Sentences that name what they are about. */
const SENTENCES: readonly (readonly [sentence: RegExp, code: string, member: string])[] = [
  [/^Configuration set <(.*)> does not exist\.$/, 'ConfigurationSetDoesNotExist', 'ConfigurationSetName'],
  [/^Configuration set <(.*)> already exists\.?$/, 'ConfigurationSetAlreadyExists', 'ConfigurationSetName'],
  [/^Sending is paused for configuration set (.*)$/, 'ConfigurationSetSendingPausedException', 'ConfigurationSetName'],
  [/^Template (.*) does not exist\.?$/, 'TemplateDoesNotExist', 'TemplateName'],
  [/^Template (.*) already exists\.?$/, 'AlreadyExists', 'Name'],
  [/^No EventDestination found for (.*)$/, 'EventDestinationDoesNotExist', 'EventDestinationName'],
  [/^SNS topic <(.*)> not found\.$/, 'InvalidSNSDestination', 'EventDestinationName'],
  [/^Attribute '(.*)' is not present in the rendering data\.$/, 'MissingRenderingAttribute', 'TemplateName'],
]

/** The v2 names of what concerns the protocol itself. */
const PROTOCOL: Readonly<Record<string, string>> = {
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  IncompleteSignatureException: 'IncompleteSignature',
  SerializationException: 'MalformedInput',
  BadRequestException: INVALID,
  TooManyRequestsException: 'Throttling',
  InvalidNextTokenException: INVALID,
}

export function queryFaultOf(thrown: unknown): QueryFault & { readonly status: number } {
  const { isOurs, message, status, type } = faultOf(thrown)
  if (isOurs) return { status: 500, code: 'InternalFailure', message, isOurs }
  if (thrown instanceof RequestFault) {
    const isLate = type === 'InvalidSignatureException' && /^Signature expired/.test(message ?? '')
    return { status: isLate ? 400 : status, code: isLate ? 'RequestExpired' : (PROTOCOL[type] ?? type), message, isOurs }
  }
  const code = thrown instanceof MailctlError ? CODES[thrown.code] : 'InternalFailure'
  for (const [sentence, name, member] of SENTENCES) {
    const [, about] = sentence.exec(message ?? '') ?? []
    if (about !== undefined) return { status: 400, code: name, message, isOurs, about: { [member]: about } }
  }
  return { status: code === 'AccessDenied' ? 403 : 400, code, message, isOurs }
}
