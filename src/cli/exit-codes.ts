/** The terminal's edge: every error code with its exit status (sysexits where they exist) and the SES error name for `--json`. */
import type { ErrorCode } from '../base/errors.ts'

interface Row {
  readonly exit: number
  /** SES error name where one exists. */
  readonly name: string
}

export const EXIT_CODES = {
  usage: { exit: 64, name: 'UsageError' },
  'bad-data': { exit: 65, name: 'BadRequestException' },
  'no-input': { exit: 66, name: 'InputUnreadable' },
  'too-large': { exit: 65, name: 'MessageRejected' },
  'not-found': { exit: 1, name: 'NotFoundException' },
  'already-exists': { exit: 1, name: 'AlreadyExistsException' },
  conflict: { exit: 1, name: 'ConflictException' },
  'message-rejected': { exit: 1, name: 'MessageRejected' },
  'not-verified': { exit: 77, name: 'MessageRejected' },
  'mail-from-not-verified': { exit: 77, name: 'MailFromDomainNotVerifiedException' },
  sandboxed: { exit: 77, name: 'ProductionAccessNotGranted' },
  'sending-paused': { exit: 77, name: 'SendingPausedException' },
  'quota-exceeded': { exit: 75, name: 'LimitExceededException' },
  'rate-exceeded': { exit: 75, name: 'TooManyRequestsException' },
  'limit-exceeded': { exit: 1, name: 'LimitExceededException' },
  'timed-out': { exit: 75, name: 'TimedOut' },
  unreachable: { exit: 69, name: 'ServiceUnavailable' },
  'store-unavailable': { exit: 74, name: 'StoreUnavailable' },
  config: { exit: 78, name: 'ConfigurationError' },
  forbidden: { exit: 77, name: 'Forbidden' },
  interrupted: { exit: 130, name: 'Interrupted' },
} as const satisfies Record<ErrorCode, Row>

/** Anything that is no MailctlError. */
export const BUG: Row = { exit: 70, name: 'InternalFailure' }

/** One line each, for `--help` and `help exit-codes`. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'a truthful no: not verified, bounced, rejected, not found, check failed',
  64: 'wrong usage',
  65: 'bad input data',
  66: 'input file unreadable',
  69: 'a needed service cannot be reached',
  70: 'a bug in mailctl',
  74: 'disk or store I/O',
  75: 'not now: quota, rate, deferred, timed out waiting',
  77: "the account's rules forbid it",
  78: 'configuration unusable or missing (mailctl init)',
  130: 'interrupted; nothing half-written',
}
