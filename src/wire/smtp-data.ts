/**
 * The octets after `354`: takes away dot stuffing, finds the end, and watches the line ends. RFC 5321 §4.5.2, §2.3.8.
 *
 * Only CRLF `.` CRLF ends a message. A CR or LF on its own never does and never passes: it sets `hasBareLineEnd`, after which nothing more
 * is handed on, so that no next hop can read another message in it (SMTP smuggling). Chunks may be cut anywhere; nothing is copied.
 */

const LF = 0x0a
const CR = 0x0d
const DOT = 0x2e

/** Where the last octet left us. `dot` and `dotCr`: at the start of a line, not handed on. */
type Position = 'lineStart' | 'dot' | 'dotCr' | 'text' | 'cr'

export class DataDecoder {
  /** Octets handed on so far. */
  size = 0
  ended = false
  hasBareLineEnd = false
  /** Octets of the longest line so far, without its CRLF and without a stuffed dot. */
  longestLine = 0
  #position: Position = 'lineStart'
  /** Octets that earlier chunks have of the line that is not over. */
  #column = 0

  /**
   * @param emit takes each stretch of message octets, a view into `chunk`
   * @returns how many octets of `chunk` belong to the message; fewer than all only when it ended
   */
  take(chunk: Buffer, emit: (part: Buffer) => void): number {
    const end = chunk.length
    let pos = 0
    let kept = 0
    let lineFrom = 0
    const handOn = (until: number): void => {
      if (until <= kept || this.hasBareLineEnd) return
      this.size += until - kept
      emit(kept === 0 && until === end ? chunk : chunk.subarray(kept, until))
    }
    while (pos < end) {
      if (this.#position === 'text') {
        const lf = chunk.indexOf(LF, pos)
        if (lf === -1) {
          const cr = this.hasBareLineEnd ? -1 : chunk.indexOf(CR, pos)
          if (cr !== -1 && cr !== end - 1) this.hasBareLineEnd = true
          this.#position = chunk[end - 1] === CR ? 'cr' : 'text'
          pos = end
          continue
        }
        const isCrlf = lf > pos && chunk[lf - 1] === CR
        if (!this.hasBareLineEnd && (!isCrlf || chunk.indexOf(CR, pos) !== lf - 1)) this.hasBareLineEnd = true
        this.#position = isCrlf ? 'lineStart' : 'text'
        pos = lf + 1
        this.#endLine(lf - 1 - lineFrom)
        lineFrom = pos
        continue
      }
      const octet = chunk[pos]
      if (this.#position === 'lineStart') {
        if (octet !== DOT) {
          this.#position = 'text'
          continue
        }
        handOn(pos)
        pos += 1
        kept = pos
        lineFrom = pos
        this.#position = 'dot'
      } else if (this.#position === 'dot') {
        // The stuffed dot is gone; what follows it is text, unless the line ends here.
        if (octet !== CR) {
          this.#position = 'text'
          continue
        }
        pos += 1
        kept = pos
        this.#position = 'dotCr'
      } else if (octet === LF) {
        pos += 1
        if (this.#position === 'dotCr') {
          this.ended = true
          return pos
        }
        // Its CR was the last octet of the chunk before.
        this.#endLine(-1)
        lineFrom = pos
        this.#position = 'lineStart'
      } else {
        this.hasBareLineEnd = true
        this.#position = 'text'
      }
    }
    handOn(end)
    this.#column += end - lineFrom
    return end
  }

  /** @param octets that this chunk has of it, the LF and its CR left out */
  #endLine(octets: number): void {
    this.longestLine = Math.max(this.longestLine, this.#column + octets)
    this.#column = 0
  }
}
