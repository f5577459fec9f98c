/**
 * Command lines out of a stream of octets. RFC 5321 §2.3.8, §4.5.3.1.4. A line that is too long, has another end than CRLF or a control
 * character in it is no command. Keeps no octets.
 */
import type { PhraseName } from './smtp-phrases.ts'

/** Longest command line, CRLF included. The RFC asks for 512 and what extensions add. */
const MAX_LINE = 2048
/** A line this long is no mistake any more. */
const MAX_NONSENSE = 64 * 1024
const LF = 0x0a
const CR = 0x0d
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/

export type ReadLine =
  /** As latin1, without its CRLF. */
  | { readonly kind: 'line'; readonly used: number; readonly line: string }
  | { readonly kind: 'problem'; readonly used: number; readonly phrase: PhraseName }
  /** Part of a line that is too long already. */
  | { readonly kind: 'nonsense'; readonly used: number }
  /** It will not end: hang up. */
  | { readonly kind: 'endless'; readonly used: number }

export class LineReader {
  /** Octets of an over-long line already thrown away. */
  #nonsense = 0

  /** @param octets what came and was not used yet  @returns undefined when more must come first */
  read(octets: Buffer): ReadLine | undefined {
    const lf = octets.indexOf(LF)
    if (lf === -1) return this.#skip(octets.length)
    const used = lf + 1
    const wasTooLong = this.#nonsense > 0 || lf >= MAX_LINE
    this.#nonsense = 0
    if (wasTooLong) return { kind: 'problem', used, phrase: 'lineTooLong' }
    if (lf === 0 || octets[lf - 1] !== CR) return { kind: 'problem', used, phrase: 'bareLineEnd' }
    const line = octets.toString('latin1', 0, lf - 1)
    return CONTROL.test(line) ? { kind: 'problem', used, phrase: 'controlCharacters' } : { kind: 'line', used, line }
  }

  #skip(length: number): ReadLine | undefined {
    if (length <= MAX_LINE) return undefined
    this.#nonsense += length
    return { kind: this.#nonsense > MAX_NONSENSE ? 'endless' : 'nonsense', used: length }
  }
}
