/**
 * Looks for a pattern that a caller wrote in text that a stranger wrote. Some patterns take time that doubles with each character of an
 * unlucky text; such a search is cut instead of running for years. Node interrupts a search only inside `node:vm`.
 */
import { createContext, Script } from 'node:vm'
import { MailctlError } from '../base/errors.ts'

/** For one text. An honest pattern needs milliseconds for the longest. */
const LIMIT_MS = 1_000
/** Characters looked at, from the start. */
const MAX_CHARACTERS = 1_000_000

const search = new Script('pattern.lastIndex = 0; pattern.exec(text)')

/** @returns the first group of the pattern, or without groups all that it matched; null: nothing did  @throws MailctlError usage: it took too long */
export type TextSearch = (text: string) => string | null

export function textSearch(pattern: RegExp): TextSearch {
  const sandbox: { pattern: RegExp; text: string } = { pattern, text: '' }
  const context = createContext(sandbox)
  return text => {
    sandbox.text = text.slice(0, MAX_CHARACTERS)
    try {
      const found: RegExpExecArray | null = search.runInContext(context, { timeout: LIMIT_MS })
      return found && (found[1] ?? found[0])
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
      throw new MailctlError('usage', `${pattern} took longer than ${LIMIT_MS / 1_000} s on a text`, {
        hint: 'Avoid repetition inside repetition, such as (a+)+.',
        cause,
      })
    }
  }
}
