/**
 * The octets after `BDAT`, as many as the client announced. RFC 3030. Nothing is stuffed and nothing marks the end but the count; the line
 * ends are watched as after DATA: a CR or LF on its own sets `hasBareLineEnd`, also where one chunk ends and the next begins. A message
 * whose last line has no end is given one.
 */

const LF = 0x0a
const CR = 0x0d
const CRLF = Buffer.from('\r\n')

export class ChunkDecoder {
  /** Octets handed on so far, of all chunks. */
  size = 0
  /** The last chunk is all there. */
  ended = false
  hasBareLineEnd = false
  #left = 0
  #isLast = false
  /** What the octet before was. */
  #last: 'cr' | 'lf' | 'text' = 'lf'

  /** This chunk is all there: a command comes next. */
  get betweenChunks(): boolean {
    return this.#left === 0
  }

  /** @param octets how many follow */
  begin(octets: number, isLast: boolean): void {
    this.#left = octets
    this.#isLast = isLast
  }

  /** @returns how many octets of `chunk` belong to the message */
  take(chunk: Buffer, emit: (part: Buffer) => void): number {
    const part = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk
    this.#left -= part.length
    this.#watch(part)
    this.#handOn(part, emit)
    if (this.#left === 0 && this.#isLast) this.#end(emit)
    return part.length
  }

  #end(emit: (part: Buffer) => void): void {
    this.ended = true
    if (this.#last === 'cr') this.hasBareLineEnd = true
    else if (this.#last === 'text') this.#handOn(CRLF, emit)
  }

  #handOn(part: Buffer, emit: (part: Buffer) => void): void {
    if (part.length === 0 || this.hasBareLineEnd) return
    this.size += part.length
    emit(part)
  }

  #watch(part: Buffer): void {
    const end = part.length
    if (end === 0) return
    let isAfterCr = this.#last === 'cr'
    for (let pos = 0; !this.hasBareLineEnd && pos < end; ) {
      const lf = part.indexOf(LF, pos)
      const lineEnd = lf === -1 ? end : lf
      const cr = part.subarray(pos, lineEnd).indexOf(CR)
      // The one CR of a line is its last octet, and the LF follows it.
      const crIsLast = cr !== -1 && pos + cr === lineEnd - 1
      if (isAfterCr && lineEnd > pos) this.hasBareLineEnd = true
      else if (cr !== -1 && !crIsLast) this.hasBareLineEnd = true
      else if (lf !== -1 && !crIsLast && !(isAfterCr && lf === pos)) this.hasBareLineEnd = true
      isAfterCr = false
      pos = lineEnd + 1
    }
    const last = part[end - 1]
    this.#last = last === CR ? 'cr' : last === LF ? 'lf' : 'text'
  }
}
