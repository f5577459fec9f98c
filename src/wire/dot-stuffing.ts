/**
 * Dot-stuffing of a message on its way out, over chunk borders. RFC 5321 §4.5.2.
 *
 * Promises that what goes out has CRLF line ends only and that no line of it can be taken for the end of the message by any receiver:
 * a bare CR or LF is refused, not repaired, because the octets are signed. Never copies an octet; chunks come back whole or as slices.
 */

const CR = 0x0d
const LF = 0x0a
const DOT = Buffer.from('.')
const END = Buffer.from('.\r\n')
const END_AFTER_OPEN_LINE = Buffer.from('\r\n.\r\n')

/** The message has a line end that is not CRLF. */
export class BareLineEnd extends Error {}

export class DotStuffer {
  #last = LF
  #atLineStart = true

  /** @returns the pieces to write for this chunk, in order  @throws BareLineEnd */
  push(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return []
    this.#checkCarriageReturns(chunk)
    const pieces: Buffer[] = []
    let from = 0
    if (this.#atLineStart && chunk[0] === 0x2e) pieces.push(DOT)
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) {
      if ((at === 0 ? this.#last : chunk[at - 1]) !== CR) throw new BareLineEnd('the message has a bare LF')
      if (chunk[at + 1] !== 0x2e) continue
      pieces.push(chunk.subarray(from, at + 1), DOT)
      from = at + 1
    }
    pieces.push(from === 0 ? chunk : chunk.subarray(from))
    this.#last = chunk[chunk.length - 1] ?? LF
    this.#atLineStart = this.#last === LF
    return pieces
  }

  /** @returns what ends the message after the last chunk  @throws BareLineEnd */
  end(): Buffer {
    if (this.#last === CR) throw new BareLineEnd('the message ends in a bare CR')
    return this.#atLineStart ? END : END_AFTER_OPEN_LINE
  }

  #checkCarriageReturns(chunk: Buffer): void {
    if (this.#last === CR && chunk[0] !== LF) throw new BareLineEnd('the message has a bare CR')
    for (let at = chunk.indexOf(CR); at !== -1; at = chunk.indexOf(CR, at + 1))
      if (at + 1 < chunk.length && chunk[at + 1] !== LF) throw new BareLineEnd('the message has a bare CR')
  }
}
