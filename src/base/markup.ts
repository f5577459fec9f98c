/**
 * HTML and SVG that cannot be broken out of: in a `markup` template every value is text and is escaped, unless it is markup itself.
 */
import { printable } from './redact.ts'

/** Finished HTML. Only `markup` makes it. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | Markup | readonly Markup[]

/** Text as HTML shows it, also inside quotes. */
export const html = (text: string): string => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

/** Values may stand between tags and inside quoted attributes; control and direction characters in them are replaced. */
export function markup(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const placed = values.map((value, index) => inPlace(value) + (literals[index + 1] ?? ''))
  return new Markup((literals[0] ?? '') + placed.join(''))
}

function inPlace(value: Value): string {
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return html(printable(String(value)))
}
