/** What a failed command says: one line and a hint for people, exactly one object with `--json`; and the exit code that goes with it. */
import { MailctlError, messageOf } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { BUG, EXIT_CODES } from './exit-codes.ts'
import { toJson } from './json.ts'

export interface ErrorReport {
  readonly exit: number
  /** For stderr, with its line end. */
  readonly text: string
}

/** @param debug adds the stack, for people only: the object of `--json` stays alone */
export function reportError(thrown: unknown, form: { readonly json: boolean; readonly debug: boolean }): ErrorReport {
  const error = thrown instanceof MailctlError ? thrown : undefined
  const row = error ? EXIT_CODES[error.code] : BUG
  const message = printable(error ? error.message : `a bug in mailctl: ${messageOf(thrown)}`)
  const hint = error ? error.hint : 'Run it again with --debug all and report what it prints.'
  if (form.json)
    return {
      exit: row.exit,
      text: toJson({ Error: { Code: row.name, Message: message, ...(hint === undefined ? {} : { Hint: printable(hint) }) } }, 0),
    }
  const lines = [
    `mailctl: ${message}`,
    ...(hint === undefined ? [] : [`  ${printable(hint)}`]),
    ...(form.debug && error?.code !== 'usage' ? stackOf(thrown) : []),
  ]
  return { exit: row.exit, text: `${lines.join('\n')}\n` }
}

function stackOf(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return []
  return [
    ...(thrown.stack ?? '').split('\n').map(printable),
    ...(thrown.cause === undefined ? [] : ['caused by:', ...stackOf(thrown.cause)]),
  ]
}
