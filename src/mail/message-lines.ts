/** Chunks to lines with their ends. A line longer than the limit comes in pieces, so nobody's memory is in the sender's hands. */

const LF = 10
const MAX_PIECE = 64 * 1024

export class MessageLines {
  private rest: Buffer = Buffer.alloc(0);

  /** Lines that end in LF, or pieces of 64 KB. */
  *push(chunk: Buffer): Generator<Buffer> {
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let start = 0
    for (let end = data.indexOf(LF); end >= 0; end = data.indexOf(LF, start)) {
      yield data.subarray(start, end + 1)
      start = end + 1
    }
    for (; data.length - start > MAX_PIECE; start += MAX_PIECE) yield data.subarray(start, start + MAX_PIECE)
    this.rest = data.subarray(start)
  }

  *end(): Generator<Buffer> {
    if (this.rest.length > 0) yield this.rest
    this.rest = Buffer.alloc(0)
  }
}
