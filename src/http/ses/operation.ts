/** What one operation of the SES v2 API is here: where it is reached, how far it goes, what it does. They are listed in `operations.ts`. */
import { MailctlError } from '../../base/errors.ts'
import type { App } from '../../operations/app.ts'
import type { Caller } from '../../operations/caller.ts'
import type { Accepted } from '../../operations/submit-message.ts'
import type { Members } from '../members.ts'

export interface SesCall {
  readonly app: App
  /** Labels, query and body together. */
  readonly input: Members
  readonly caller: Caller
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  readonly delivery: Delivery
}

/** What `serve` does with a message that was accepted; without it messages wait in the queue. */
export interface Delivery {
  readonly holdMs: number | undefined
  deliver(held: Accepted['held']): void
}

/**
 * `behaves`: as the service does. `answers`: truthfully, from what there is, which may be that there is none. `refused`: with the right error,
 * because what it is about does not exist here.
 */
export type Reach = 'behaves' | 'answers' | 'refused'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface SesOperation {
  readonly name: string
  readonly reach: Reach
  /** `POST /v2/email/tags`; the first is the present one, others are of older SDKs. */
  readonly at: readonly `${Method} /${string}`[]
  /** The response. Members that are undefined are left out; a `Date` becomes seconds since the epoch. */
  readonly run: (call: SesCall) => Promise<object>
}

/** An operation under `/v2/email`. */
export const operation = (
  name: string,
  at: `${Method} /${string}` | readonly `${Method} /${string}`[],
  run: SesOperation['run'],
  reach: Reach = 'behaves',
): SesOperation => ({ name, reach, at: typeof at === 'string' ? [at] : at, run })

/** For what this account has not: the service's error for a request that makes no sense to it. @throws MailctlError bad-data */
export function notHere(message: string): never {
  throw new MailctlError('bad-data', message)
}
