/** Files of people as text: strictly UTF-8, a line at a time, with the number of the line for whoever has to refuse it. */
import type { Readable } from 'node:stream'
import { MailctlError, messageOf } from '../base/errors.ts'

/** Makes a refusal of what stands on a line. */
export type Refused = (line: number, error: unknown) => unknown

export interface Line {
  /** From 1. */
  readonly line: number
  readonly text: string
}

export interface LineRules {
  readonly refused: Refused
  /** In characters. */
  readonly longest: number
  /** Said of a longer one. */
  readonly hint: string
}

/** The octets. @throws MailctlError no-input */
export async function* readable(input: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    yield* input as AsyncIterable<Buffer>
  } catch (cause) {
    if (cause instanceof MailctlError) throw cause
    throw new MailctlError('no-input', `cannot read ${name}: ${messageOf(cause)}`, { hint: 'Check the file and its permissions.', cause })
  }
}

/** Text in pieces; a byte order mark is passed over. @throws what `refused` makes of octets that are no UTF-8 */
export async function* textOf(input: AsyncIterable<Buffer>, refused: Refused): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw refused(line, new MailctlError('bad-data', 'there or soon after it is no UTF-8 text', { hint: 'Save the file as UTF-8.' }))
    }
  }
  for await (const chunk of input) {
    const text = decode(chunk)
    yield text
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line += 1
  }
  yield decode()
}

/** Lines without their ends. @throws what `refused` makes of a line that is too long or no UTF-8 */
export async function* linesOf(input: AsyncIterable<Buffer>, { refused, longest, hint }: LineRules): AsyncGenerator<Line> {
  let line = 0
  let rest = ''
  for await (const piece of textOf(input, refused)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) yield { line: ++line, text: text.endsWith('\r') ? text.slice(0, -1) : text }
    if (rest.length > longest) throw refused(line + 1, new MailctlError('bad-data', `is longer than ${longest} characters`, { hint }))
  }
  if (rest !== '') yield { line: line + 1, text: rest }
}
