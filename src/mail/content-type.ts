/**
 * Values such as `text/plain; charset=utf-8` and `attachment; filename*=…` as mail really has them: RFC 2045 §5.1 and RFC 2183 with the
 * continuations and character sets of RFC 2231, and encoded words where they do not belong but are met. Never throws.
 */
import { decodeCharset } from './charset.ts'
import { decodeText } from './encoded-word.ts'

export interface StructuredValue {
  /** Lower case: `text/plain`, `attachment`; empty when there is none. */
  readonly value: string
  /** Names in lower case, values decoded; the first of a name wins. */
  readonly parameters: ReadonlyMap<string, string>
}

/** More than any sane sender writes. */
const MAX_PARAMETERS = 200

interface Section {
  readonly order: number
  readonly encoded: boolean
  readonly text: string
}

/** @param latin1 an unfolded value, octets as latin1 */
export function parseStructured(latin1: string): StructuredValue {
  const [first = '', ...rest] = splitUnquoted(withoutComments(latin1), ';')
  const sections = new Map<string, Section[]>()
  for (const piece of rest.slice(0, MAX_PARAMETERS)) {
    const equals = piece.indexOf('=')
    if (equals <= 0) continue
    const match = /^([^*\s]+)(?:\*(\d{1,4}))?(\*)?$/.exec(piece.slice(0, equals).trim())
    if (match === null) continue
    const [, name = '', order, star] = match
    const key = name.toLowerCase()
    const section = {
      order: order === undefined ? -1 : Number(order),
      encoded: star !== undefined,
      text: unquote(piece.slice(equals + 1).trim()),
    }
    const known = sections.get(key)
    if (known === undefined) sections.set(key, [section])
    else known.push(section)
  }
  const parameters = new Map([...sections].map(([key, found]): [string, string] => [key, joinSections(found)]))
  return { value: first.replace(/\s+/g, '').toLowerCase(), parameters }
}

/** A whole encoded value beats continuations, and both beat the plain one, which old readers were meant to see. */
function joinSections(found: readonly Section[]): string {
  const extended = found.find(({ order, encoded }) => order === -1 && encoded)
  if (extended !== undefined) return decodeExtended([extended])
  const continued = found.filter(({ order }) => order >= 0).sort((a, b) => a.order - b.order)
  if (continued.length > 0) return decodeExtended(continued)
  return decodeText(found[0]?.text ?? '')
}

function decodeExtended(sections: readonly Section[]): string {
  const head = sections[0]
  const declared = head?.encoded ? /^([^']*)'[^']*'/.exec(head.text) : null
  const octets = sections.map(({ encoded, text }, index) => {
    const value = index === 0 && declared !== null ? text.slice(declared[0].length) : text
    return encoded ? value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))) : value
  })
  const joined = octets.join('')
  return sections.some(({ encoded }) => encoded) ? decodeCharset(Buffer.from(joined, 'latin1'), declared?.[1] ?? '') : decodeText(joined)
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  const end = /^"((?:[^"\\]|\\[\s\S])*)"?/.exec(text)
  return (end?.[1] ?? text.slice(1)).replace(/\\([\s\S])/g, '$1')
}

function splitUnquoted(text: string, separator: string): string[] {
  const pieces: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const next = text.charAt(at)
    if (quoted && next === '\\') at += 1
    else if (next === '"') quoted = !quoted
    else if (next === separator && !quoted) {
      pieces.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...pieces, text.slice(start)]
}

/** Comments outside quotes go; a parenthesis that is never closed is no comment, as in file names that forget their quotes. */
function withoutComments(text: string): string {
  if (!text.includes('(')) return text
  const ends = closingParentheses(text)
  const kept: string[] = []
  let from = 0
  let quoted = false
  let before = ''
  for (let at = 0; at < text.length; at += 1) {
    const next = text.charAt(at)
    const end = next === '(' && !quoted && /^[\s;]?$/.test(before) ? ends.get(at) : undefined
    if (end !== undefined) {
      kept.push(text.slice(from, at))
      from = end + 1
      at = end
      continue
    }
    if (next === '"') quoted = !quoted
    if (quoted && next === '\\') at += 1
    before = text.charAt(at)
  }
  return kept.join('') + text.slice(from)
}

/** Each opening parenthesis with the place of its closing one, in one pass: without it, open ones alone would cost quadratic time. */
function closingParentheses(text: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>()
  const open: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    const next = text.charAt(at)
    if (next === '\\') at += 1
    else if (next === '(') open.push(at)
    else if (next === ')') {
      const start = open.pop()
      if (start !== undefined) ends.set(start, at)
    }
  }
  return ends
}
