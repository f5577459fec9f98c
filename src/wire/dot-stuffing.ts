/**
 * Dot-stuffing of a message on its way out, over chunk borders. RFC 5321 §4.5.2.
 *
 * Promises that what goes out has CRLF line ends only and that no line of it can be taken for the end of the message by any receiver:
 * a bare CR or LF is refused, not repaired, because the octets are signed. Never copies an octet; chunks come back whole or as slices.
 */

import { indexOfSequence, OctetFinder } from '../mail/octet-finder.ts'

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const LF_AND_DOT = Buffer.from('\n.')
const ONE_MORE_DOT = Buffer.from('.')
const END = Buffer.from('.\r\n')
const END_AFTER_OPEN_LINE = Buffer.from('\r\n.\r\n')

/** Where the next line begins with a dot, behind `from`; -1 when none does. */
function nextDot(lines: Buffer, from: number): number {
  const lf = indexOfSequence(lines, LF_AND_DOT, { from, rareAt: 1 })
  return lf < 0 ? -1 : lf + 1
}

/** The message has a line end that is not CRLF. */
export class BareLineEnd extends Error {}

export class DotStuffer {
  /** The octet before the chunk; a message begins as if a line had just ended. */
  #last = LF

  /** @returns the pieces to write for this chunk, in order  @throws BareLineEnd */
  push(chunk: Buffer): Buffer[] {
    const { length } = chunk
    if (length === 0) return []
    if (this.#last === CR && chunk[0] !== LF) throw new BareLineEnd('the message has a bare CR')
    if (this.#last !== CR && chunk[0] === LF) throw new BareLineEnd('the message has a bare LF')
    const pieces: Buffer[] = []
    const crs = new OctetFinder(chunk, CR)
    const lfs = new OctetFinder(chunk, LF)
    let from = 0
    let at = this.#last === CR ? 1 : 0
    let isLineStart = this.#last === CR || this.#last === LF
    for (;;) {
      if (isLineStart && chunk[at] === DOT) {
        if (at > from) pieces.push(chunk.subarray(from, at))
        pieces.push(ONE_MORE_DOT)
        from = at
      }
      const cr = crs.next(at)
      const lf = lfs.next(at)
      if (lf < cr) throw new BareLineEnd('the message has a bare LF')
      if (cr >= length - 1) break
      if (lf !== cr + 1) throw new BareLineEnd('the message has a bare CR')
      at = lf + 1
      isLineStart = true
    }
    this.#last = chunk[length - 1] as number
    pieces.push(from === 0 ? chunk : chunk.subarray(from))
    return pieces
  }

  /**
   * The same for whole lines that are known to end in CRLF, where only the dots have to be found. What comes before them ends a line.
   * @returns the pieces to write, in order
   */
  pushLines(lines: Buffer): Buffer[] {
    // Of what does not look so after all, every line end is looked at.
    if (this.#last !== LF || lines.at(-1) !== LF) return this.push(lines)
    const pieces: Buffer[] = []
    let from = 0
    for (let dot = lines[0] === DOT ? 0 : nextDot(lines, 0); dot >= 0; dot = nextDot(lines, dot)) {
      if (dot > from) pieces.push(lines.subarray(from, dot))
      pieces.push(ONE_MORE_DOT)
      from = dot
    }
    pieces.push(from === 0 ? lines : lines.subarray(from))
    return pieces
  }

  /** @returns what ends the message after the last chunk  @throws BareLineEnd */
  end(): Buffer {
    if (this.#last === CR) throw new BareLineEnd('the message ends in a bare CR')
    return this.#last === LF ? END : END_AFTER_OPEN_LINE
  }
}
