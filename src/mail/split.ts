/**
 * A raw message from outside, split into its header and its body: as a stream in constant memory (the header is bounded, the body flows),
 * or whole when it is small and there already. Here, and nowhere else, line ends become CRLF: a bare CR or LF that reached the next hop
 * could smuggle a second message through it.
 * RFC 5322 §2.1 and §2.3 (bare CR and LF), RFC 5321 §4.5.3.1.6 (line length).
 */
import { isAscii } from 'node:buffer'
import { Readable } from 'node:stream'
import { formatSize } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import { MAX_MESSAGE_BYTES } from './body.ts'
import { type Header, MAX_HEADER_BYTES, MAX_LINE_OCTETS, parseHeader } from './header.ts'

/** What was seen so far; true of the whole message once the body has ended. */
export interface MessageTally {
  /** Octets of header, empty line and body with CRLF line ends. */
  readonly octets: number
  /** Some octet is above 127. */
  readonly eightBit: boolean
}

export interface SplitMessage {
  readonly header: Header
  /** Buffers with CRLF line ends, the last line ended too; empty when the message has no body. Errors are MailctlErrors of this file. */
  readonly body: Readable
  readonly tally: MessageTally
}

/** The same of a message that is in memory as a whole. */
export interface WholeMessage {
  readonly header: Header
  /** CRLF line ends, the last line ended too; may be a view of the octets that were given. */
  readonly body: Buffer
  readonly tally: MessageTally
}

export interface SplitLimits {
  /** Default: 40 MB. */
  readonly maxBytes?: number
}

export interface WholeLimits extends SplitLimits {
  /**
   * Octets of the longest line, from one who has seen that each line ends in CRLF, the last one too; they are then not looked at again.
   * Absent: nobody has looked.
   */
  readonly longestLine?: number
}

const CR = 13
const LF = 10
const CRLF = Buffer.from('\r\n')
const EMPTY = Buffer.alloc(0)

/**
 * Resolves when the header is read; the source is paused until the body is.
 * @throws MailctlError bad-data: no field where one must be, a header above 256 KB, a line above 998 octets (its number is named);
 *   too-large: above `maxBytes`. After the header these come as the body's `error`.
 */
export async function splitMessage(source: AsyncIterable<Uint8Array | string>, limits: SplitLimits = {}): Promise<SplitMessage> {
  const lines = new LineEnds(limits.maxBytes ?? MAX_MESSAGE_BYTES)
  const chunks = lines.normalise(source)
  try {
    const { block, rest } = await collectHeader(chunks)
    const header = parseHeader(block)
    const body = Readable.from(bodyChunks(rest, chunks), { objectMode: false, highWaterMark: 64 * 1024 })
    return { header, body, tally: lines }
  } catch (error) {
    await chunks.return(undefined)
    throw error
  }
}

/**
 * Splits a small message at once, without copying one whose line ends are CRLF.
 * @throws MailctlError as `splitMessage` and its body do
 */
export function splitWhole(octets: Buffer, { maxBytes = MAX_MESSAGE_BYTES, longestLine }: WholeLimits = {}): WholeMessage {
  const lines = new LineEnds(maxBytes)
  // A line that is too long is looked for, so that the error can name it.
  const text = longestLine !== undefined && longestLine <= MAX_LINE_OCTETS ? lines.takeAsTheyAre(octets) : lines.take(octets)
  const cut = cutHeader(text, 0)
  // Without an empty line all of it is header.
  const header = parseHeader(cut === undefined ? withEnd(text, lines.end()) : cut.block)
  const body = cut === undefined ? EMPTY : withEnd(cut.rest, lines.end())
  return { header, body, tally: { octets: lines.octets, eightBit: lines.eightBit } }
}

const withEnd = (text: Buffer, end: Buffer): Buffer => (end.length === 0 ? text : Buffer.concat([text, end]))

async function* bodyChunks(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (first.length > 0) yield first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

/** Everything up to the empty line, and what was read beyond it. Grows by doubling, so that a peer who sends single octets costs no more. */
async function collectHeader(chunks: AsyncGenerator<Buffer>): Promise<{ block: Buffer; rest: Buffer }> {
  let store = Buffer.allocUnsafe(16 * 1024)
  let length = 0
  for (;;) {
    const { value, done } = await chunks.next()
    if (done) return { block: store.subarray(0, length), rest: EMPTY }
    if (length + value.length > store.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * store.length, length + value.length))
      store.copy(larger, 0, 0, length)
      store = larger
    }
    const from = Math.max(0, length - 3)
    value.copy(store, length)
    length += value.length
    const cut = cutHeader(store.subarray(0, length), from)
    if (cut !== undefined) return cut
  }
}

/** @param from no end of the header begins before it  @returns undefined when the octets seen so far have no end of a header */
function cutHeader(seen: Buffer, from: number): { block: Buffer; rest: Buffer } | undefined {
  if (seen[0] === CR) return { block: EMPTY, rest: seen.subarray(2) }
  const end = seen.indexOf('\r\n\r\n', from)
  if (end > MAX_HEADER_BYTES || (end < 0 && seen.length > MAX_HEADER_BYTES)) {
    throw new MailctlError('bad-data', `The header is larger than ${formatSize(MAX_HEADER_BYTES)}`, {
      hint: 'An empty line must end the header; is this a mail message?',
    })
  }
  return end < 0 ? undefined : { block: seen.subarray(0, end + 2), rest: seen.subarray(end + 4) }
}

/** Line ends, line lengths, size and 8-bit octets in one pass over a stream. */
class LineEnds implements MessageTally {
  octets = 0
  eightBit = false
  private line = 1
  private column = 0
  private afterCr = false
  private readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  async *normalise(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
    for await (const given of source) {
      const chunk = this.take(
        typeof given === 'string' ? Buffer.from(given, 'utf8') : Buffer.from(given.buffer, given.byteOffset, given.byteLength),
      )
      if (chunk.length > 0) yield chunk
    }
    const end = this.end()
    if (end.length > 0) yield end
  }

  take(chunk: Buffer): Buffer {
    return this.count(this.convert(chunk))
  }

  /** Whole lines that need nothing. */
  takeAsTheyAre(chunk: Buffer): Buffer {
    this.eightBit ||= !isAscii(chunk)
    return this.count(chunk)
  }

  /** What ends the last line. A CR at the very end has written its CRLF already. */
  end(): Buffer {
    return this.column > 0 ? this.count(CRLF) : EMPTY
  }

  /** A CR writes CRLF at once; the LF that may follow it, even in the next chunk, is then swallowed. */
  private convert(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk
    const pieces: Buffer[] = []
    // The LF of a CRLF that was cut in two.
    let start = this.afterCr && chunk[0] === LF ? 1 : 0
    let at = start
    let lf = chunk.indexOf(LF, at)
    let cr = chunk.indexOf(CR, at)
    while (lf >= 0 || cr >= 0) {
      const end = cr >= 0 && (lf < 0 || cr < lf) ? cr : lf
      this.endLine(end - at)
      at = end + 1
      // The usual case, CR and LF in one chunk, copies nothing.
      if (end === cr && lf === at) at += 1
      else {
        pieces.push(chunk.subarray(start, end), CRLF)
        start = at
      }
      if (lf >= 0 && lf < at) lf = chunk.indexOf(LF, at)
      if (cr >= 0 && cr < at) cr = chunk.indexOf(CR, at)
    }
    this.grow(chunk.length - at)
    this.afterCr = chunk[chunk.length - 1] === CR
    this.eightBit ||= !isAscii(chunk)
    if (pieces.length === 0) return chunk.subarray(start)
    pieces.push(chunk.subarray(start))
    return Buffer.concat(pieces)
  }

  private endLine(octets: number): void {
    this.grow(octets)
    this.line += 1
    this.column = 0
  }

  private grow(octets: number): void {
    this.column += octets
    if (this.column > MAX_LINE_OCTETS) this.refuseLine()
  }

  private refuseLine(): never {
    throw new MailctlError('bad-data', `Line ${this.line} of the message is longer than ${MAX_LINE_OCTETS} octets`, {
      hint: 'Encode the part as base64 or quoted-printable, or wrap its lines.',
    })
  }

  private count(chunk: Buffer): Buffer {
    this.octets += chunk.length
    if (this.octets > this.maxBytes) throw tooLarge(this.maxBytes)
    return chunk
  }
}

export const tooLarge = (maxBytes = MAX_MESSAGE_BYTES): MailctlError =>
  new MailctlError('too-large', `Message is larger than ${formatSize(maxBytes)} after encoding`, {
    hint: 'Send a smaller attachment, or a link to it: base64 makes a file a third larger.',
  })
