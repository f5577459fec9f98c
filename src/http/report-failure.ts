/** What failed through no fault of the client's: a line for the operator, the stack for who debugs. The client hears no word of it. */
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

export interface Reporting {
  readonly warn: (text: string) => void
  readonly log: Log
}

/** @param what of the request failed */
export function reportFailure({ warn, log }: Reporting, what: string, thrown: unknown): void {
  warn(`${what} failed: ${messageOf(thrown)}`)
  log('http', `* ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`)
}
