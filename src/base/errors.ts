/**
 * The one error class of the program and its closed list of codes.
 *
 * A remote server's refusal is an `Outcome`, a value; a `MailctlError` is a refusal to the caller, or an outside thing that failed.
 * Every door translates the codes in one exhaustive table (`cli/exit-codes.ts` for the terminal).
 */

/** What went wrong, as the doors need to tell it apart. */
export type ErrorCode =
  | 'usage' //                 the command line is wrong
  | 'bad-data' //              the content is wrong: MIME, address, template, record
  | 'no-input' //              an input file cannot be read
  | 'too-large' //             above 40 MB after encoding
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'message-rejected'
  | 'not-verified' //          a From, Sender, Return-Path or sandbox recipient identity is not verified
  | 'mail-from-not-verified'
  | 'sandboxed' //             what the sandbox does not allow, apart from recipients that are not verified
  | 'sending-paused'
  | 'quota-exceeded'
  | 'rate-exceeded'
  | 'limit-exceeded'
  | 'timed-out'
  | 'unreachable' //           DNS, relay or database server cannot be reached
  | 'store-unavailable' //     disk or store I/O
  | 'config' //                configuration unusable or missing
  | 'forbidden' //             refused by a safety rule
  | 'interrupted'

export interface ErrorDetail {
  /** What to do next, in one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

export class MailctlError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'MailctlError'
    this.code = code
    this.hint = detail.hint
  }
}

/** The message of anything that was thrown, without its stack. */
export const messageOf = (thrown: unknown): string => (isError(thrown) ? thrown.message : String(thrown))

/** What the system calls a failure, such as `ENOENT`; undefined for anything that has no such code. */
export const codeOf = (thrown: unknown): string | undefined => (isError(thrown) && 'code' in thrown ? String(thrown.code) : undefined)

/** By its form: under a test runner with realms of its own, Node's errors are no instances of its `Error`. */
const isError = (thrown: unknown): thrown is Error =>
  thrown instanceof Error || (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string')
