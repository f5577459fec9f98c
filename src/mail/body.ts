/** A message body as a handle: its length and a way to read it, never 40 MB in a variable. */
import { Readable } from 'node:stream'

/** The largest message accepted, header and body after encoding, in octets. SES fact: 40 MB, binary. */
export const MAX_MESSAGE_BYTES = 40 * 1024 * 1024

export interface MessageBody {
  /** Octets, after encoding. */
  readonly length: number
  /** A new reader from the first octet; each call gives another. Chunks are Buffers. */
  open(): Readable
  /** The whole body where it is small and in memory already; then no reader is needed. */
  readonly bytes?: Buffer
  /** Of `bytes`: this process has seen that every line ends in CRLF, the last one too. Absent: whoever relies on it has to look. */
  readonly lineEnds?: 'crlf'
}

/** A body that is in memory. */
export const bodyInMemory = (bytes: Buffer, seen: Pick<MessageBody, 'lineEnds'> = {}): MessageBody => ({
  length: bytes.length,
  bytes,
  open: () => Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false }),
  ...seen,
})

/** A message whose bytes are final: header block with its closing empty line, then the body. All lines end in CRLF. */
export interface FinalMessage {
  readonly head: Buffer
  readonly body: MessageBody
}
